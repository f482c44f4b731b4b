"""Ends a process whose event loop has stopped turning.

`/livez` is served by the loop itself: when it stands, nobody answers, and only who asks from
outside can see it. So a thread looks too, for those who run a relay without a kubelet, and so that
the stack of what holds the loop is in the log. Code that holds the interpreter's lock as well stops
this thread with the loop; that is left to the kubelet, whose probe then gets no answer.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from typing import Self

from unionflow_runtime.core.pulse import Pulse

EXIT_STALLED = 70  # sysexits.h: an internal fault
STALL_SECONDS = 30
_TURN_SECONDS = 1.0


class Watchdog:
    """A thread that listens to the loop's pulse while it is entered as a context."""

    def __init__(
        self, stall_seconds: int = STALL_SECONDS, end: Callable[[], None] | None = None
    ) -> None:
        self.pulse = Pulse(stall_seconds)
        self._stall_seconds = stall_seconds
        self._end = end or self._end_process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._over.wait(_TURN_SECONDS):
            if not self.pulse.on_turn():
                self._end()
                return

    def _end_process(self) -> None:
        sys.stderr.write(
            f'{{"event":"event loop stalled","level":"critical","seconds":{self._stall_seconds}}}\n'
        )
        faulthandler.dump_traceback(sys.stderr, all_threads=True)
        os._exit(EXIT_STALLED)  # the loop cannot be asked to end
