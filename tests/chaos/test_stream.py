"""The stream is what the ledger says it is: to the vocabulary's own parser, too."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest

from tests.chaos.ledger import Scope
from tests.chaos.stream import (
    HEAVY_EVERY,
    ORGANIZATIONS,
    TOPICS,
    Change,
    Draft,
    Stream,
    heavy_clients,
    number_of,
    viewers,
)
from unionflow_events import Event, Record, Rejected, parse
from unionflow_relay.core.revocation import ruling_of

DRAFTS = 2_000


def drafts() -> list[Draft]:
    stream = Stream(random.Random(3), ["anna", "bert"])
    return [stream.draft(number, TOPICS) for number in range(DRAFTS)]


def parsed(draft: Draft) -> Event | Rejected:
    return parse(Record(draft.entry.topic, "AAAAAAAA.0.1", 0, draft.key, draft.value))


def test_every_record_is_for_whom_the_ledger_says_and_poison_is_for_nobody() -> None:
    seen: Counter[Scope] = Counter()
    for draft in drafts():
        event, audience = parsed(draft), draft.entry.audience
        seen[audience.scope] += 1
        if audience.scope is Scope.NOBODY:
            assert isinstance(event, Rejected), draft.value
        else:
            assert isinstance(event, Event)
            assert (str(event.audience.scope), event.audience.id) == (
                str(audience.scope),
                audience.id,
            )
            assert event.event_type == draft.entry.event_type
    assert seen.keys() == set(Scope)


def test_an_event_is_known_by_its_number_and_by_its_seal() -> None:
    for number, draft in enumerate(drafts()):
        if draft.entry.audience.scope is not Scope.NOBODY:
            event = orjson.loads(draft.value or b"")
            assert number_of(event) == number
            assert number_of({**event, "organizationId": "another"}) is None
            assert number_of({**event, "id": "audit-1000000"}) is None


def test_of_changes_in_one_moment_the_later_is_the_latest() -> None:
    stream = Stream(random.Random(3), ["anna"])
    changes = [Change("anna", "mutual-03", suspended) for suspended in (True, False) * 50]
    moments = [stream.ruling(n, change).timestamp_ms for n, change in enumerate(changes)]
    assert moments == sorted(set(moments))


def test_the_same_dice_give_the_same_stream() -> None:
    assert drafts() == drafts()


def test_heavy_clients_are_those_of_every_organisation() -> None:
    made = viewers(random.Random(1), 10 * HEAVY_EVERY)
    heavy = [n for n, viewer in enumerate(made) if viewer.organizations >= {*ORGANIZATIONS}]
    assert heavy == [*heavy_clients(len(made))]


@pytest.mark.parametrize("suspended", [True, False])
def test_a_change_of_a_member_s_right_is_one_to_relays_too(suspended: bool) -> None:
    stream = Stream(random.Random(3), ["anna"])
    draft = stream.ruling(7, Change("anna", "mutual-03", suspended))
    event = parsed(draft)
    assert isinstance(event, Event)
    assert number_of(orjson.loads(event.encoded)) == 7
    understood, ruling = ruling_of(event, draft.timestamp_ms), draft.entry.ruling
    assert understood is not None
    assert ruling is not None
    for name in ("user", "organization", "moment", "suspended"):
        assert getattr(understood, name) == getattr(ruling, name)
