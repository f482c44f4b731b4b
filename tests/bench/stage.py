"""Where the measures take place, and the servers and clients that they ask it for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import machine, records
from tests.bench.load_client import LoadClient
from tests.bench.producer import Writer
from tests.bench.rivals import centrifugo
from tests.bench.servers import NO_SETTINGS, Kind, Server, server

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the measures take place: broker, topics, cores, a folder for small files."""

    bootstrap_servers: str
    prefix: str
    folder: Path
    cores: machine.Cores
    dialect: str
    disturbances: list[float] = field(default_factory=list)
    """Of each server's time, the share of its core that others had."""

    @contextmanager
    def server(self, kind: Kind, settings: Mapping[str, str] = NO_SETTINGS) -> Iterator[Server]:
        """One server, started anew. settings: the relay's, beyond the bench's own."""
        log, core = self.folder / f"{kind}.log", self.cores.server
        began, busy = time.monotonic(), machine.busy_seconds(core)
        with server(kind, self.bootstrap_servers, self.prefix, log, core, settings) as started:
            yield started
            others = machine.busy_seconds(core) - busy - started.cpu_seconds()
            self.disturbances.append(max(0.0, others) / (time.monotonic() - began))

    def clients(self, kind: Kind, of: Server, scenario: records.Scenario) -> LoadClient:
        """The scenario's clients, to be connected to the server."""
        targets = [self.target(kind, viewer) for viewer in scenario.viewers]
        return LoadClient(of.port, self.spoken(kind), targets, self.folder)

    def target(self, kind: Kind, viewer: records.Viewer = records.EVERYTHING) -> str:
        """What a viewer's handshake asks a server for."""
        return centrifugo.TARGET if kind is Kind.CENTRIFUGO else viewer.target

    def spoken(self, kind: Kind) -> str:
        """The dialect: the bare programs know the plain one alone."""
        if kind is Kind.CENTRIFUGO:
            return centrifugo.DIALECT
        return self.dialect if kind is Kind.RELAY else "plain"

    def writer(self, kind: Kind) -> Writer:
        """A producer to the stage's topics, with the headers that the server needs."""
        headers = centrifugo.HEADERS if kind is Kind.CENTRIFUGO else ()
        return Writer(self.bootstrap_servers, self.prefix, headers)
