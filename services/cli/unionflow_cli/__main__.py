"""`python -m unionflow_cli`: the `unionflow` command where no script is installed."""

from unionflow_cli.main import app

app(prog_name="unionflow")
