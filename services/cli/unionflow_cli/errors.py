"""Every error that the command raises on purpose: a sentence, what to do, and an exit code."""

from __future__ import annotations

from unionflow_cli.exits import ExitCode


class CliError(Exception):
    """Root of the command's errors. main.py prints it as one or two lines and exits.

    message: what is wrong, one sentence without a full stop.
    advice: what would do; empty where the message says it.
    details: lines that help, such as the last ones of a log; printed before the message.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, advice: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.details = details


class BadInput(CliError):
    """An argument, an option or the data given is wrong. The reader types it again."""


class Unavailable(CliError):
    """Kafka or the relay is not there. The reader starts it, or names another address."""

    exit_code = ExitCode.UNAVAILABLE


class InUse(CliError):
    """A port or the dev broker's folder is taken. The reader stops the holder or names a port."""

    exit_code = ExitCode.IN_USE


class Crashed(CliError):
    """A process that `unionflow dev` started ended by itself. Its last log lines are in details."""

    exit_code = ExitCode.CRASHED


class Refused(CliError):
    """The server said no in a way that another try does not mend (protocol, section 5)."""

    exit_code = ExitCode.REFUSED


class Unreachable(Unavailable):
    """Nobody answers at the relay's address. `watch` tries again where it was connected before."""


class HandshakeRefused(Refused):
    """The relay answered the handshake with an HTTP status instead of an upgrade.

    retry_after: seconds that it asks to wait, 0 where it asks nothing.
    """

    def __init__(self, status: int, retry_after: float, text: str) -> None:
        said = f": {text}" if text else ""
        super().__init__(f"the relay answered HTTP {status}{said}", "check --url and what it asks")
        self.status = status
        self.retry_after = retry_after
