"""The life of an installation: installed, used, upgraded under load, hit, rolled back, removed.

The tests are told in this order, on one node.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from confluent_kafka.admin import AdminClient

from tests.cluster.node import restart_kubelet
from tests.helm.charts import OPERATOR, STACK
from tests.ingress.proxies import Kind, Proxy
from tests.ingress.sites import Edge, Site
from tests.install import meddling
from tests.install.business import SOCIETY, Business, announced
from tests.install.conftest import Say
from tests.install.installing import (
    HOST,
    OPERATOR_RELEASE,
    PROD,
    READY_SECONDS,
    RELEASE,
    TIMEOUT,
    World,
    image,
)
from tests.operator.e2e.installing import SYSTEM
from tests.operator.e2e.load import Outcome, Target, under_load, wrongs
from tests.operator.e2e.watching import Stream, seconds_to_ready, until
from tests.support.tls import make_certificates
from unionflow_events import CATALOGUE

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]
SOCIETIES = (SOCIETY, "mutuelle-abidjan", "mutuelle-cotonou")


def check(world: World, relays: str, api: str) -> subprocess.CompletedProcess[str]:
    """`unionflow dev --check` of this installation: both scenarios, and the page."""
    command = [sys.executable, "-m", "unionflow_cli", "dev", "--check", "--json"]
    where = ["--url", relays, "--bootstrap-servers", world.kafka, "--api", api]
    environ = {**os.environ, "UNIONFLOW_TOPIC_PREFIX": "prod."}
    return subprocess.run(
        [*command, *where],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=environ,
    )


@pytest.fixture
def busy(installed: World, request: pytest.FixtureRequest) -> Iterator[Stream]:
    """A stream of the test's own, beside the one that the stack's chart made."""
    name = f"busy-{request.node.name.split('_')[1]}"
    stream = installed.stream_for_audit(name)
    yield stream
    stream.delete()
    until("it is gone", lambda: not stream.exists(), READY_SECONDS)


def loaded(world: World, busy: Stream, upheaval: Callable[[], None]) -> tuple[Outcome, Business]:
    """The audit on one stream, and people at work on the other, while something is done to both."""
    host, port = world.relays(busy)
    with Business(world.api_url) as business:
        target = Target(host, port, world.kafka, f"{busy.name}.")
        return asyncio.run(under_load(target, upheaval)), business


def hold(world: World, came: tuple[Outcome, Business], say: Say, what: str) -> None:
    """Say what came of it; nobody has missed anything."""
    outcome, business = came
    longest = outcome.away[-1] if outcome.away else 0.0
    say(
        f"{what}: {outcome.acknowledged:,} records, {len(outcome.summary.clients)} clients, "
        f"closes {dict(outcome.closes)}, away at most {longest:.1f} s; "
        f"{len(business.granted)} requests by REST, refused {dict(business.refused)}"
    )
    assert wrongs(outcome.summary) == {}
    assert outcome.summary.holds
    assert len(business.granted) > 0
    until("every request has its event", lambda: not silent(world, business), 60)
    events = announced(world.kafka, "prod.")
    assert {one: events[one] for one in business.granted if len(events[one]) > 1} == {}


def silent(world: World, business: Business) -> set[str]:
    """What was granted and has no event in Kafka."""
    return business.granted - announced(world.kafka, "prod.").keys()


def test_two_charts_become_a_stream_that_is_ready(installed: World, say: Say) -> None:
    for what, seconds in installed.seconds.items():
        say(f"{what}: {seconds:.1f} s")
    starts = sorted(seconds_to_ready(pod) for pod in installed.stream.pods())
    say(f"relays, from start to Ready: {starts} s")
    assert len(starts) == 2
    assert installed.stream.object("ufs")["status"]["topicsReady"] == "5/5"


def test_kubectl_shows_the_columns_and_explains_the_fields(installed: World) -> None:
    head, row = installed.kubectl("-n", PROD, "get", "ufs", RELEASE).splitlines()
    assert head.split() == ["NAME", "READY", "RELAYS", "TOPICS", "CLIENTS", "REASON", "AGE"]
    assert row.split()[:4] == [RELEASE, "True", "2/2", "5/5"]
    explained = installed.kubectl("explain", "ufs.spec.relay.drainSeconds")
    assert "DESCRIPTION:" in explained


def test_helm_test_receives_an_event_that_was_published_for_it(installed: World) -> None:
    installed.helm(PROD).test(RELEASE, timeout=TIMEOUT)


def test_both_scenarios_run_through_the_services(installed: World, say: Say) -> None:
    with httpx.Client(base_url=installed.api_url, trust_env=False, timeout=20) as client:
        for society in SOCIETIES:
            body = {"id": society, "name": society, "currency": "XOF"}
            assert client.post("/organizations", json=body).status_code == 201
    checked = check(installed, installed.relays_url, installed.api_url)
    say(checked.stdout or checked.stderr)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_both_scenarios_run_through_nginx_by_what_both_ingresses_say(installed: World) -> None:
    site = Site(
        installed.stream.object("ingress", f"{RELEASE}-relay"),
        installed.pods(f"{RELEASE}-relay", "clients"),
        installed.pods(f"{RELEASE}-backend", "http"),
    )
    folder = installed.folder / "nginx"
    folder.mkdir()
    tls = make_certificates(folder, f"DNS:{HOST}")
    proxy = Proxy(Kind.NGINX, site, Edge(), tls, folder)
    proxy.start()
    try:
        where = f"{HOST}:{proxy.ports.http}"
        checked = check(installed, f"ws://{where}/ws/dashboard", f"http://{where}/api/v1")
    finally:
        proxy.stop()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def may(world: World, verb: str, resource: str, namespace: str) -> bool:
    """Whether the operator's account may do that, by the API server's own word."""
    account = f"system:serviceaccount:{SYSTEM}:{OPERATOR_RELEASE}"
    groups = ["system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{SYSTEM}"]
    asked = _attributes(verb, resource, namespace)
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": account, "groups": groups, "resourceAttributes": asked},
    }
    said = world.kubectl("create", "-f", "-", "-o", "json", stdin=review)
    return bool(json.loads(said)["status"]["allowed"])


def _attributes(verb: str, resource: str, namespace: str) -> dict[str, str]:
    name, _, group = resource.partition(".")
    resource, _, subresource = name.partition("/")
    return {
        "verb": verb,
        "resource": resource,
        "subresource": subresource,
        "group": group,
        "namespace": namespace,
    }


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        ("list", "secrets", PROD),
        ("watch", "secrets", PROD),
        ("create", "secrets", PROD),
        ("delete", "secrets", PROD),
        ("create", "pods", PROD),
        ("create", "pods/exec", PROD),
        ("delete", "pods", PROD),
        ("create", "serviceaccounts/token", PROD),
        ("delete", "namespaces", ""),
        ("create", "roles.rbac.authorization.k8s.io", PROD),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io", ""),
        ("escalate", "clusterroles.rbac.authorization.k8s.io", ""),
        ("impersonate", "users", ""),
        ("update", "nodes", ""),
        ("delete", "persistentvolumeclaims", PROD),
        ("delete", "customresourcedefinitions.apiextensions.k8s.io", ""),
        ("create", "unionflowstreams.unionflow.lions.dev", PROD),
        ("delete", "unionflowstreams.unionflow.lions.dev", PROD),
    ],
)
def test_the_operator_may_not(installed: World, verb: str, resource: str, namespace: str) -> None:
    assert not may(installed, verb, resource, namespace)
    assert may(installed, "get", "secrets", PROD)  # which it has to: or nothing was asked


def test_everything_is_upgraded_under_load_and_nobody_misses_anything(
    installed: World, busy: Stream, say: Say
) -> None:
    before = pods(installed)

    def upgrade() -> None:
        time.sleep(3)
        values = installed.operator_values("2")
        installed.helm(SYSTEM).upgrade(OPERATOR, OPERATOR_RELEASE, dict(values), timeout=TIMEOUT)
        newer = installed.stack_values({"backend": {"image": image("backend", "2")}})
        installed.helm(PROD).upgrade(STACK, RELEASE, newer, timeout=TIMEOUT)
        rolled(installed, before)

    came = loaded(installed, busy, upgrade)
    hold(installed, came, say, "upgrade of operator, relays and backend")
    assert came[0].cut == 0
    assert images(installed) == {"uf.local/relay:2"}


def rolled(world: World, before: set[str]) -> None:
    """Wait until both streams, the operator and the backend have new pods alone."""
    until("only new relays", lambda: not before & pods(world), READY_SECONDS)
    world.rolled_out("unionflow-operator", SYSTEM)
    world.rolled_out("unionflow-backend")
    for name in streams(world):
        world.rolled_out(f"{name}-relay")
        world.until_ready(Stream(world.kubectl, PROD, name))


def streams(world: World) -> Sequence[str]:
    """Their names."""
    return [name.rpartition("/")[2] for name in world.left(PROD, "ufs")]


def relays(world: World) -> Sequence[Mapping[str, Any]]:
    """The pods of all streams."""
    label = "-lapp.kubernetes.io/name=unionflow-relay"
    found: list[dict[str, Any]] = json.loads(
        world.kubectl("-n", PROD, "get", "pods", label, "-o", "json")
    )["items"]
    return found


def pods(world: World) -> set[str]:
    """The names of all streams' relays."""
    return {pod["metadata"]["name"] for pod in relays(world)}


