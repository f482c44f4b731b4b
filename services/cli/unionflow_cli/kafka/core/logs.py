"""What of a program's log says why it failed."""

from __future__ import annotations

import re
from typing import Final

_TIME: Final = re.compile(r"^\d{4}-\d\d-\d\dT[\d:,.]+Z?\s+")


def last_lines(log: str, count: int = 12) -> tuple[str, ...]:
    """The last `count` lines that are neither empty nor a frame of a Java stack trace.

    Of lines that differ in their time alone the last one is kept: a broker that tries something
    again and again would hide behind it why it has to.
    """
    by_message: dict[str, str] = {}
    for line in reversed(log.splitlines()):
        if line.strip() and not line.lstrip().startswith(("at ", "... ")):
            by_message.setdefault(_TIME.sub("", line), line.rstrip())
    return tuple(reversed(list(by_message.values())[:count])) or ("(its log is empty)",)
