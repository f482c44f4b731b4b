"""The command line: measures in paired rounds, prints one table, says whether the floors hold."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import floors, machine, parse_speed, rounds, table
from tests.bench.backend import rows as backend_rows
from tests.bench.backend.stage import Place
from tests.bench.errors import BenchError
from tests.bench.floors import Verdict
from tests.bench.measures import MEASURES
from tests.bench.servers import OWN, Kind
from tests.bench.stage import Stage
from tests.bench.topics import fresh_topics
from tests.support.postgres import running_postgres
from unionflow_cli.kafka import Broker, LocalKafkaError

_PARSE = "parse"
_BACKEND = "backend"
_EXIT_CODES = "exit code: 0 all floors hold, 1 one is missed, 2 wrong usage, 3 nothing was measured"


def main() -> int:
    """Run the bench; the exit code is as `--help` says."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it tidies up as on Ctrl-C
    machine.allow_many_files()
    cores = machine.share_cores()
    try:
        with machine.on_cores(cores.load):  # and of all that is started, servers alone leave it
            return _run(arguments, cores)
    except (BenchError, LocalKafkaError) as problem:
        print("\n".join([f"bench: {problem}", *getattr(problem, "__notes__", ())]), file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.bench",
        description="This relay beside two bare uvloop programs; all of it takes some ten minutes. "
        "Or beside Centrifugo: --servers relay centrifugo.",
        epilog=_EXIT_CODES,
    )
    measures, kinds, dialects = [*MEASURES, _PARSE, _BACKEND], list(Kind), ["plain", "unionflow.v1"]
    parser.add_argument("--only", nargs="+", choices=measures, default=measures)
    parser.add_argument("--servers", nargs="+", type=Kind, choices=kinds, default=list(OWN))
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument(
        "--dialect", choices=dialects, default="plain", help="of the relay's clients (plain)"
    )
    parser.add_argument("--json", action="store_true", help="all figures of all rounds")
    return parser


def _run(arguments: argparse.Namespace, cores: machine.Cores) -> int:
    wanted = [name for name in MEASURES if name in arguments.only]
    taken = rounds.Taken()
    with tempfile.TemporaryDirectory(prefix="unionflow-bench-") as name:
        folder = Path(name)
        parse = parse_speed.measure() if _PARSE in arguments.only else None
        if wanted:
            with _kafka(folder) as bootstrap_servers, fresh_topics(bootstrap_servers) as prefix:
                stage = Stage(bootstrap_servers, prefix, folder, cores, arguments.dialect)
                taken = rounds.take(stage, wanted, arguments.servers, arguments.rounds)
        backend = _backend(folder, cores, arguments.rounds) if _BACKEND in arguments.only else []
    lines = floors.lines(taken.results)
    notes = table.notes(taken, parse)
    if arguments.json:
        said = table.as_json(lines, taken, notes, parse)
        print(json.dumps({**said, "backend": backend_rows.as_json(backend)}, indent=2))
    else:
        if lines:
            where = _where(cores, arguments.dialect)
            print(
                "\n".join(
                    [
                        *table.heading(where, arguments.rounds, arguments.servers),
                        *table.render(lines),
                        "",
                    ]
                )
            )
        if backend:
            print("\n".join(backend_rows.render(backend)))
        print("\n".join(notes))
    verdicts = [line.verdict for line in lines] + [line.verdict for line in backend]
    return int(Verdict.MISSED in verdicts)


def _backend(folder: Path, cores: machine.Cores, count: int) -> list[backend_rows.Line]:
    """The rows of the business services, whose processes share all cores."""
    with (
        machine.on_cores(cores.load | {cores.server}),
        _kafka(folder) as bootstrap_servers,
        fresh_topics(bootstrap_servers) as prefix,
        running_postgres(durable=True) as postgres,
    ):
        place = Place(postgres, bootstrap_servers, prefix, folder)
        return backend_rows.lines(backend_rows.take(place, count))


@contextmanager
def _kafka(folder: Path) -> Iterator[str]:
    """`KAFKA_BOOTSTRAP_SERVERS` if it is set, else a broker of our own."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    with Broker.start(folder / "kafka", progress=rounds.say) as broker:
        yield broker.bootstrap_servers


def _where(cores: machine.Cores, dialect: str) -> str:
    broker = "" if os.environ.get("KAFKA_BOOTSTRAP_SERVERS") else " and broker"
    others = ", ".join(map(str, sorted(cores.load)))
    return (
        f"The server has core {cores.server} alone; load client, producer{broker} have core "
        f"{others}. The relay's clients speak {dialect}."
    )


if __name__ == "__main__":
    sys.exit(main())
