"""What tests have a page compute: scripts in files of their own, run through the debugger.

So they are no elements of the page, whose policy allows no script but its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "scripts"


@cache
def script(name: str) -> str:
    """The text of `scripts/<name>.js`."""
    return (_FOLDER / f"{name}.js").read_text(encoding="utf-8")
