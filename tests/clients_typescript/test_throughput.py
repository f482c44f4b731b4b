"""How many events a second of processor time the TypeScript client takes in Node."""

from __future__ import annotations

import re
from pathlib import Path

from tests.clients_typescript.conftest import run

EVENTS = 100_000
FLOOR = 100_000  # events a second of processor time
BENCH_SECONDS = 150


def test_a_hundred_thousand_events_take_less_than_a_second_of_processor_time(
    typescript_client: Path,
) -> None:
    ran = run(
        typescript_client, ["env", f"EVENTS={EVENTS}", "node", "scripts/bench.mjs"], BENCH_SECONDS
    )
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    rates = [
        int(rate.replace(",", ""))
        for rate in re.findall(r"([\d,]+) a processor's second", ran.stdout)
    ]
    assert len(rates) == 3
    assert min(rates) >= FLOOR, ran.stdout
