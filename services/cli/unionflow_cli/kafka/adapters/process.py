"""A handle on one process, so that a signal reaches the process that was meant or nobody.

It is a pidfd: a later process that was given the same pid cannot be reached through it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from pathlib import Path

from unionflow_cli.kafka.core.identity import Identity, start_ticks


def identify(pid: int) -> Identity | None:
    """Which process has this pid now; None when there is none."""
    try:
        ticks = start_ticks(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Identity(pid, ticks, boot_id)


class Process:
    """A process that runs, or ran: this one's child, or any other that was found by identity."""

    def __init__(
        self, identity: Identity, pidfd: int, child: subprocess.Popen[bytes] | None
    ) -> None:
        self.identity = identity
        self._pidfd = pidfd
        self._child = child

    @classmethod
    def find(
        cls, identity: Identity, child: subprocess.Popen[bytes] | None = None
    ) -> Process | None:
        """The process of this identity, if it still runs."""
        try:
            pidfd = os.pidfd_open(identity.pid)
        except ProcessLookupError:
            return None
        process = cls(identity, pidfd, child)
        # Looked at after the pidfd is open, so that what was compared is what is held.
        if identify(identity.pid) == identity and process.is_running:
            return process
        process.close()
        return None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.identity.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended. A process that is paused runs."""
        return not self.wait(0)

    @property
    def exit_code(self) -> int | None:
        """How a child ended (-9: killed by signal 9). None while it runs, or if it is no child."""
        return self._child.poll() if self._child else None

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for its end; True when it has ended."""
        if self._pidfd < 0:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        ended = bool(poll.poll(timeout * 1000))
        if ended and self._child:
            self._child.wait()
        return ended

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def stop(self, timeout: float) -> None:
        """End it: SIGTERM, after `timeout` seconds SIGKILL. Also when it is paused."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        if not self.wait(timeout):
            self.kill()
        self.close()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it has ended."""
        self.signal(signal.SIGKILL)
        self.wait(10)
        self.close()

    def close(self) -> None:
        """Let go of the handle, whether the process runs or not."""
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            os.close(pidfd)
