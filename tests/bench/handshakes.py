"""How many upgrades a server does, without tokens and with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urlencode

from tests.access.issuer import signing_key
from tests.bench import load_client, records
from tests.bench.load_client import Handshakes
from tests.bench.servers import NO_SETTINGS, Kind
from tests.bench.stage import Figures, Stage
from tests.relay.tokens import Issuer, issuing

CHURN_SECONDS = 2.0
_WARM_UP = 0.5
NEW_TOKENS = 12_000  # more than a relay remembers: taken in turn, none of them is known
KNOWN_TOKENS = 1_000
_KEY = signing_key("RS256", "bench")  # what most identity providers sign with


def handshakes(stage: Stage, kind: Kind) -> Figures:
    """Upgrades done by the server, 64 at a time; each client leaves when it has its answer."""
    done, used = _churned(stage, kind, [stage.target(kind)])
    return {
        "per_second": done.count / done.seconds,
        "cpu_us": used / done.count * 1e6,
        "load_client_percent": done.cpu_seconds / done.seconds * 100,
    }


def token_handshakes(stage: Stage, kind: Kind) -> Figures:
    """The same with a token in each request, against those without one just before.

    Once with tokens that the relay has not seen, as after its start, and once with such as it has,
    as when a network has dropped.
    """
    bare, _ = _churned(stage, kind, [stage.target(kind)])
    figures: dict[str, float] = {}
    with issuing() as issuer:
        issuer.published = [_KEY]
        settings = {**issuer.settings, "UNIONFLOW_MAX_CONNECTIONS_PER_USER": "0"}
        for name, count in (("new", NEW_TOKENS), ("known", KNOWN_TOKENS)):
            done, used = _churned(stage, kind, _targets()[:count], settings)
            figures |= {
                f"{name}_per_second": done.count / done.seconds,
                f"{name}_ratio": done.count / done.seconds / (bare.count / bare.seconds),
                f"{name}_cpu_us": used / done.count * 1e6,
            }
    return figures


def _churned(
    stage: Stage, kind: Kind, targets: Sequence[str], settings: Mapping[str, str] = NO_SETTINGS
) -> tuple[Handshakes, float]:
    """What got done, and the processor time that the server took for it, in seconds."""
    with stage.server(kind, settings) as tested:
        dialect, folder = stage.spoken(kind), stage.folder
        load_client.churn(tested.port, dialect, targets, folder, _WARM_UP)
        cpu = tested.cpu_seconds()
        done = load_client.churn(tested.port, dialect, targets, folder, CHURN_SECONDS)
        return done, tested.cpu_seconds() - cpu


@cache
def _targets() -> Sequence[str]:
    """A token of another user each. Signed once for all rounds: that takes seconds."""
    issuer = Issuer(0)
    tokens = (issuer.token(f"user-{n}", "mutuelle", key=_KEY) for n in range(NEW_TOKENS))
    return [f"{records.PATH}?{urlencode({'access_token': token})}" for token in tokens]
