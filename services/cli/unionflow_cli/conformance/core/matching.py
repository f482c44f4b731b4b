"""What was to come in a step, held against what was seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

_LEAST_OWN_CODE = 3_000
_GOODBYE = 1_000


def fits(channel: str, wanted: Any, seen: Any) -> bool:
    """Whether one thing seen is the one wanted."""
    if channel == "open":
        return _is_opening(wanted, seen)
    if channel == "events":
        return _is_part({"id": wanted} if isinstance(wanted, str) else wanted, seen)
    if channel == "ask":
        return True  # a token function is not told what for
    if channel == "access":
        return _is_part(wanted, seen)
    if channel == "close":
        # None: hung up where no code could be said. A browser's page may say 1000 and 3000 up.
        return seen is None or seen == wanted or (seen == _GOODBYE and wanted < _LEAST_OWN_CODE)
    return bool(wanted == seen)


def agree(channel: str, wanted: Any, seen: Sequence[Any]) -> bool:
    """Whether all that was wanted came, in order, and nothing else."""
    if isinstance(wanted, Mapping):
        return len(seen) == int(wanted["count"])
    if channel == "store":
        return _stores_agree(wanted, seen)
    pairs = zip(wanted, seen, strict=False)
    return len(wanted) == len(seen) and all(fits(channel, *pair) for pair in pairs)


def is_on_the_way(channel: str, wanted: Any, seen: Sequence[Any]) -> bool:
    """Whether what was seen so far is a beginning of what is wanted."""
    if isinstance(wanted, Mapping):
        return len(seen) <= int(wanted["count"])
    if channel == "store":
        return len(seen) < len(wanted)
    pairs = zip(wanted, seen, strict=False)
    return len(seen) <= len(wanted) and all(fits(channel, *pair) for pair in pairs)


def path_of(address: str) -> str:
    """The path of an address: its host is the server's own."""
    return urlsplit(address).path


def in_words(value: object) -> str:
    """A value for one line of a report."""
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 200 else f"{said[:199]}…"


def _stores_agree(wanted: Sequence[Any], seen: Sequence[Any]) -> bool:
    """A store that another overtakes at once need not be written."""
    if not wanted or not seen:
        return not wanted and not seen
    rest = iter(wanted)
    return seen[-1] == wanted[-1] and all(any(one == next_ for next_ in rest) for one in seen)


def _is_part(wanted: Mapping[str, Any], seen: Any) -> bool:
    return isinstance(seen, Mapping) and all(seen.get(k) == value for k, value in wanted.items())


def _is_opening(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    said = {**wanted, "url": path_of(wanted["url"])} if "url" in wanted else wanted
    return _is_part(said, seen)
