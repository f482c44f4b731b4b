"""Reads a client's frames out of a byte stream; RFC 6455's rules are the `websockets` library's.

A reader exists only while a frame is incomplete: an idle connection keeps none.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame
from websockets.streams import StreamReader

from unionflow_relay.core.session import MAX_MESSAGE_BYTES
from unionflow_relay.errors import BrokenFrame


class FrameReader:
    """Bytes in, whole frames out, unmasked and checked one by one (not as a message)."""

    __slots__ = ("_parser", "_stream")

    def __init__(self) -> None:
        self._stream = StreamReader()
        self._parser: Generator[None, None, Frame] | None = None

    @property
    def idle(self) -> bool:
        """True when no frame is incomplete, so that the reader may be dropped."""
        return self._parser is None and not self._stream.buffer

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes.

        Raises:
            BrokenFrame: the bytes break the protocol, or announce more than MAX_MESSAGE_BYTES.
        """
        self._stream.feed_data(data)
        while not self.idle:
            frame = self._next()
            if frame is None:
                return
            yield frame

    def _next(self) -> Frame | None:
        if self._parser is None:
            self._parser = Frame.parse(
                self._stream.read_exact, mask=True, max_size=MAX_MESSAGE_BYTES
            )
        try:
            next(self._parser)
        except StopIteration as done:
            self._parser = None
            frame: Frame = done.value
            return frame
        except PayloadTooBig as error:
            raise BrokenFrame(1009, "a message has at most 64 KiB") from error
        except ProtocolError as error:
            raise BrokenFrame(1002, str(error)) from error
        return None
