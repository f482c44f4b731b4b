"""Who the clients are: how each comes, what it may see, and what it does about its tokens.

Every kind is a fixed share, so that any number of clients from a few dozen on has them all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.history import ClientHistory, Dialect
from tests.chaos.ledger import Viewer
from tests.chaos.stream import ORGANIZATIONS, viewers
from tests.chaos.tokens import Manner, Wallet

_V1, _DEFLATE = (Dialect.V1, False), (Dialect.V1, True)
_SSE, _PLAIN = (Dialect.SSE, False), (Dialect.PLAIN, False)
# Of twelve clients: five WebSockets of unionflow.v1, two that ask for compression, three streams
# of server-sent events, two old apps.
_WAYS = (_V1, _V1, _SSE, _DEFLATE, _V1, _PLAIN, _SSE, _V1, _V1, _DEFLATE, _SSE, _PLAIN)
# Of seven, so that every way meets every manner.
_MANNERS = (
    Manner.LONG,
    Manner.REFRESH,
    Manner.LONG,
    Manner.EXPIRE,
    Manner.LONG,
    Manner.REFRESH,
    Manner.LONG,
)


@dataclass(frozen=True, slots=True)
class Role:
    """How one client behaves. begins: its first cursor. in_message: it sends cursors as messages.

    token_in: where it brings its token: `header`, `subprotocol` or `query`. narrowed: its token
    has more organisations than it asks for.
    """

    history: ClientHistory
    wallet: Wallet
    token_in: str
    begins: str | None = None
    in_message: bool = False
    narrowed: bool = False


def shares(clients: int) -> Mapping[str, int]:
    """How many come which way, by the name of the transport."""
    count: Counter[str] = Counter()
    for number in range(clients):
        dialect, deflate = _WAYS[number % len(_WAYS)]
        count[ClientHistory("", Viewer(), dialect, deflate).transport] += 1
    return count


def roles(rng: random.Random, clients: int) -> Sequence[Role]:
    """One for each client. The same dice give the same, but for the moment of their tokens."""
    return [_role(rng, number, viewer) for number, viewer in enumerate(viewers(rng, clients))]


def _role(rng: random.Random, number: int, viewer: Viewer) -> Role:
    dialect, deflate = _WAYS[number % len(_WAYS)]
    manner = _MANNERS[number % len(_MANNERS)]
    if manner is Manner.REFRESH and dialect is not Dialect.V1:
        manner = Manner.EXPIRE  # nobody else can send a new one
    narrowed = number % 10 == 6 and bool(viewer.organizations)
    organizations = set(viewer.organizations)
    if narrowed:
        organizations |= set(rng.sample(ORGANIZATIONS, 3))
    places = ["header", "query"] + ["subprotocol"] * (dialect is Dialect.V1)
    return Role(
        ClientHistory(f"client-{number:03}", viewer, dialect, deflate),
        Wallet(viewer.user or "", organizations, manner, random.Random(rng.random())),
        places[number % len(places)],
        begins="earliest" if number % 20 == 7 or number % 60 == 2 else None,
        in_message=dialect is Dialect.V1 and number % 10 == 4,
        narrowed=narrowed,
    )
