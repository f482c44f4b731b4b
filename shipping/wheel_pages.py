"""Hatch's build hook: the wheel carries the dashboard's pages where they have been built.

The backend serves them from its own package then: `unionflow_backend/pages`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = Path("services/dashboard/dist")
PLACE = "unionflow_backend/pages"


class WheelPages(BuildHookInterface[Any]):
    """Asked once for each build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages to a wheel. version: `editable` for an install that has the checkout."""
        pages = Path(self.root) / PAGES
        if version != "editable" and (pages / "index.html").is_file():
            build_data["force_include"][str(pages)] = PLACE
