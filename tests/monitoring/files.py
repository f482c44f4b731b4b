"""Where the things are that this room looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MONITORING: Final = Path("operator/unionflow_operator/monitoring")
DASHBOARDS: Final = MONITORING / "dashboards"
RULES: Final = MONITORING / "rules"
RUNBOOKS: Final = Path("docs/runbooks")
PICTURES: Final = Path("docs/pictures")
