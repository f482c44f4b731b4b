"""The alerts and the dashboard that the operator puts beside every stream, as files.

In their texts `@stream@` and `@namespace@` are the stream's.
"""

from __future__ import annotations

import json
from importlib.resources import files

import yaml

from unionflow_operator.core.installation import MonitoringBundle


def load_bundle() -> MonitoringBundle:
    """Read the files that are shipped with the operator."""
    folder = files(__name__)
    rules = yaml.safe_load(folder.joinpath("alerts.yaml").read_text(encoding="utf-8"))
    dashboard = json.loads(folder.joinpath("dashboard.json").read_text(encoding="utf-8"))
    return MonitoringBundle(json.dumps(rules["groups"]), json.dumps(dashboard))