def images(world: World) -> set[str]:
    """What they run."""
    return {one["image"] for pod in relays(world) for one in pod["spec"]["containers"]}


def test_faults_of_node_and_broker_cost_nobody_an_event(
    installed: World, busy: Stream, say: Say
) -> None:
    def faults() -> None:
        time.sleep(3)
        restart_kubelet(installed.folder / "node")
        first = min(pod["metadata"]["name"] for pod in busy.pods())
        meddling.run_out_of_memory(installed, "relay", first)
        until("it was killed for its memory", lambda: ended_by(installed, first), 60)
        meddling.restart_kafka(installed, 3)
        installed.until_ready(busy)
        time.sleep(3)

    hold(
        installed,
        loaded(installed, busy, faults),
        say,
        "kubelet restarted, relay out of memory, Kafka killed",
    )
    checked = check(installed, installed.relays_url, installed.api_url)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def ended_by(world: World, pod: str) -> bool:
    """Whether the kernel ended a relay's last run for its memory."""
    [container] = world.stream.object("pod", pod)["status"]["containerStatuses"]
    last = container.get("lastState", {}).get("terminated", {})
    return bool(last.get("reason") == "OOMKilled" and container["ready"])


def test_a_rollback_under_load_brings_back_what_was_and_loses_nothing(
    installed: World, busy: Stream, say: Say
) -> None:
    before = pods(installed)

    def back() -> None:
        time.sleep(3)
        installed.helm(PROD).rollback(RELEASE, timeout=TIMEOUT)
        installed.helm(SYSTEM).rollback(OPERATOR_RELEASE, timeout=TIMEOUT)
        rolled(installed, before)

    hold(installed, loaded(installed, busy, back), say, "helm rollback")
    assert images(installed) == {"uf.local/relay:1"}


