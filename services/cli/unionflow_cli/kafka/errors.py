"""Every error that the local Kafka raises on purpose, each with what its reader can do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unionflow_cli.errors import CliError
from unionflow_cli.exits import ExitCode


class LocalKafkaError(CliError):
    """Root of the errors of this package."""

    exit_code = ExitCode.UNAVAILABLE

    def __str__(self) -> str:
        """All of it, for readers of a traceback: what is wrong, what would do, the log's end."""
        return "\n".join(filter(None, [self.message, self.advice, *self.details]))


class ToolMissing(LocalKafkaError):
    """Java or Maven is not on this machine. `advice` holds the command that installs it."""

    def __init__(self, tools: Sequence[str], command: str) -> None:
        self.tools = tuple(tools)
        self.command = command
        super().__init__(
            f"Kafka needs {' and '.join(tools)}, not found on this machine", f"install: {command}"
        )


class JarsUnavailable(LocalKafkaError):
    """Maven ran and did not bring Kafka's jars: no network, a full disk.

    Mend it, then try again; nothing half-fetched stays behind.
    """


class FolderInUse(LocalKafkaError):
    """A running process holds this broker's folder. Stop it, or choose another folder."""

    exit_code = ExitCode.IN_USE

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder = folder
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"the Kafka folder {folder} is in use by {holder}")


class FolderUnusable(LocalKafkaError):
    """A folder cannot be written: rights, a full disk. Mend it, or choose another folder."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"{folder} cannot be used: {error}",
            "mend that, or set UNIONFLOW_CACHE to another folder",
        )


class PortInUse(LocalKafkaError):
    """Somebody listens on the port that was asked for. Stop them, or choose another port."""

    exit_code = ExitCode.IN_USE

    def __init__(self, port: int, holder: str) -> None:
        self.port = port
        self.holder = holder
        super().__init__(f"port {port} is in use by {holder}", "another one: --port PORT")


class RunningElsewhere(LocalKafkaError):
    """The background broker runs already, on another port than the one asked for."""

    exit_code = ExitCode.IN_USE

    def __init__(self, running: int, wanted: int) -> None:
        super().__init__(
            f"the background Kafka runs already, on port {running} and not {wanted}",
            "stop it first: unionflow kafka stop",
        )


class BrokerFailed(LocalKafkaError):
    """A broker ended, or was not ready in time. `details` are the last lines of its log."""

    exit_code = ExitCode.CRASHED


class TopicsFailed(LocalKafkaError):
    """Kafka could not be asked, or refused a change. Nothing was deleted; try again when mended."""
