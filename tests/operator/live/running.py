"""An operator as people run one: a process of its own, seen by its log and its management port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from prometheus_client.parser import text_string_to_metric_families

from unionflow_cli.kafka import Process, spawn_tethered

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
OPERATOR: Sequence[str] = ("-m", "unionflow_operator")
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_OWN_SETTINGS = ("UNIONFLOW_", "KAFKA_", "KUBECONFIG", "POD_")
Found = TypeVar("Found")


def until(what: str, look: Callable[[], Found | None], seconds: float = 20.0) -> Found:
    """What `look` gives once it is true; an AssertionError with its last word after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; last: {found!r}"
        time.sleep(POLL_SECONDS)


class RunningOperator:
    """One operator. Used as a context manager it is stopped at the end; it dies with the tests."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.management_port = 0

    @classmethod
    def start(
        cls,
        folder: Path,
        kubeconfig: Path,
        settings: Mapping[str, str] = NO_SETTINGS,
        program: Sequence[str] = OPERATOR,
    ) -> Self:
        """Start one; returns when it serves its management port.

        settings: variables that win over ours. program: what Python is to run.
        """
        log = folder / f"operator-{time.monotonic_ns()}.log"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)} | {
            "KUBECONFIG": str(kubeconfig),
            "UNIONFLOW_HOST": LOOPBACK,
            "UNIONFLOW_MANAGEMENT_PORT": "0",
            "UNIONFLOW_LEADER_ELECTION": "false",
            "UNIONFLOW_RESYNC_SECONDS": "10",
            **settings,
        }
        process = spawn_tethered([sys.executable, *program], log, environ=environ)
        operator = cls(process, log)
        try:
            line = until("it runs", lambda: operator.line("operator runs"), START_SECONDS)
        except BaseException:
            process.kill()
            raise
        operator.management_port = int(line["management_port"])
        return operator

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.stop(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: it can do nothing about it."""
        self.process.kill()

    def pause(self) -> None:
        """It stands still from now on."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self.process.signal(signal.SIGCONT)

    def lines(self) -> list[dict[str, Any]]:
        """Its log, but for lines that are no event."""
        text = self.log.read_text(errors="replace")
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def line(self, event: str) -> dict[str, Any] | None:
        """The first line of an event."""
        return next((line for line in self.lines() if line.get("event") == event), None)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of the management side's answer; (0, why) where there is none."""
        connection = http.client.HTTPConnection(LOOPBACK, self.management_port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def is_at_rest(self) -> bool:
        """Whether it has written something, and then nothing for a second."""
        before = self.metric("writes_total")
        time.sleep(1)
        return before > 0 and self.metric("writes_total") == before

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        _, text = self.get("/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == f"unionflow_operator_{name}"
            and labels.items() <= sample.labels.items()
        )
