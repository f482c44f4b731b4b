"""What `helm test` runs: it passes where a client is served, and says where one is not."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping

import jwt
import pytest

from tests.relay.live import RunningRelay
from tests.relay.topics import Topics
from tests.support.kafka import Kafka

SECRET = "a secret of thirty-two bytes, or more"


def run(settings: Mapping[str, str], kafka: str = "127.0.0.1:1") -> tuple[int, str]:
    """The exit code, and what was printed last."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UNIONFLOW_", "KAFKA_"))}
    environ = {**clean, "KAFKA_BOOTSTRAP_SERVERS": kafka, **settings}
    command = [sys.executable, "-m", "unionflow_relay.trial"]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()[-1]


def url_of(relay: RunningRelay) -> str:
    return f"ws://127.0.0.1:{relay.port}/ws/dashboard"


@pytest.fixture(scope="module")
def asking_relay(
    kafka: Kafka, shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay that asks for tokens."""
    settings = {
        **shared_topics.settings,
        "UNIONFLOW_AUTH": "jwt",
        "UNIONFLOW_JWT_SECRET": SECRET,
        "UNIONFLOW_ALLOWED_ORIGINS": "https://ours.example",
    }
    folder = tmp_path_factory.mktemp("asking")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture
def token() -> str:
    now = int(time.time())
    claims = {"sub": "helm", "iat": now, "exp": now + 300, "organizations": ["mutuelle-dakar"]}
    return jwt.encode(claims, SECRET, "HS256")


@pytest.fixture(scope="module")
def topic(shared_topics: Topics) -> str:
    return f"{shared_topics.prefix}unionflow.notifications.user"


def test_an_event_goes_all_the_way_where_everyone_is_let_in(
    kafka: Kafka, relay: RunningRelay, topic: str
) -> None:
    settings = {"UNIONFLOW_TRIAL_URL": url_of(relay), "UNIONFLOW_TRIAL_TOPIC": topic}
    code, said = run(settings, kafka.bootstrap_servers)
    assert (code, said[:28]) == (0, "an event went through Kafka ")


def test_with_a_token_the_event_is_for_its_user_alone(
    kafka: Kafka, asking_relay: RunningRelay, topic: str, token: str
) -> None:
    settings = {
        "UNIONFLOW_TRIAL_URL": url_of(asking_relay),
        "UNIONFLOW_TRIAL_TOPIC": topic,
        "UNIONFLOW_TRIAL_TOKEN": f"{token}\n",
        "UNIONFLOW_TRIAL_ORIGIN": "https://ours.example",
    }
    code, said = run(settings, kafka.bootstrap_servers)
    assert (code, said[:28]) == (0, "an event went through Kafka ")


def test_without_a_token_it_is_enough_that_a_relay_asks_for_one(
    asking_relay: RunningRelay,
) -> None:
    settings = {
        "UNIONFLOW_TRIAL_URL": url_of(asking_relay),
        "UNIONFLOW_TRIAL_ORIGIN": "https://ours.example",
    }
    code, said = run(settings)
    assert (code, said[:37]) == (0, "a relay answers, and asks for a token")


def test_a_token_that_is_refused_fails_with_the_relays_words(
    asking_relay: RunningRelay, topic: str
) -> None:
    settings = {
        "UNIONFLOW_TRIAL_URL": url_of(asking_relay),
        "UNIONFLOW_TRIAL_TOPIC": topic,
        "UNIONFLOW_TRIAL_TOKEN": "none.at.all",
        "UNIONFLOW_TRIAL_SECONDS": "0",
    }
    code, said = run(settings)
    assert code == 1
    assert "HTTP 403" in said or "the relay closes with 4401" in said


def test_where_nobody_listens_it_fails_and_says_so() -> None:
    settings = {"UNIONFLOW_TRIAL_URL": "ws://127.0.0.1:1/ws", "UNIONFLOW_TRIAL_SECONDS": "0"}
    code, said = run(settings)
    assert (code, said[:21]) == (1, "ws://127.0.0.1:1/ws: ")


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers as no business service does."""

    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at the answer."""


def test_business_services_that_do_not_answer_fail_it(relay: RunningRelay) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "UNIONFLOW_TRIAL_URL": url_of(relay),
        "UNIONFLOW_TRIAL_PAGES": f"http://127.0.0.1:{server.server_port}",
        "UNIONFLOW_TRIAL_SECONDS": "0",
    }
    code, said = run(settings)
    server.shutdown()
    server.server_close()
    assert (code, said) == (1, f"{settings['UNIONFLOW_TRIAL_PAGES']}/config.json: HTTP 503")
