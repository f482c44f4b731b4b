"""What SIGTERM and SIGINT say: the first that it is time to go, the second to be quick."""

from __future__ import annotations

import asyncio
import signal


class Stop:
    """Set by signals of this process, from when it is made."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        (self.hurried if self.asked.is_set() else self.asked).set()
