"""A release can be upgraded in place: its values stay good, and what cannot be changed is not.

releases/<version>/ has the values that people had, and what of the objects Kubernetes holds fixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.charts import OPERATOR, SMALLEST, STACK, Object, Rendered, render, with_values

pytestmark = pytest.mark.helm
RELEASES = sorted((Path(__file__).parent / "releases").iterdir())
CHARTS = (OPERATOR, STACK)
FILE = with_values(SMALLEST, {"database": {"host": "", "sqlite": {"enabled": True}}})
_FIXED: Mapping[str, Sequence[str]] = {
    "Deployment": ("selector",),
    "PersistentVolumeClaim": ("accessModes", "storageClassName"),
    "PodDisruptionBudget": (),
    "Service": ("ports",),
    "UnionflowStream": ("topicPrefix", "topics"),
    "ClusterRoleBinding": ("roleRef",),
    "RoleBinding": ("roleRef",),
}


def fixed(found: Rendered) -> Mapping[str, Any]:
    """By kind and name, what no upgrade may change: names are what data and clients hang on."""
    return {
        f"{one['kind']} {one['metadata']['name']}": part
        for one in found.objects
        if one["kind"] in _FIXED
        for part in [{name: _field(one, name) for name in _FIXED[one["kind"]]}]
    }


def _field(one: Object, name: str) -> Any:
    return one.get("spec", one).get(name)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_values_that_were_good_for_a_release_still_are(release: Path, chart: Path) -> None:
    values = yaml.safe_load((release / f"{chart.name}.yaml").read_text())
    assert render(chart, values).objects


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("name", "chart", "values"),
    [("operator", OPERATOR, {}), ("stack", STACK, SMALLEST), ("file", STACK, FILE)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_an_upgrade_cannot_change_is_as_the_release_had_it(
    release: Path, name: str, chart: Path, values: Mapping[str, Any]
) -> None:
    had = yaml.safe_load((release / "fixed.yaml").read_text())[name]
    has = fixed(render(chart, values))
    assert {one: has.get(one) for one in had} == had
