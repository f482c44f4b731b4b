"""Both charts: a real operator, with the account that its chart gives it, and a real Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.cluster.control import ControlPlane
from tests.helm.charts import OPERATOR, STACK, container_of, render, with_values
from tests.helm.conftest import Helm
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Topics
from tests.support.kafka import Kafka

pytestmark = [pytest.mark.helm, pytest.mark.apiserver]
SYSTEM, TEAM, RELEASE = "together-system", "together", "unionflow"
WATCHING = {"watchNamespaces": [TEAM], "crds": {"install": False}}
SECONDS = 60.0


@pytest.fixture
def account(defined: ControlPlane, helm: Helm, tmp_path: Path) -> Path:
    """The kubeconfig of the account that the operator's chart makes."""
    defined.kubectl("create", "namespace", TEAM)
    helm(SYSTEM).install(OPERATOR, "unionflow-operator", WATCHING, create_namespace=True)
    token = defined.kubectl("-n", SYSTEM, "create", "token", "unionflow-operator").stdout.strip()
    config = yaml.safe_load(defined.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    written = tmp_path / "account.kubeconfig"
    written.write_text(json.dumps(config))
    return written


@pytest.fixture
def operator(account: Path, tmp_path: Path) -> Iterator[RunningOperator]:
    """An operator with the variables that its chart gives it."""
    deployment = render(OPERATOR, WATCHING, "unionflow-operator").one("Deployment")
    given = {one["name"]: one.get("value") for one in container_of(deployment)["env"]}
    settings = {name: value for name, value in given.items() if value is not None}
    settings |= {"POD_NAMESPACE": SYSTEM, "UNIONFLOW_LEADER_ELECTION": "true"}
    with RunningOperator.start(tmp_path, account, settings) as running:
        yield running


@pytest.mark.usefixtures("operator")
def test_a_release_becomes_topics_and_relays_and_leaves_the_topics_alone(
    defined: ControlPlane, helm: Helm, kafka: Kafka, topic_prefix: str
) -> None:
    values = with_values(
        {
            "kafka": {"bootstrapServers": kafka.bootstrap_servers, "topicPrefix": topic_prefix},
            "auth": {"none": True},
            "database": {"sqlite": {"enabled": True, "keep": False}},
            "ingress": {"enabled": True, "className": "nginx", "host": "a.example"},
        }
    )
    helm(TEAM).install(STACK, RELEASE, values)

    def look(kind: str, name: str) -> Any:
        found = defined.kubectl("-n", TEAM, "get", kind, name, "-o", "json", check=False)
        return json.loads(found.stdout) if found.returncode == 0 else None

    relays = until("relays", lambda: look("deployment", f"{RELEASE}-relay"), SECONDS)
    assert container_of(relays)["image"] == f"unionflow/relay:{version('unionflow-streams')}"
    names = [f"{topic_prefix}unionflow.{name}" for name in ("members.events", "dashboard.stats")]
    assert Topics(kafka.bootstrap_servers).partitions(*names) == dict.fromkeys(names, 6)

    tried = render(STACK, values, RELEASE).one("Pod", "-test")["spec"]["containers"][0]["env"]
    url = next(one["value"] for one in tried if one["name"] == "UNIONFLOW_TRIAL_URL")
    host = str(urlsplit(url).hostname).split(".")[0]
    assert until("their Service", lambda: look("service", host), SECONDS)
    ways = until("their Ingress", lambda: look("ingress", f"{RELEASE}-relay"), SECONDS)
    [rule] = ways["spec"]["rules"]
    assert {path["pathType"] for path in rule["http"]["paths"]} == {"Exact"}

    helm(TEAM).uninstall(RELEASE)
    kinds = "ufs,deployment,service,ingress,pvc,secret"
    until(
        "nothing is left",
        lambda: not defined.kubectl("-n", TEAM, "get", kinds, "-o", "name").stdout,
        SECONDS,
    )
    assert Topics(kafka.bootstrap_servers).partitions(*names) == dict.fromkeys(names, 6)
