"""The errors of `unionflow plan`."""

from __future__ import annotations

from unionflow_cli.errors import CliError
from unionflow_cli.exits import ExitCode


class NoPlan(CliError):
    """What was given is refused, or what is to be read cannot be. The message says what would do.

    Exit code 1, whatever the cause: 2 says that something would change.
    """

    exit_code = ExitCode.PROMISE_BROKEN


class InvalidDocuments(Exception):
    """Text that holds no stream, or one that is refused. Its author can mend it.

    Raised where a file is read, and where it is held against a cluster. problems: a line for each,
    with its path and what would do.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NoStream(Exception):
    """The cluster has no stream of that name. Raised when it was named; name another."""
