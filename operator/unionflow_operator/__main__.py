"""Starts an operator: `python -m unionflow_operator`."""

import sys

from unionflow_operator.main import main

sys.exit(main())
