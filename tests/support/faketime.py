"""A process whose clock a test sets: Debian's faketime, loaded into that process alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.tiers import tier_is_missing

_LIBRARIES = "lib*/*/faketime/libfaketimeMT.so.1"


def clock_from(shift: Path) -> Mapping[str, str]:
    """What a process needs in its environment to be so far off as the file says, at any time.

    shift: seconds with their sign, such as `-3600`; written with none here. Its monotonic clock
    stays what it is, as a real one does.
    """
    found = sorted(Path("/usr").glob(_LIBRARIES))
    if not found:
        tier_is_missing("needs faketime: `apt-get install faketime`")
    shift.write_text("+0\n")
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
