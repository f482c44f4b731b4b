"""Who gets a record: an organisation's clients, one user's, or everyone's; and nobody else's.

Clients that see the same organisations in the same form share a cohort, so that a batch costs
one join of frames per cohort that it hits, not one per client. Joining and leaving take O(1) for
a known view (the organisations of a new one are indexed once).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, NamedTuple, Protocol, TypeVar

from unionflow_events import Audience, Scope
from unionflow_relay.core.dialects import ALL_ORGANIZATIONS, Dialect, Form, Packing

M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class View:
    """What a connection asked for and may see, its user's own records apart.

    everything: the first system's manner, where no organisation and no user was named.
    event_types: None for all types.
    """

    dialect: Dialect
    organizations: frozenset[str] = frozenset()
    event_types: frozenset[str] | None = None
    everything: bool = False
    packing: Packing = Packing.RAW

    @property
    def form(self) -> Form:
        """What its events' frames are of."""
        return Form((self.dialect, self.packing))

    def listed_organizations(self) -> list[str]:
        """The organisations as `welcome` and `access` name them."""
        return [ALL_ORGANIZATIONS] if self.everything else sorted(self.organizations)


@dataclass(eq=False, slots=True)
class Cohort(Generic[M]):
    """Clients of one view. A dict keeps the order of joining and drops a member in O(1)."""

    view: View
    form: Form
    members: dict[M, None] = field(default_factory=dict)


class Seat(NamedTuple, Generic[M]):
    """Where a client sits."""

    cohort: Cohort[M]
    user: str | None


class Addressed(Protocol):
    """What routing needs to know of a record."""

    audience: Audience
    event_type: str


class Delivery(NamedTuple, Generic[M]):
    """Members that get the same records of a batch, in the batch's order."""

    form: Form
    indices: tuple[int, ...]
    members: Sequence[M]


class AudienceIndex(Generic[M]):
    """Every connected client by what it may see."""

    def __init__(self) -> None:
        self._cohorts: dict[View, Cohort[M]] = {}
        self._by_organization: dict[str, dict[Cohort[M], None]] = {}
        self._seeing_everything: dict[Cohort[M], None] = {}
        self._by_user: dict[str, dict[M, None]] = {}
        self._seats: dict[M, Seat[M]] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, member: object) -> bool:
        return member in self._seats

    def __iter__(self) -> Iterator[M]:
        return iter(self._seats)

    def view_of(self, member: M) -> View:
        """What the member sees. Raises KeyError for one who never joined."""
        return self._seats[member].cohort.view

    def user_of(self, member: M) -> str | None:
        """Whose private records the member gets. Raises KeyError for one who never joined."""
        return self._seats[member].user

    def join(self, member: M, view: View, user: str | None) -> None:
        """Seat a client; one who sits already moves to the new view."""
        self.leave(member)
        cohort = self._cohorts.get(view) or self._open(view)
        cohort.members[member] = None
        if user is not None:
            self._by_user.setdefault(user, {})[member] = None
        self._seats[member] = Seat(cohort, user)

    def leave(self, member: M) -> None:
        """Forget a client, and what only it needed. One who never joined is no error."""
        seat = self._seats.pop(member, None)
        if seat is None:
            return
        cohort, user = seat
        del cohort.members[member]
        if not cohort.members:
            self._close(cohort)
        if user is not None:
            sessions = self._by_user[user]
            del sessions[member]
            if not sessions:
                del self._by_user[user]

    def route(self, batch: Sequence[Addressed]) -> list[Delivery[M]]:
        """Who gets what of a batch: each client at most once, its records in the batch's order.

        Records of one audience are looked up together: a backlog has few audiences and many
        records.
        """
        by_audience: dict[Audience, list[int]] = {}
        for index, record in enumerate(batch):
            by_audience.setdefault(record.audience, []).append(index)
        shared: dict[Cohort[M], list[list[int]]] = {}
        personal: dict[M, list[list[int]]] = {}
        for audience, indices in by_audience.items():
            for cohort in self._cohorts_of(audience):
                shared.setdefault(cohort, []).append(indices)
            if audience.scope is Scope.USER:
                for member in self._by_user.get(audience.id, ()):
                    if not self._seats[member].cohort.view.everything:
                        personal.setdefault(member, []).append(indices)
        return [*self._shared(batch, shared, personal), *self._personal(batch, shared, personal)]

    def _cohorts_of(self, audience: Audience) -> Iterable[Cohort[M]]:
        if audience.scope is Scope.ORGANIZATION:
            own = self._by_organization.get(audience.id)
            if own is None:
                return self._seeing_everything
            return [*own, *self._seeing_everything] if self._seeing_everything else own
        if audience.scope is Scope.EVERYONE:
            return self._cohorts.values()
        return self._seeing_everything

    def _shared(
        self,
        batch: Sequence[Addressed],
        shared: Mapping[Cohort[M], Sequence[list[int]]],
        personal: Collection[M],
    ) -> Iterator[Delivery[M]]:
        for cohort, hits in shared.items():
            indices = _merged(batch, hits, cohort.view.event_types)
            members = tuple(cohort.members)
            if personal:
                members = tuple(m for m in members if m not in personal)
            if members and indices:
                yield Delivery(cohort.form, indices, members)

    def _personal(
        self,
        batch: Sequence[Addressed],
        shared: Mapping[Cohort[M], Sequence[list[int]]],
        personal: Mapping[M, Sequence[list[int]]],
    ) -> Iterator[Delivery[M]]:
        for member, hits in personal.items():
            cohort = self._seats[member].cohort
            all_hits = [*hits, *shared.get(cohort, ())]
            indices = _merged(batch, all_hits, cohort.view.event_types)
            if indices:
                yield Delivery(cohort.form, indices, (member,))

    def _open(self, view: View) -> Cohort[M]:
        cohort: Cohort[M] = Cohort(view, view.form)
        self._cohorts[view] = cohort
        if view.everything:
            self._seeing_everything[cohort] = None
            return cohort
        for organization in view.organizations:
            self._by_organization.setdefault(organization, {})[cohort] = None
        return cohort

    def _close(self, cohort: Cohort[M]) -> None:
        del self._cohorts[cohort.view]
        self._seeing_everything.pop(cohort, None)
        for organization in cohort.view.organizations:
            cohorts = self._by_organization.get(organization, {})
            cohorts.pop(cohort, None)
            if not cohorts:
                self._by_organization.pop(organization, None)


def _merged(
    batch: Sequence[Addressed], hits: Sequence[list[int]], types: frozenset[str] | None
) -> tuple[int, ...]:
    """Hits of several audiences in the batch's order, of the types that are wanted."""
    indices = hits[0] if len(hits) == 1 else sorted(chain.from_iterable(hits))
    if types is not None:
        return tuple(index for index in indices if batch[index].event_type in types)
    return tuple(indices)
