"""Writes the dashboards' files anew."""

from __future__ import annotations

import sys

from tests.house.files import ROOT
from tests.monitoring.boards import BOARDS
from tests.monitoring.boards.grafana import text_of
from tests.monitoring.files import DASHBOARDS


def main() -> int:
    """Write each file. Returns the exit code: always 0."""
    for board in BOARDS:
        path = DASHBOARDS / f"{board.file}.json"
        (ROOT / path).write_text(text_of(board), encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
