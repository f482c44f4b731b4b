"""Parsing server-sent events as the WHATWG's HTML standard has it (section 9.2.6)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from unionflow_client.errors import TooLarge

MAX_EVENT_CHARACTERS = 8 * 1024 * 1024  # a record of 1 MB, escaped and wrapped, and room
_LINE_END = re.compile("\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched event. id: None where it had none of its own."""

    data: str
    id: str | None


class EventStream:
    """Bytes in, in any pieces; dispatched events out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._data: list[str] = []
        self._size = 0
        self._id: str | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """The events that these bytes complete.

        Raises:
            TooLarge: one event has more than 8 Mi characters.
        """
        text = self._text + self._decoder.decode(data)
        start = 0
        for end in _LINE_END.finditer(text):
            if end.group() == "\r" and end.end() == len(text):
                break  # a line feed may follow
            line, start = text[start : end.start()], end.end()
            if line:
                self._take(line)
            elif self._data:
                yield Message("\n".join(self._data), self._id)
                self._data, self._id, self._size = [], None, 0
            else:
                self._id = None
        self._text = text[start:]
        if self._size + len(self._text) > MAX_EVENT_CHARACTERS:
            raise TooLarge(f"more than {MAX_EVENT_CHARACTERS} characters in one event")

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value)
        elif name == "id" and "\0" not in value:
            self._id = value
