"""The programs of tutorials and how-tos work as typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.house.markdown import parse_page
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import TopicNames

PAGES = (
    Path("docs/tutorials/your-first-event.md"),
    Path("docs/how-to/publish-from-your-own-service.md"),
)
# Appended to a FastAPI service: what a caller of it does.
CALLING = """
from fastapi.testclient import TestClient

with TestClient(app) as client:
    assert client.post("/meetings/m-1").json() == {"status": "moved"}
"""


def programs() -> list[str]:
    codes = [code for page in PAGES for code in parse_page((ROOT / page).read_text()).code]
    found = [code for code in codes if "import " in code]
    return [code + CALLING if "app = FastAPI(" in code else code for code in found]


@pytest.mark.parametrize("program", programs())
def test_a_pages_program_publishes_as_typed(own_kafka: Broker, program: str) -> None:
    apply_topics(own_kafka.bootstrap_servers, TopicNames.from_entries().real)
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # A broker that has just made a topic may still say so; that is no fault of the program.
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
