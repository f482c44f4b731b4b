"""`python -m tests.monitoring.draw`: a life of the real stack, and a picture of each dashboard.

It takes about two minutes, and writes docs/pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.house.files import ROOT
from tests.monitoring.boards import BOARDS
from tests.monitoring.files import PICTURES
from tests.monitoring.load import Watched, watched_life
from tests.monitoring.picture import Seen, drawn
from tests.monitoring.questions import board, chosen, shown
from tests.support.apiserver import running_apiserver

LIFE_SECONDS = 75.0
RATE_SECONDS = 10
SETTLING_SECONDS = 6.0
"""Of the beginning, in which rates are not yet ones."""


def picture(watched: Watched, name: str) -> str:
    """A dashboard's SVG."""
    begin, end = watched.begin + SETTLING_SECONDS, watched.end
    panels = list(shown(watched.prometheus, name, begin, end, RATE_SECONDS))
    return drawn(Seen(board(name), chosen(name, RATE_SECONDS), panels, begin, end))


def main() -> int:
    """Write all pictures. Returns the exit code: always 0."""
    with (
        tempfile.TemporaryDirectory(prefix="unionflow-draw-") as folder,
        running_apiserver(Path(folder) / "apiserver") as api,
        watched_life(Path(folder) / "life", api, LIFE_SECONDS) as watched,
    ):
        for one in BOARDS:
            path = PICTURES / f"dashboard-{one.file}.svg"
            (ROOT / path).write_text(picture(watched, one.file), encoding="utf-8")
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
