"""What people read of a release: its notes, its alerts, its dashboards."""

from __future__ import annotations

import pytest
import yaml

from tests.helm.charts import OPERATOR, labels_of
from tests.helm.permutations import rendered

pytestmark = pytest.mark.helm


def test_rules_and_dashboards_are_those_of_the_operators_package() -> None:
    """Narrowed to the release's own Service, so that two releases do not call for one another."""
    seen = rendered("operator: seen by Prometheus and Grafana")
    text = yaml.safe_dump(seen.one("PrometheusRule")["spec"])
    assert 'service=~".+-operator"' not in text
    assert f'namespace="prod",service="{seen.one("Service")["metadata"]["name"]}"' in text
    assert "https://wiki.example/runbooks/Unionflow" in text
    boards = [one for one in seen.of("ConfigMap") if "grafana_dashboard" in labels_of(one)]
    assert len(boards) == len(list((OPERATOR / "files/dashboards").glob("*.json"))) > 0
    stack = yaml.safe_dump(rendered("stack: seen, traced, and scaled").one("PrometheusRule"))
    assert 'service=~".+-backend"' not in stack
    assert "https://wiki.example/r/Unionflow" in stack


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        (
            "stack: production",
            [
                "dashboard   https://unionflow.mutuelle.example/unionflow/",
                "clients     wss://unionflow.mutuelle.example/unionflow/ws/dashboard",
                "ufs/mutuelle-unionflow",
                "all topics in Kafka",
            ],
        ),
        (
            "stack: another name for the relays",
            ["dashboard   https://unionflow.mutuelle.example/", "wss://live.mutuelle.example/ws/"],
        ),
        ("stack: the smallest", ["port-forward", "WARNING: auth.none=true", "the database, as"]),
        ("stack: a small one, in a file", ["pvc/mutuelle-unionflow-backend-data"]),
        ("operator: the definition goes with the release", ["WARNING: crds.keep is false"]),
        ("operator: one namespace, without a ClusterRole", ["for the namespaces prod"]),
        ("operator: nothing said", ["the definition of UnionflowStream, with all streams"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_notes_say_what_is_next_and_what_stays(what: str, lines: list[str]) -> None:
    notes = rendered(what).notes
    assert [line for line in lines if line not in notes] == []
