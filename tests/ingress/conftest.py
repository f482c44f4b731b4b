"""Two relays on a real Kafka, and a certificate for the host under which clients find them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.ingress.pods import Pods, running_pods
from tests.ingress.proxies import Kind, program_of
from tests.ingress.sites import HEARTBEAT_SECONDS, HOST
from tests.relay.topics import Topics
from tests.support.kafka import Kafka
from tests.support.tls import Certificates, make_certificates


@pytest.fixture(params=list(Kind))
def kind(request: pytest.FixtureRequest) -> Kind:
    """nginx, then HAProxy."""
    kind: Kind = request.param
    program_of(kind)
    return kind


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """What `mutuelle-tls` would hold."""
    return make_certificates(tmp_path_factory.mktemp("ingress-tls"), f"DNS:{HOST}")


@pytest.fixture(scope="session")
def ingress_topics(kafka: Kafka) -> Topics:
    """The five topics of all these tests, which tell theirs by organisation."""
    topics = Topics(kafka.bootstrap_servers, f"ingress{uuid.uuid4().hex[:8]}.")
    topics.create()
    return topics


@pytest.fixture(scope="session")
def pods(ingress_topics: Topics, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    """Two relays that no test ends."""
    folder = tmp_path_factory.mktemp("pods")
    settings = {"UNIONFLOW_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS)}
    with running_pods(folder, ingress_topics, settings) as two:
        yield two
