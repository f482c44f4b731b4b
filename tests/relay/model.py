"""A naive model of who sees what, against which the relay's own grouping is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from unionflow_events import EVERYONE, Audience, Event, Scope
from unionflow_relay.core.audience import View
from unionflow_relay.core.dialects import Form
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed

ORGANIZATIONS = ("A", "B", "C")
USERS = ("ann", "bob")
LANE = Lane("members", "q3Zk1PfA", 0)
TYPES = ("MEMBER_CREATED", "KPI_UPDATED", "SOMETHING_ELSE")

audiences = st.one_of(
    st.sampled_from(ORGANIZATIONS).map(lambda id: Audience(Scope.ORGANIZATION, id)),
    st.sampled_from((*USERS, "A")).map(lambda id: Audience(Scope.USER, id)),
    st.just(EVERYONE),
)
event_types = st.none() | st.frozensets(st.sampled_from(TYPES))


@st.composite
def _views(draw: st.DrawFn) -> View:
    dialect, packing = draw(st.sampled_from(Form)).value
    everything = draw(st.booleans())
    seen = frozenset() if everything else draw(st.frozensets(st.sampled_from(ORGANIZATIONS)))
    return View(dialect, seen, draw(event_types), everything, packing)


views = _views()
users = st.none() | st.sampled_from(USERS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one client asked for."""

    view: View
    user: str | None

    def gets(self, audience: Audience, event_type: str) -> bool:
        """The promise itself, one client and one record at a time."""
        types = self.view.event_types
        if types is not None and event_type not in types:
            return False
        if self.view.everything or audience.scope is Scope.EVERYONE:
            return True
        if audience.scope is Scope.USER:
            return audience.id == self.user
        return audience.id in self.view.organizations


def relayed(
    audience: Audience,
    event_type: str,
    offset: int,
    body: str = "",
    *,
    lane: Lane = LANE,
    subject: bytes | None = None,
) -> Relayed:
    """A record, whose JSON tells it from every other of its partition."""
    fill = b" " * (offset % 3 * 150)  # some are worth compressing
    encoded = b'{"id":"%d",%s"data":{"text":"%s"}}' % (offset, fill, body.encode())
    event = Event(str(offset), event_type, "", None, None, {}, audience, encoded)
    return Relayed(event, lane, offset, 1_000 + offset, subject)


batches = st.lists(st.tuples(audiences, st.sampled_from(TYPES)), max_size=12)


def expected(
    clients: Mapping[int, Seen], batch: Sequence[tuple[Audience, str]]
) -> dict[int, list[int]]:
    """The indices of `batch` that each client gets, of those clients that get any."""
    got = {
        client: [i for i, (audience, kind) in enumerate(batch) if seen.gets(audience, kind)]
        for client, seen in clients.items()
    }
    return {client: indices for client, indices in got.items() if indices}
