"""`python -m tests.backend.kills`: kills at length, and one table of what came of them."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.backend.kills.run import Place, run_kills
from tests.support.kafka import shared_kafka
from tests.support.postgres import running_postgres
from unionflow_events import TopicNames


def main() -> int:
    """Returns 0 when nothing was lost, invented, disordered or altered, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.backend.kills", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="how often to kill it [200]")
    parser.add_argument("--seed", type=int, default=1, help="of the workload and the kills [1]")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, shared_kafka(Path(folder) / "kafka") as kafka:
        place = Path(folder), kafka.bootstrap_servers
        if asked.database == "sqlite":
            return _run(f"sqlite:///{folder}/backend.db", *place, asked.points, asked.seed)
        with running_postgres() as server:
            return _run(server.create_database(), *place, asked.points, asked.seed)


def _run(database: str, folder: Path, servers: str, points: int, seed: int) -> int:
    topics = TopicNames.from_entries(prefix=f"kills{seed}.")
    began = time.monotonic()
    place = Place(database, servers, topics, folder)
    finding, workload = asyncio.run(run_kills(place, points, seed, _progress))
    print(f"{points} kills in {time.monotonic() - began:.0f} s, seed {seed}, {database[:8]}…")
    print(f"  requests {workload.requests:,}, of them without an answer {workload.failures:,}")
    print(f"  events committed {finding.committed:,}, repeated in Kafka {finding.repeats:,}")
    for name in ("lost", "invented", "disordered", "altered", "unsaid"):
        print(f"  {name} {len(getattr(finding, name))}")
    for fault in finding.faults[:20]:
        print(f"  {fault}")
    return 1 if finding.faults else 0


def _progress(text: str) -> None:
    sys.stderr.write(f"\r{text}")


if __name__ == "__main__":
    sys.exit(main())
