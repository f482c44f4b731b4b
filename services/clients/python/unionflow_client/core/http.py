"""As much of HTTP/1.1 as a request for server-sent events needs: one GET, a head, a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from unionflow_client.errors import BadAnswer


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def is_event_stream(self) -> bool:
        """Whether a stream of events follows."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.status == 200 and kind == "text/event-stream"

    @property
    def retry_after_ms(self) -> float:
        """`Retry-After` in milliseconds; 0 where it is a date or absent."""
        return retry_after_ms(self.headers.get("retry-after", ""))


def retry_after_ms(value: str) -> float:
    """`Retry-After`'s value in milliseconds; 0 where it is no number of seconds."""
    return float(value) * 1_000 if value.isascii() and value.isdecimal() else 0.0


def request(url: str, headers: Mapping[str, str]) -> bytes:
    """The whole request. Characters beyond ASCII in a header are escaped: none can break it."""
    parts = urlsplit(url)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    target += f"?{parts.query}" if parts.query else ""
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
    safe = "".join(map(chr, range(0x20, 0x7F)))
    lines += [f"{name}: {quote(value, safe=safe)}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def parse_head(data: bytes) -> Head:
    """The head of an answer, its empty line included.

    Raises:
        BadAnswer: it is none.
    """
    lines = data.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise BadAnswer(f"no HTTP/1.1 answer: {lines[0][:80]!r}")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return Head(int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs})


def chunk_size(line: bytes) -> int:
    """The size that a chunk's first line says, in bytes.

    Raises:
        BadAnswer: it says none.
    """
    digits = line.partition(b";")[0].strip()
    try:
        return int(digits, 16)
    except ValueError as problem:
        raise BadAnswer(f"no size of a chunk: {digits[:20]!r}") from problem
