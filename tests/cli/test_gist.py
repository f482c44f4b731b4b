"""One line of what an event says, whatever a producer wrote."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_cli.core import samples
from unionflow_cli.core.gist import MAX_CHARACTERS, gist, local_time
from unionflow_cli.core.samples import SOCIETIES
from unionflow_cli.look import audience, event_line
from unionflow_events import EventType

SAMPLES = samples.of_every_type(SOCIETIES[0], "1", "2026-11-24T12:00:00.000Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["title", "text", "amount", "currency", "totalMembers", "firstName", "date"]),
    JSON,
)


@pytest.mark.parametrize(
    ("event_type", "words"),
    [
        (EventType.APPROVAL_PENDING, "loan 250 000 XOF for Aminata Diop"),
        (EventType.APPROVAL_APPROVED, "250 000 XOF by Awa Ndiaye"),
        (EventType.APPROVAL_REJECTED, "250 000 XOF by Awa Ndiaye (au-dessus du plafond)"),
        (EventType.DASHBOARD_STATS_UPDATED, "412 members, 1 pending"),
        (EventType.KPI_UPDATED, "collection rate 87.5 %"),
        (EventType.ACTIVITY_CREATED, "Aminata Diop asked for a loan"),
        (EventType.EVENT_UPDATED, "Assemblée générale on 2026-11-24"),
        (EventType.USER_NOTIFICATION, "Votre prêt est approuvé"),
        (EventType.BROADCAST_NOTIFICATION, "Maintenance dimanche à 2 h UTC"),
        (EventType.MEMBER_CREATED, "Aminata Diop active"),
        (EventType.MEMBER_UPDATED, "Aminata Diop active"),
        (EventType.CONTRIBUTION_PAID, "10 000 XOF from Aminata Diop"),
    ],
)
def test_each_type_is_told_in_its_own_words(event_type: EventType, words: str) -> None:
    assert gist(event_type, SAMPLES[event_type]) == words


def test_a_type_outside_the_catalogue_is_told_by_its_fields() -> None:
    assert gist("PAYROLL_RUN", {"month": "2026-11", "lines": [1, 2]}) == "month=2026-11 lines=[1,2]"


def test_a_payload_cannot_move_the_cursor_of_the_terminal() -> None:
    assert gist("ACTIVITY_CREATED", {"text": "a\x1b[2J\r\nb\u2028c"}) == "a [2J  b c"


@given(event_type=st.sampled_from([*EventType, "OTHER"]), data=JSON | FIELDS)
def test_any_payload_becomes_one_bounded_printable_line(event_type: str, data: object) -> None:
    line = gist(event_type, data)
    assert len(line) <= MAX_CHARACTERS
    assert line.isprintable()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"userId": "awa", "organizationId": "mutuelle-dakar"}, "@awa"),
        ({"organizationId": "mutuelle-dakar"}, "mutuelle-dakar"),
        ({"organizationId": None}, "everyone"),
    ],
)
def test_a_line_says_whose_event_it_is(event: dict[str, str | None], expected: str) -> None:
    assert audience(event) == expected


def test_a_line_has_time_organisation_type_and_gist_in_columns() -> None:
    event = {
        "timestamp": "not a time",
        "organizationId": "mutuelle-dakar",
        "eventType": "KPI_UPDATED",
        "data": {"name": "rate", "value": 3},
    }
    line = event_line(event).plain
    assert line == "--:--:--  mutuelle-dakar    KPI_UPDATED             rate 3"


def test_times_are_shown_in_the_readers_zone() -> None:
    paris = timezone(timedelta(hours=1))
    assert local_time("2026-11-24T23:30:15.120Z", paris) == "00:30:15"
    assert local_time("2026-11-24T23:30:15.120Z", UTC) == "23:30:15"