def test_uninstall_leaves_the_topics_and_nothing_else(installed: World) -> None:
    installed.helm(PROD).uninstall(RELEASE, timeout=TIMEOUT)
    kinds = (
        "ufs,deploy,rs,pods,svc,cm,secret,sa,job,netpol,pdb,ingress,hpa,pvc,role,rolebinding,"
        "endpointslices"
    )
    kept = {"secret/tokens", "configmap/kube-root-ca.crt", "serviceaccount/default"}
    until("nothing of the stack", lambda: set(installed.left(PROD, kinds)) == kept, 90)
    installed.helm(SYSTEM).uninstall(OPERATOR_RELEASE, timeout=TIMEOUT)
    until("nothing of the operator", lambda: _of_the_operator(installed) == [], 90)
    listed = AdminClient({"bootstrap.servers": installed.kafka}).list_topics(timeout=20).topics
    assert {f"prod.{topic.name}" for topic in CATALOGUE} <= set(listed)
    assert installed.kubectl("get", "crd", "-o", "name").split() == [
        "customresourcedefinition.apiextensions.k8s.io/unionflowstreams.unionflow.lions.dev"
    ]


def _of_the_operator(world: World) -> Sequence[str]:
    namespaced = world.left(SYSTEM, "deploy,rs,pods,svc,cm,secret,sa,netpol,pdb,role,rolebinding")
    whole = world.kubectl("get", "clusterrole,clusterrolebinding", "-o", "name").split()
    kept = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
    return [name for name in [*namespaced, *whole] if name not in kept and "unionflow" in name]
