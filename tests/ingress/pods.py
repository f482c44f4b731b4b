"""The relays behind a proxy: as the operator starts them under a path, on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ingress.sites import BASE_PATH
from tests.relay.live import LOOPBACK, RunningRelay
from tests.relay.topics import Topics


@dataclass(frozen=True, slots=True)
class Pods:
    """Two relays of the same topics."""

    one: RunningRelay
    other: RunningRelay

    @property
    def addresses(self) -> tuple[str, ...]:
        """What a controller takes from their EndpointSlice, for the port `clients`."""
        return address(self.one), address(self.other)


def address(relay: RunningRelay) -> str:
    """Of the clients' port."""
    return f"{LOOPBACK}:{relay.port}"


@contextmanager
def running_pods(folder: Path, topics: Topics, settings: Mapping[str, str]) -> Iterator[Pods]:
    """Both are ready; both end with the context."""
    environ = {**topics.settings, "UNIONFLOW_BASE_PATH": BASE_PATH, **settings}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(RunningRelay.start(folder, topics.bootstrap_servers, environ))
            for _ in range(2)
        )
        yield Pods(one.wait_until_ready(), other.wait_until_ready())
