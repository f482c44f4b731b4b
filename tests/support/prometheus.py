"""A real Prometheus on loopback, and its `promtool`: from what is installed here."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.tiers import tier_is_missing
from unionflow_cli.kafka import spawn_tethered
from unionflow_cli.kafka.adapters import ports

# Whoever asks for one of them needs the tier `prometheus`.
FIXTURES = frozenset({"promtool", "watched"})
LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Promtool:
    """Prometheus' checker."""

    program: str

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Whether it was content, and what it said."""
        done = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode == 0, done.stdout + done.stderr


def find_promtool() -> Promtool:
    """Skips the test where there is none, or fails it in CI."""
    return Promtool(_program("promtool"))


class Prometheus:
    """One server. What it scrapes stands in a file that it reads again (`file_sd`)."""

    def __init__(self, url: str, targets: Path, log: Path) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self._targets = targets
        self._log = log

    def scrape(self, targets: Mapping[int, Mapping[str, str]]) -> None:
        """Scrape these and no others from now on: by their port, their labels."""
        found = [
            {"targets": [f"{LOOPBACK}:{port}"], "labels": dict(labels)}
            for port, labels in targets.items()
        ]
        written = self._targets.with_suffix(".new")
        written.write_text(json.dumps(found))
        written.rename(self._targets)

    def query(self, expr: str) -> list[dict[str, Any]]:
        """An instant query's series."""
        return self._ask("/api/v1/query", {"query": expr})

    def query_range(self, expr: str, begin: float, end: float, step: float) -> list[dict[str, Any]]:
        """A range query's series. begin, end: seconds since 1970; step: seconds."""
        return self._ask(
            "/api/v1/query_range",
            {"query": expr, "start": str(begin), "end": str(end), "step": str(step)},
        )

    def exemplars(self, expr: str, begin: float, end: float) -> list[dict[str, str]]:
        """The labels of every exemplar that a query's series have in this time."""
        asked = {"query": expr, "start": str(begin), "end": str(end)}
        found = self._get("/api/v1/query_exemplars", asked)
        return [one["labels"] for series in found for one in series["exemplars"]]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        groups = self._get("/api/v1/rules", {})["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return self._client.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        """No more questions."""
        self._client.close()

    def _ask(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(path, parameters)["result"]
        return found

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        answer = self._client.get(path, params=dict(parameters))
        said = answer.json()
        assert said["status"] == "success", f"{parameters}: {said}"
        return said["data"]


@contextmanager
def running_prometheus(
    folder: Path, rules: Sequence[Path] = (), *, every_seconds: float = 1.0
) -> Iterator[Prometheus]:
    """Start one with these rule files. every_seconds: of scrapes and of rules."""
    program = _program("prometheus")
    folder.mkdir(parents=True, exist_ok=True)
    targets, log = folder / "targets.json", folder / "prometheus.log"
    targets.write_text("[]")
    config = folder / "prometheus.yml"
    config.write_text(_config(targets, rules, every_seconds))
    port = ports.free_ports(1)[0]
    options = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--enable-feature=exemplar-storage",
    )
    process = spawn_tethered([program, *options], log)
    server = Prometheus(f"http://{LOOPBACK}:{port}", targets, log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_ready():
            assert process.is_running, f"Prometheus has ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"it is not ready:\n{log.read_text()}"
            time.sleep(0.05)
        yield server
    finally:
        server.close()
        process.stop(STOP_SECONDS)


def _config(targets: Path, rules: Sequence[Path], every: float) -> str:
    milliseconds = f"{int(every * 1000)}ms"
    scrape = {
        "job_name": "unionflow",
        "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}],
    }
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": milliseconds,
                "scrape_timeout": milliseconds,
                "evaluation_interval": milliseconds,
            },
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [scrape],
        }
    )


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        tier_is_missing(f"no {name} here: apt-get install --no-install-recommends prometheus")
    return found
