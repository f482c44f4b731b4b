"""Alerts and dashboards as files, for the operator, the charts and compose; valid as they are.

`rules/*.yaml` are Prometheus' rule files and `dashboards/*.json` Grafana's dashboards, of all
streams at once. The operator puts copies of the two about relays beside every stream.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

import yaml

from unionflow_operator.core.installation import MonitoringBundle

RUNBOOKS: Final = "https://unionflow.lions.dev/docs/runbooks"
"""Where the files say that the pages of the alerts are."""


def load_bundle(runbooks_url: str = RUNBOOKS) -> MonitoringBundle:
    """Read the files that are about one stream. runbooks_url: without a slash at its end."""
    folder = files(__name__)
    rules = folder.joinpath("rules", "stream.yaml").read_text(encoding="utf-8")
    board = folder.joinpath("dashboards", "stream.json").read_text(encoding="utf-8")
    groups = yaml.safe_load(rules.replace(RUNBOOKS, runbooks_url))["groups"]
    return MonitoringBundle(json.dumps(groups), json.dumps(json.loads(board)))
