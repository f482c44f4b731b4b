"""What the charts give our own programs is what these take."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.helm.charts import SMALLEST, STACK, Object, container_of, render, with_values
from tests.helm.permutations import OPERATORS, PRODUCTION, STACKS, rendered
from unionflow_backend.settings import read_configuration as read_backend
from unionflow_operator.settings import read_configuration as read_operator

pytestmark = pytest.mark.helm


def environment(container: Object) -> dict[str, str]:
    """Its variables; those from Secrets and fields have some value."""
    values = {"UNIONFLOW_DATABASE_URL": "postgresql://u:p@h/d"}
    return {
        one["name"]: one.get(
            "value", values.get(one["name"], "some value of 32 bytes or even more")
        )
        for one in container["env"]
    }


@pytest.mark.parametrize("what", OPERATORS)
def test_the_operator_takes_its_settings_when(what: str, tmp_path: Path) -> None:
    found = rendered(f"operator: {what}")
    environ = environment(container_of(found.one("Deployment")))
    if "UNIONFLOW_POLICY_FILE" in environ:
        [name] = found.one("ConfigMap", "-policy")["data"]
        assert environ["UNIONFLOW_POLICY_FILE"] == f"/etc/unionflow/{name}"
        policy = tmp_path / name
        policy.write_text(found.one("ConfigMap", "-policy")["data"][name])
        environ["UNIONFLOW_POLICY_FILE"] = str(policy)
    settings = read_operator(environ).settings
    assert list(settings.namespaces) == OPERATORS[what].get("watchNamespaces", [])


@pytest.mark.parametrize("what", [what for what in STACKS if what != "a stream alone"])
def test_the_business_services_take_their_settings_when(what: str) -> None:
    container = container_of(rendered(f"stack: {what}").one("Deployment"))
    environ = environment(container)
    files = {name: environ.pop(name) for name in list(environ) if name.startswith("KAFKA_SSL_")}
    folder = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {str(Path(path).parent) for path in files.values()} <= folder
    configuration = read_backend(environ)
    assert str(configuration.settings.base_path) == STACKS[what].get("ingress", {}).get("path", "")
    assert "UNIONFLOW_CONFIG" not in environ


def test_a_large_number_stays_a_number() -> None:
    found = rendered("stack: everything that a pod can be given")
    environ = environment(container_of(found.one("Deployment")))
    assert environ["UNIONFLOW_OUTBOX_KEEP_SECONDS"] == "1000000"


def test_a_password_is_written_as_an_address_wants_it() -> None:
    values = with_values(SMALLEST, {"database": {"host": "pg", "password": "p@ss w/rd+%:é"}})
    [url] = render(STACK, values).one("Secret", "-database")["stringData"].values()
    settings = read_backend({"UNIONFLOW_DATABASE_URL": url, "UNIONFLOW_AUTH": "none"}).settings
    assert settings.database_url.password == "p@ss w/rd+%:é"


def test_the_relays_are_traced_with_what_their_stream_has_besides() -> None:
    env = rendered("stack: seen, traced, and scaled").one("UnionflowStream")["spec"]["relay"][
        "pod"
    ]["env"]
    names = [one["name"] for one in env]
    assert names[:2] == ["TZ", "OTEL_EXPORTER_OTLP_ENDPOINT"]


def test_the_test_publishes_to_the_topic_as_kafka_calls_it() -> None:
    whole = {one["name"]: one for one in trial("stack: production")}
    assert whole["UNIONFLOW_TRIAL_TOPIC"]["value"] == "prod.notices"
    assert whole["UNIONFLOW_TRIAL_TOKEN"]["valueFrom"]["secretKeyRef"]["name"] == "unionflow-token"
    relayed = with_values(PRODUCTION, {"stream": {"topics": []}})
    found = render(STACK, relayed).one("Pod")["spec"]["containers"][0]["env"]
    topics = [one["value"] for one in found if one["name"] == "UNIONFLOW_TRIAL_TOPIC"]
    assert topics == ["prod.unionflow.notifications.user"]


def trial(what: str) -> list[Any]:
    env: list[Any] = rendered(what).one("Pod", "-test")["spec"]["containers"][0]["env"]
    return env


def test_without_a_token_the_test_publishes_nothing() -> None:
    values = with_values(PRODUCTION, {"tests": {"tokenSecret": ""}})
    names = {
        one["name"] for one in render(STACK, values).one("Pod")["spec"]["containers"][0]["env"]
    }
    assert "UNIONFLOW_TRIAL_TOPIC" not in names
    assert "KAFKA_SASL_PASSWORD" not in names


class _Ready(http.server.BaseHTTPRequestHandler):
    """An operator that is ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"ready")

    def log_message(self, *_: object) -> None:
        """Nothing: what the test prints is looked at."""


def test_the_operators_test_asks_whether_it_is_ready() -> None:
    [container] = rendered("operator: nothing said").one("Pod", "-test")["spec"]["containers"]
    script, url = container["args"]
    assert url == "http://mutuelle-unionflow-operator.prod.svc:9085/readyz"
    with http.server.HTTPServer(("127.0.0.1", 0), _Ready) as server:
        threading.Thread(target=server.handle_request).start()
        here = f"http://127.0.0.1:{server.server_port}/readyz"
        command = [sys.executable, *container["command"][1:], script, here]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"{here} ready\n")
