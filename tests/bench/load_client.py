"""Starts and steers the load client in load/, which it compiles when its source is new."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.errors import LoadFailed, ToolMissing, WrongCount

_SOURCES = Path(__file__).parent / "load"
_BUILD = Path(__file__).parents[2] / "build"
_WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]  # shown, not fatal
_FLAGS = ["-std=c11", "-O2", *_WARNINGS]
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Received:
    """What the connections got of what they were to expect, which was exactly that."""

    events: int
    last_ns: int  # CLOCK_MONOTONIC when the last client had its last event
    cpu_seconds: float  # the load client's own
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """How long it took until all clients that came back were live, and what one got till then."""

    seconds: float
    fewest: int
    most: int
    cpu_seconds: float  # the load client's own


@dataclass(frozen=True, slots=True)
class Handshakes:
    """How many handshakes got done in how long."""

    count: int
    seconds: float
    cpu_seconds: float  # the load client's own


def compiled() -> Path:
    """The load client's program, compiled where it is not yet.

    Raises:
        ToolMissing: there is no `cc`, or it refuses the source.
    """
    sources = sorted(_SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(s.read_bytes() for s in sources) + " ".join(_FLAGS).encode())
    program = _BUILD / f"load-{digest.hexdigest()[:12]}"
    if program.exists():
        return program
    _BUILD.mkdir(exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    halves = [str(source) for source in sources if source.suffix == ".c"]
    command = ["cc", *_FLAGS, "-o", str(unfinished), *halves]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError as problem:
        raise ToolMissing("the load client needs a C compiler: apt-get install gcc") from problem
    except subprocess.CalledProcessError as problem:
        raise ToolMissing("cc refuses the load client; it said why above") from problem
    unfinished.rename(program)
    return program


class LoadClient:
    """Open connections, held until the context ends.

    The program ends by itself when this process does, when a handshake stalls for 15 s and, come
    what may, after 900 s; so reading its answers needs no deadline here.
    """

    def __init__(self, port: int, dialect: str, targets: Sequence[str], folder: Path) -> None:
        """Connect once per target of `targets`. `folder` takes small files."""
        self._folder = folder
        arguments = _arguments(port, dialect, targets, folder)
        self._process = subprocess.Popen(
            [*arguments, "hold", str(len(targets))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        try:
            self._answer()
        except LoadFailed:
            self._process.wait()
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        with self._process:  # closes its standard input, which ends it, and waits
            pass

    def expect(self, counts: int | Sequence[int], *, within: float, latency: bool = False) -> None:
        """Count from now on; `counts` for each connection, `within` so many seconds."""
        said = str(counts)
        if not isinstance(counts, int):
            path = self._folder / "counts"
            path.write_text("\n".join(map(str, counts)))
            said = f"@{path}"
        assert self._process.stdin is not None
        self._process.stdin.write(f"expect {within * 1000:.0f} {latency:d} {said}\n")
        self._process.stdin.flush()
        self._answer()

    def received(self) -> Received:
        """Wait until all connections have what they expect, and a little longer.

        Raises:
            WrongCount: some have less or more, or were closed by the server.
        """
        answer = self._answer()
        if answer["short"] or answer["surplus"] or answer["lost"]:
            raise WrongCount(
                f"{answer['received']:,} of {answer['expected']:,} events arrived: "
                f"{answer['short']} clients have too few, {answer['surplus']} too many, "
                f"{answer['lost']} were closed (last code {answer['close_code'] or 'none'})"
            )
        return Received(
            events=answer["received"],
            last_ns=answer["last_ns"],
            cpu_seconds=answer["cpu_seconds"],
            p50_ms=answer["p50_ms"],
            p99_ms=answer["p99_ms"],
        )

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise LoadFailed(self._process.stderr.read().strip() or "the load client ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def resuming(port: int, targets: Sequence[str], folder: Path, at_once: int) -> Iterator[Resumed]:
    """Clients that come back together, `at_once` handshakes in flight; they stay for the context.

    Raises:
        LoadFailed: one was refused, closed, told that something is gone, or all stood still.
    """
    command = [*_arguments(port, "unionflow.v1", targets, folder, at_once), "resume"]
    with subprocess.Popen(
        [*command, str(len(targets))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if not line:
            raise LoadFailed(process.stderr.read().strip() or "the load client ended")
        said = json.loads(line)
        yield Resumed(said["seconds"], said["fewest"], said["most"], said["cpu_seconds"])


def churn(
    port: int, dialect: str, targets: Sequence[str], folder: Path, seconds: float
) -> Handshakes:
    """Open and close connections without pause, 64 in flight, to the targets in turn.

    Raises:
        LoadFailed: a handshake was refused, or none got done for 15 s.
    """
    command = [*_arguments(port, dialect, targets, folder), "churn", f"{seconds}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise LoadFailed(done.stderr.strip())
    answer = json.loads(done.stdout)
    return Handshakes(answer["handshakes"], answer["seconds"], answer["cpu_seconds"])


def _arguments(
    port: int, dialect: str, targets: Sequence[str], folder: Path, at_once: int = IN_FLIGHT
) -> list[str]:
    path = folder / "targets"
    path.write_text("".join(f"{target}\n" for target in targets))
    options = {"port": port, "dialect": dialect, "in-flight": at_once, "targets": path}
    return [str(compiled()), *(f"--{name}={value}" for name, value in options.items())]
