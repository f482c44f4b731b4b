"""compose.yaml holds together: its files are there, its variables are known, its ports are ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient

from tests.cluster.building import build_program, kept
from tests.cluster.errors import ToolMissing
from tests.house.files import ROOT
from tests.images.dockerfile import config, dockerfile
from tests.support.kafka import kafka_tier
from tests.support.tiers import tier_is_missing
from unionflow_backend.settings import Settings as BackendSettings
from unionflow_cli.kafka import Broker
from unionflow_cli.kafka.adapters.broker import new_node
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_events import CATALOGUE
from unionflow_relay.settings import Settings as RelaySettings
from unionflow_runtime.serving import ServingSettings
from unionflow_runtime.settings import KAFKA_SETTINGS

COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS: Mapping[str, type[ServingSettings]] = {
    "relay": RelaySettings,
    "backend": BackendSettings,
    "books": BackendSettings,
}
SOURCES = Path(__file__).parent / "composed"
PROMETHEUS: Mapping[str, Any] = yaml.safe_load((ROOT / "compose/prometheus.yaml").read_text())
DOORS = {"kafka": "9092", "backend": "8080", "relay": "8085", "prometheus": "9090"}


def mounts() -> Iterator[tuple[str, str, str]]:
    """Of each bind mount and volume: service, source, place in the container."""
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, target, *_ = volume.split(":")
            yield name, source, target


def test_it_is_as_the_compose_specification_says() -> None:
    checker = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def compose_config() -> Callable[..., Mapping[str, Any]]:
    """What `docker compose config` prints of files, by Docker's own library."""
    try:
        program = kept("composed", SOURCES, build_program) / "composed"
    except ToolMissing as missing:
        tier_is_missing(str(missing))

    def config(*files: Path) -> Mapping[str, Any]:
        done = subprocess.run(
            [str(program), *map(str, files)],
            env={"POSTGRES_PASSWORD": "chosen"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: Mapping[str, Any] = json.loads(done.stdout)
        return found

    return config


@pytest.mark.timeout(600)  # the program is built once
def test_compose_fills_it_in_as_it_is_meant(
    compose_config: Callable[..., Mapping[str, Any]],
) -> None:
    services = compose_config(ROOT / "compose.yaml")["services"]
    address = services["backend"]["environment"]["UNIONFLOW_DATABASE_URL"]
    assert address == "postgresql://unionflow:chosen@postgres:5432/unionflow"
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == "chosen"
    assert '--topic "$topic"' in services["topics"]["command"][0]


@pytest.mark.timeout(600)
def test_the_override_that_the_guide_shows_turns_tokens_on(
    compose_config: Callable[..., Mapping[str, Any]], tmp_path: Path
) -> None:
    guide = (ROOT / "docs/how-to/compose.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "override.yaml").write_text(shown)
    services = compose_config(ROOT / "compose.yaml", tmp_path / "override.yaml")["services"]
    for name in ("relay", "backend"):
        assert services[name]["environment"]["UNIONFLOW_AUTH"] == "jwt"
        assert services[name]["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:19092"


def test_every_file_that_is_mounted_is_there_and_read_only() -> None:
    bound = [(s, source) for s, source, _ in mounts() if source.startswith(".")]
    assert bound
    assert [one for one in bound if not (ROOT / one[1]).exists()] == []
    written = [
        volume
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".") and not volume.endswith(":ro")
    ]
    assert written == []


def test_every_named_volume_is_declared_and_used() -> None:
    named = {source for _, source, _ in mounts() if not source.startswith(".")}
    assert named == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_that_its_service_knows(name: str) -> None:
    known = {str(field.alias) for field in OURS[name].model_fields.values()} | set(KAFKA_SETTINGS)
    assert set(SERVICES[name]["environment"]) - known == set()


@pytest.mark.parametrize("name", OURS)
def test_every_value_is_one_that_its_service_takes(name: str) -> None:
    given = {
        key: re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value)
        for key, value in SERVICES[name]["environment"].items()
        if key not in KAFKA_SETTINGS
    }
    assert OURS[name].model_validate(given).base_path == ""


@pytest.mark.parametrize("name", OURS)
def test_every_image_of_ours_is_a_target_of_the_dockerfile(name: str) -> None:
    target = SERVICES[name]["build"]["target"]
    assert SERVICES[name]["image"] == f"unionflow/{target}:dev"
    assert config(dockerfile(), target)["User"] == "65532:65532"
    assert (SERVICES[name]["read_only"], SERVICES[name]["cap_drop"]) == (True, ["ALL"])


def test_the_documented_ports_are_open_to_this_machine_alone() -> None:
    published = {
        name: port for name, service in SERVICES.items() for port in service.get("ports", ())
    }
    assert published == {
        **{name: f"127.0.0.1:{port}:{port}" for name, port in DOORS.items()},
        "grafana": "127.0.0.1:3000:3000",
    }


def test_every_service_that_stays_has_a_health_check() -> None:
    has = {"relay", "backend"}  # in their images
    lacking = [
        name
        for name, service in SERVICES.items()
        if "healthcheck" not in service and name not in has and name != "topics"
    ]
    assert lacking == []
    assert all("Healthcheck" in config(dockerfile(), name) for name in has)


def test_every_service_that_is_waited_for_is_there() -> None:
    waited = {other for service in SERVICES.values() for other in service.get("depends_on", ())}
    assert waited - set(SERVICES) == set()


def test_the_topics_are_those_of_the_catalogue() -> None:
    (script,) = SERVICES["topics"]["command"]
    assert set(re.findall(r"unionflow\.[a-z.]+", script)) == {topic.name for topic in CATALOGUE}


def test_the_topics_command_is_shell() -> None:
    (script,) = SERVICES["topics"]["command"]
    text = script.replace("$$", "$")
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.prometheus
def test_prometheus_takes_its_configuration_with_the_rules(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        tier_is_missing("promtool is not here: apt-get install prometheus")
    for service, source, target in mounts():
        if service == "prometheus" and source.startswith("."):
            (tmp_path / Path(target).name).symlink_to(ROOT / source)
    file = tmp_path / "prometheus.yaml"
    done = subprocess.run(
        [promtool, "check", "config", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len(PROMETHEUS["rule_files"])


def test_prometheus_asks_the_management_port_of_what_runs() -> None:
    targets = [
        target
        for job in PROMETHEUS["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    ]
    assert sorted(targets) == ["backend:9085", "relay:9085"]


def test_grafana_finds_its_dashboards_and_its_source() -> None:
    placed = {target: source for service, source, target in mounts() if service == "grafana"}
    provider = yaml.safe_load((ROOT / "compose/grafana/dashboards.yaml").read_text())
    (folder,) = [one["options"]["path"] for one in provider["providers"]]
    boards = [source for target, source in placed.items() if target.startswith(f"{folder}/")]
    assert len(boards) == 3
    for board in boards:
        variables = json.loads((ROOT / board).read_text())["templating"]["list"]
        assert variables[0]["type"] == "datasource"
        assert variables[0]["query"] == "prometheus"
    sources = yaml.safe_load((ROOT / "compose/grafana/datasource.yaml").read_text())["datasources"]
    assert [(source["type"], source["url"]) for source in sources] == [
        ("prometheus", "http://prometheus:9090")
    ]


def property_of(variable: str) -> str:
    """The property that Apache Kafka's image makes of a variable."""
    name = variable.removeprefix("KAFKA_").lower()
    return name.replace("___", "-").replace("__", "%").replace("_", ".").replace("%", "_")


@pytest.mark.kafka
def test_a_real_kafka_serves_the_host_with_these_settings(tmp_path: Path) -> None:
    ports = dict(zip(("19092", "9092", "9093"), map(str, free_ports(3)), strict=True))
    given = {
        property_of(name): re.sub(r"\b(19092|909[23])\b", lambda at: ports[at[1]], str(value))
        for name, value in SERVICES["kafka"]["environment"].items()
        if name != "KAFKA_LOG_DIRS"
    }
    # Within compose it is a name of the network; here it would be nobody's.
    given["advertised.listeners"] = given["advertised.listeners"].replace("kafka:", "localhost:")
    with kafka_tier():
        broker = Broker(new_node(tmp_path / "kafka"), properties=given)
        broker.launch()
    try:
        broker.wait_until_ready()
        admin = AdminClient({"bootstrap.servers": f"localhost:{ports['9092']}"})
        (seen,) = admin.list_topics(timeout=30).brokers.values()
        assert f"{seen.host}:{seen.port}" == f"localhost:{ports['9092']}"
    finally:
        broker.stop()
