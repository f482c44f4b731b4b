"""Who gets a record, held against a naive model through random joins, leaves and batches."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.relay import model
from tests.relay.model import Seen
from unionflow_events import EVERYONE, Audience, Scope
from unionflow_relay.core.audience import AudienceIndex, Cohort, View
from unionflow_relay.core.dialects import Dialect, Form
from unionflow_relay.core.fanout import fan_out

MEMBERS = st.integers(0, 7)


class Audiences(RuleBasedStateMachine):
    """Clients come, go, move and narrow; batches of one partition pass between."""

    def __init__(self) -> None:
        super().__init__()
        self.index: AudienceIndex[int] = AudienceIndex()
        self.clients: dict[int, Seen] = {}
        self.offset = 0

    @rule(member=MEMBERS, view=model.views, user=model.users)
    def join(self, member: int, view: View, user: str | None) -> None:
        self.index.join(member, view, user)
        self.clients[member] = Seen(view, user)

    @rule(member=MEMBERS)
    def leave(self, member: int) -> None:
        self.index.leave(member)
        self.clients.pop(member, None)

    @rule(member=MEMBERS, event_types=model.event_types)
    def narrow(self, member: int, event_types: frozenset[str] | None) -> None:
        if member not in self.clients:
            return
        seen = self.clients[member]
        view = replace(self.index.view_of(member), event_types=event_types)
        self.index.join(member, view, self.index.user_of(member))
        self.clients[member] = replace(seen, view=replace(seen.view, event_types=event_types))

    @rule(batch=model.batches)
    def pass_on(self, batch: list[tuple[Audience, str]]) -> None:
        records = [
            model.relayed(audience, kind, self.offset + n)
            for n, (audience, kind) in enumerate(batch)
        ]
        self.offset += len(batch)
        written: dict[int, bytes] = {}
        plan = fan_out(records, self.index)
        for write in plan.writes:
            for member in write.members:
                assert member not in written, "two writes to one client in one slice"
                written[member] = write.data
        expected = model.expected(self.clients, batch)
        assert written == {
            client: b"".join(records[i].frame(self.clients[client].view.form) for i in indices)
            for client, indices in expected.items()
        }
        assert plan.deliveries.total() == sum(map(len, expected.values()))
        reached = sorted({i for indices in expected.values() for i in indices})
        assert list(plan.delivered) == [records[i] for i in reached]

    @invariant()
    def knows_who_is_there(self) -> None:
        assert len(self.index) == len(self.clients)
        assert set(self.index) == set(self.clients)
        for member, seen in self.clients.items():
            assert member in self.index
            assert self.index.view_of(member) == seen.view
            assert self.index.user_of(member) == seen.user

    def teardown(self) -> None:
        for member in list(self.clients):
            self.index.leave(member)
        assert len(self.index) == 0
        record = model.relayed(EVERYONE, "X", 0)
        assert fan_out([record], self.index).writes == []


TestAudiences = Audiences.TestCase
TestAudiences.settings = settings(deadline=None, max_examples=150, stateful_step_count=30)


def joined(*seen: Seen) -> AudienceIndex[int]:
    index: AudienceIndex[int] = AudienceIndex()
    for member, one in enumerate(seen):
        index.join(member, one.view, one.user)
    return index


def reached(index: AudienceIndex[int], audience: Audience) -> set[int]:
    return {
        member
        for d in index.route([model.relayed(audience, "KPI_UPDATED", 0)])
        for member in d.members
    }


ORG_A = Seen(View(Dialect.V1, frozenset({"A"})), None)
USER_A = Seen(View(Dialect.V1), "A")
NOBODY = Seen(View(Dialect.V1), None)
EVERYTHING = Seen(View(Dialect.PLAIN, everything=True), None)

CASES = {
    "an organisation's record": (Audience(Scope.ORGANIZATION, "A"), {0, 3}),
    "a user's record": (Audience(Scope.USER, "A"), {1, 3}),
    "a broadcast": (EVERYONE, {0, 1, 2, 3}),
    "the record of an organisation that nobody is of": (Audience(Scope.ORGANIZATION, "Z"), {3}),
    "an organisation without an id": (Audience(Scope.ORGANIZATION, ""), {3}),
    "a user without an id": (Audience(Scope.USER, ""), {3}),
}


@pytest.mark.parametrize(("audience", "members"), CASES.values(), ids=CASES.keys())
def test_one_id_for_an_organisation_and_a_user_is_never_mixed_up_by(
    audience: Audience, members: set[int]
) -> None:
    assert reached(joined(ORG_A, USER_A, NOBODY, EVERYTHING), audience) == members


def test_two_windows_of_one_user_both_get_the_user_s_record() -> None:
    assert reached(joined(USER_A, USER_A), Audience(Scope.USER, "A")) == {0, 1}


def test_a_client_that_is_of_two_organisations_gets_both_in_the_order_of_the_partition() -> None:
    both = Seen(View(Dialect.V1, frozenset({"A", "B"})), "ann")
    batch = [
        model.relayed(audience, "KPI_UPDATED", offset)
        for offset, audience in enumerate(
            [
                Audience(Scope.ORGANIZATION, "B"),
                Audience(Scope.USER, "ann"),
                Audience(Scope.ORGANIZATION, "C"),
                EVERYONE,
                Audience(Scope.ORGANIZATION, "A"),
                Audience(Scope.USER, "bob"),
            ]
        )
    ]
    (write,) = fan_out(batch, joined(both)).writes
    assert write.data == b"".join(batch[i].frame(Form.V1) for i in (0, 1, 3, 4))


def test_clients_that_get_the_same_bytes_share_one_write() -> None:
    wide = Seen(View(Dialect.V1, frozenset({"A", "B"})), None)
    batch = [model.relayed(Audience(Scope.ORGANIZATION, "A"), "KPI_UPDATED", 0)]
    writes = fan_out(batch, joined(ORG_A, wide, ORG_A)).writes
    assert len(writes) == 1
    assert sorted(writes[0].members) == [0, 1, 2]


def test_leaving_twice_or_without_having_come_is_no_error() -> None:
    index = joined(ORG_A)
    index.leave(0)
    index.leave(0)
    index.leave(99)
    assert len(index) == 0
    with pytest.raises(KeyError):
        index.view_of(0)
    with pytest.raises(KeyError):
        index.user_of(0)


def test_nothing_is_kept_of_views_whose_last_client_has_left() -> None:
    index: AudienceIndex[int] = AudienceIndex()
    for member in range(500):
        types = frozenset({f"T{member}"})
        everything = bool(member % 2)
        organizations = frozenset() if everything else frozenset({f"o{member}"})
        index.join(member, View(Dialect.V1, organizations, types, everything), f"u{member}")
    for member in range(500):
        index.leave(member)
    gc.collect()
    assert not [kept for kept in gc.get_objects() if isinstance(kept, Cohort)]


@pytest.mark.parametrize(
    ("seen", "listed"),
    [
        (EVERYTHING, ["*"]),
        (NOBODY, []),
        (Seen(View(Dialect.V1, frozenset({"b", "a"})), None), ["a", "b"]),
    ],
    ids=["everything", "nothing", "two"],
)
def test_welcome_names_the_organisations_in_order(seen: Seen, listed: list[str]) -> None:
    assert seen.view.listed_organizations() == listed
