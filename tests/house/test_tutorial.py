"""The tutorial's program works as typed."""

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

TUTORIAL = Path("docs/tutorials/your-first-event.md")


def programs() -> list[str]:
    return [code for code in parse_page((ROOT / TUTORIAL).read_text()).code if "import " in code]


@pytest.mark.parametrize("program", programs())
def test_the_tutorials_program_publishes_as_typed(own_kafka: Broker, program: str) -> None:
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
    assert (ended.returncode, ended.stderr) == (0, "")
