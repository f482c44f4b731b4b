"""What the charts make of values: sound, named right, and what our own programs take."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from tests.helm.charts import OPERATOR, SMALLEST, STACK, Object, Rendered, render, with_values
from tests.helm.permutations import ALL, OPERATORS, PRODUCTION, STACKS
from tests.house.files import ROOT
from unionflow_backend.settings import read_configuration as read_backend
from unionflow_operator.adapters.kube.rights import OF_ITSELF, OF_STREAMS, Right
from unionflow_operator.settings import read_configuration as read_operator

pytestmark = pytest.mark.helm
LONGEST_RELEASE = "a-release-with-a-name-that-is-as-long-as-helm-allows1"
RANDOM_PART = {"Deployment": "-0123456789-abcde", "Job": "-abcde", "Pod": ""}


@cache
def rendered(what: str) -> Rendered:
    return render(*ALL[what])


@pytest.mark.parametrize("what", ALL)
def test_helm_finds_nothing_wrong_with(what: str) -> None:
    chart, values = ALL[what]
    report = helm_python.lint(chart, dict(values), strict=True, kube_version="v1.34.0")
    serious = [one for one in report["messages"] if one["severity"] > 1]
    assert (serious, report["errors"]) == ([], [])


@pytest.mark.parametrize("what", ALL)
def test_every_object_has_the_recommended_labels_and_is_named_once_in(what: str) -> None:
    objects = rendered(what).objects
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert sorted(set(names)) == sorted(names)
    wanted = {"name", "instance", "version", "component", "part-of", "managed-by"}
    lacking = {
        name: missing
        for name, one in zip(names, objects, strict=True)
        if (missing := {f"app.kubernetes.io/{x}" for x in wanted} - labels_of(one).keys())
    }
    assert lacking == {}


def labels_of(one: Object) -> Mapping[str, str]:
    labels: Mapping[str, str] = one["metadata"].get("labels", {})
    return labels


@pytest.mark.parametrize("what", ALL)
def test_pods_have_what_a_careful_cluster_asks_of(what: str) -> None:
    for name, pod in rendered(what).pods():
        spec = pod["spec"]
        assert spec["enableServiceLinks"] is False, name
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert {"requests", "limits"} <= container["resources"].keys(), name
            assert "memory" in container["resources"]["limits"], name
        may_call = spec.get("automountServiceAccountToken", True)
        assert may_call == (labels_of(pod)["app.kubernetes.io/component"] == "operator"), name


@pytest.mark.parametrize("what", ALL)
def test_what_selects_pods_finds_those_of_its_own_release_alone_in(what: str) -> None:
    """A Service must not lead to the pods of Jobs and tests."""
    found = rendered(what)
    for one in (*found.of("Service"), *found.of("PodDisruptionBudget")):
        selector = one["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert labels_of(one).items() >= wanted.items()
        matching = {name for name, pod in found.pods() if labels_of(pod).items() >= wanted.items()}
        assert matching == {one["metadata"]["name"].removesuffix("-management")}


@pytest.mark.parametrize("chart", [OPERATOR, STACK], ids=lambda chart: chart.name)
@pytest.mark.parametrize("name", [LONGEST_RELEASE, "1.dotted.release", "unionflow-operator"])
def test_names_of_pods_fit_a_host_name_under_any_release(chart: Path, name: str) -> None:
    found = render(chart, SMALLEST if chart == STACK else {}, name)
    makers = [one for one in found.objects if one["kind"] in RANDOM_PART]
    names = [one["metadata"]["name"] + RANDOM_PART[one["kind"]] for one in makers]
    names += [
        f"{one['metadata']['name']}-relay{RANDOM_PART['Deployment']}" for one in streams(found)
    ]
    names += [one["metadata"]["name"] for one in found.of("Service")]
    bad = [name for name in names if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)]
    assert bad == []


def streams(found: Rendered) -> list[Object]:
    return list(found.of("UnionflowStream"))


def test_two_long_releases_have_two_names() -> None:
    one, other = (render(OPERATOR, {}, LONGEST_RELEASE[:-1] + end) for end in "12")
    assert one.one("Deployment")["metadata"]["name"] != other.one("Deployment")["metadata"]["name"]


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


def container_of(maker: Object) -> Object:
    container: Object = maker["spec"]["template"]["spec"]["containers"][0]
    return container


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


def rights(rules: Any) -> frozenset[Right]:
    return frozenset(
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


@pytest.mark.parametrize(
    ("namespaces", "kinds"),
    [([], {"ClusterRole"}), (["prod"], {"Role"}), (["a", "b"], {"Role"})],
    ids=["everywhere", "in one namespace", "in two"],
)
def test_the_operators_account_gets_its_table_of_rights(
    namespaces: list[str], kinds: set[str]
) -> None:
    found = render(
        OPERATOR,
        {"watchNamespaces": namespaces, "rbac": {"aggregate": False}},
        "unionflow-operator",
    )
    roles = [*found.of("ClusterRole"), *found.of("Role")]
    of_streams = [role for role in roles if rights(role["rules"]) == OF_STREAMS]
    [own] = [role for role in roles if role not in of_streams]
    assert {role["kind"] for role in of_streams} == kinds
    assert {role["metadata"].get("namespace", "") for role in of_streams} == set(namespaces or [""])
    assert rights(own["rules"]) == OF_ITSELF
    bindings = [*found.of("ClusterRoleBinding"), *found.of("RoleBinding")]
    assert len(bindings) == len(roles)
    account = found.one("ServiceAccount")["metadata"]["name"]
    assert {subject["name"] for one in bindings for subject in one["subjects"]} == {account}


def test_people_may_change_streams_and_nobody_their_status() -> None:
    found = rendered("operator: nothing said")
    given = {
        right
        for one in found.of("ClusterRole")
        if "rbac.authorization.k8s.io/aggregate-to-edit" in labels_of(one)
        for right in rights(one["rules"])
    }
    assert {right.resource for right in given} == {"unionflowstreams", "unionflowstreams/scale"}


def test_what_the_migration_needs_is_there_before_it() -> None:
    found = rendered("stack: the smallest")
    job = found.one("Job")
    secret = container_of(job)["env"][0]["valueFrom"]["secretKeyRef"]["name"]
    hook = found.one("Secret", "-migrate")
    assert hook["metadata"]["name"] == secret
    notes = [one["metadata"]["annotations"] for one in (hook, job)]
    assert [one["helm.sh/hook"] for one in notes] == ["pre-install,pre-upgrade"] * 2
    first, second = (int(one["helm.sh/hook-weight"]) for one in notes)
    assert first < second
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "default"


def test_a_password_is_written_as_an_address_wants_it() -> None:
    values = with_values(SMALLEST, {"database": {"host": "pg", "password": "p@ss w/rd+%:é"}})
    [url] = render(STACK, values).one("Secret", "-database")["stringData"].values()
    settings = read_backend({"UNIONFLOW_DATABASE_URL": url, "UNIONFLOW_AUTH": "none"}).settings
    assert settings.database_url.password == "p@ss w/rd+%:é"


def test_with_a_file_there_is_one_replica_and_no_job() -> None:
    found = rendered("stack: a small one, in a file")
    spec = found.one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert found.of("Job") == []
    kept = found.one("PersistentVolumeClaim")["metadata"]["annotations"]
    assert kept == {"helm.sh/resource-policy": "keep"}


def test_the_management_port_is_in_no_service_that_an_ingress_leads_to() -> None:
    found = rendered("stack: production")
    [path] = found.one("Ingress")["spec"]["rules"][0]["http"]["paths"]
    name = path["backend"]["service"]["name"]
    service = next(one for one in found.of("Service") if one["metadata"]["name"] == name)
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]


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


def test_the_relays_are_traced_with_what_their_stream_has_besides() -> None:
    env = streams(rendered("stack: seen, traced, and scaled"))[0]["spec"]["relay"]["pod"]["env"]
    names = [one["name"] for one in env]
    assert names[:2] == ["TZ", "OTEL_EXPORTER_OTLP_ENDPOINT"]


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


@pytest.mark.parametrize("chart", [OPERATOR, STACK], ids=lambda chart: chart.name)
def test_a_chart_has_the_version_of_the_project(chart: Path) -> None:
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (about["version"], about["appVersion"]) == (project["version"], project["version"])
