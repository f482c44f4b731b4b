"""The verdicts of `dev --check`: each promise is broken in turn, and only its own line says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from unionflow_cli.core.promises import Verdict, is_complete, judge
from unionflow_cli.core.testimony import Frame, sort_frames
from unionflow_cli.core.trial import Dialect, Published, Witness, make_trial

NOON = "2026-11-24T12:00:00.000Z"
TRIAL = make_trial("0a", NOON)
Frames = dict[Witness, list[Frame]]


def published() -> list[Published]:
    """Every event of the trial, each topic with two partitions."""
    offsets: dict[tuple[str, int], int] = {}
    done = []
    for number, event in enumerate(TRIAL.events):
        key = event.user_id or event.organization_id or ""
        topic, partition = event.event_type.value[:6], len(key) % 2
        offset = offsets[topic, partition] = offsets.get((topic, partition), -1) + 1
        done.append(
            Published(
                f"id-{number}",
                event.event_type,
                event.organization_id,
                event.user_id,
                topic,
                partition,
                offset,
                float(number),
            )
        )
    return done


def event_json(event: Published) -> dict[str, Any]:
    body = {"id": event.id, "eventType": event.event_type, "organizationId": event.organization_id}
    return body if event.user_id is None else {**body, "userId": event.user_id}


def event_frame(dialect: Dialect, event: Published, at: float) -> Frame:
    body: Mapping[str, Any] = event_json(event)
    if dialect is Dialect.V1:
        position = f"q3Zk1PfA.{event.partition}.{event.offset}"
        body = {"type": "event", "position": position, "event": body}
    return Frame(at, json.dumps(body))


def perfect(events: Sequence[Published]) -> Frames:
    """What clients of a relay without fault receive."""
    frames: Frames = {}
    for witness in TRIAL.witnesses:
        heard = frames[witness] = []
        if witness.dialect is Dialect.V1:
            heard.append(Frame(0, '{"type":"welcome","cursor":"1","heartbeatSeconds":2}'))
            heard.append(Frame(0, '{"type":"heartbeat","cursor":"1"}'))
        else:
            heard.append(Frame(0, "pong"))
        heard.append(Frame(0, '{"type":"pong"}'))
        heard += [
            event_frame(witness.dialect, event, event.called_at + 0.005)
            for event in events
            if witness.may_see(event.organization_id, event.user_id)
        ]
    return frames


def verdicts(events: Sequence[Published], frames: Frames) -> list[Verdict]:
    return judge(events, [sort_frames(witness, heard) for witness, heard in frames.items()])


def find(name: str, dialect: Dialect) -> Witness:
    return next(w for w in TRIAL.witnesses if (w.name, w.dialect) == (name, dialect))


def without(frames: Frames, witness: Witness, part: str) -> None:
    frames[witness] = [frame for frame in frames[witness] if part not in frame.text]


def lose_an_event(frames: Frames, events: Sequence[Published]) -> None:
    del events
    del frames[find("organisation A", Dialect.PLAIN)][-1]


def leak(heard: list[Frame], dialect: Dialect, foreign: Published) -> None:
    heard.append(event_frame(dialect, foreign, foreign.called_at + 0.005))
    heard.sort(key=lambda frame: frame.at)


def leak_an_event(frames: Frames, events: Sequence[Published]) -> None:
    foreign = next(e for e in events if e.organization_id == "check-0a-b")
    leak(frames[find("organisation A", Dialect.V1)], Dialect.V1, foreign)


def leak_a_strangers_notification(frames: Frames, events: Sequence[Published]) -> None:
    foreign = next(e for e in events if e.user_id == "check-0a-stranger")
    leak(frames[find("a user", Dialect.PLAIN)], Dialect.PLAIN, foreign)


def repeat_an_event(frames: Frames, events: Sequence[Published]) -> None:
    del events
    heard = frames[find("everything", Dialect.V1)]
    heard.append(heard[-1])


def swap_two_events(frames: Frames, events: Sequence[Published]) -> None:
    del events
    for dialect in Dialect:
        frames[find("organisation B", dialect)].reverse()


def change_a_field(frames: Frames, events: Sequence[Published]) -> None:
    del events
    heard = frames[find("organisation A", Dialect.PLAIN)]
    heard[-1] = Frame(heard[-1].at, heard[-1].text[:-1] + ', "data": 1}')


def move_a_position(frames: Frames, events: Sequence[Published]) -> None:
    del events
    heard = frames[find("everything", Dialect.V1)]
    heard[-1] = Frame(heard[-1].at, heard[-1].text.replace("q3Zk1PfA.", "q3Zk1PfA.9"))


def answer_a_bare_ping_in_json(frames: Frames, events: Sequence[Published]) -> None:
    del events
    heard = frames[find("a user", Dialect.PLAIN)]
    frames[find("a user", Dialect.PLAIN)] = [f for f in heard if f.text != "pong"]


def send_no_heartbeat(frames: Frames, events: Sequence[Published]) -> None:
    del events
    without(frames, find("a user", Dialect.V1), '"heartbeat"')


def welcome_without_cursor(frames: Frames, events: Sequence[Published]) -> None:
    del events
    witness = find("a user", Dialect.V1)
    frames[witness] = [
        Frame(f.at, f.text.replace('"cursor":"1","heart', '"heart')) for f in frames[witness]
    ]


def be_slow(frames: Frames, events: Sequence[Published]) -> None:
    del events
    for witness, heard in frames.items():
        frames[witness] = [Frame(frame.at + 1.5, frame.text) for frame in heard]


def test_a_relay_without_fault_keeps_every_promise() -> None:
    events = published()
    assert [v for v in verdicts(events, perfect(events)) if not v.kept] == []


@pytest.mark.parametrize(
    ("fault", "promise", "detail"),
    [
        (lose_an_event, "organisation A: its events, nobody else's", "plain: 1 of 56 missing"),
        (leak_an_event, "organisation A: its events, nobody else's", "of check-0a-b"),
        (leak_a_strangers_notification, "a user: its events, nobody else's", "check-0a-stranger"),
        (repeat_an_event, "a client of everything: all events", "came 2 times"),
        (swap_two_events, "an organisation's events keep their order", "came after"),
        (change_a_field, "both dialects carry the same event", "data differs"),
        (move_a_position, "every v1 event says where it lies", "instead of"),
        (answer_a_bare_ping_in_json, "a ping is answered in its own form", "no bare answer"),
        (send_no_heartbeat, "a heartbeat comes, with a cursor", "none in 3 s"),
        (welcome_without_cursor, "a heartbeat comes, with a cursor", "no welcome"),
        (be_slow, "99 of 100 arrive within 1.0 s", "p99 1.5 s"),
    ],
)
def test_each_fault_breaks_its_own_promise_and_no_other(
    fault: Callable[[Frames, Sequence[Published]], None], promise: str, detail: str
) -> None:
    events = published()
    frames = perfect(events)
    fault(frames, events)
    broken = [v for v in verdicts(events, frames) if not v.kept]
    assert [verdict.promise for verdict in broken] == [promise]
    assert detail in broken[0].detail


def test_clients_that_heard_nothing_keep_no_promise_but_kafkas() -> None:
    events = published()
    kept = [v.promise for v in verdicts(events, {w: [] for w in TRIAL.witnesses}) if v.kept]
    assert kept == ["Kafka takes every event type"]


def test_broadcasts_of_others_on_a_shared_installation_break_no_promise() -> None:
    events = published()
    frames = perfect(events)
    for witness, heard in frames.items():
        body: Mapping[str, Any] = {"id": "x", "eventType": "BROADCAST_NOTIFICATION"}
        if witness.dialect is Dialect.V1:
            body = {"type": "event", "position": "q3Zk1PfA.0.7", "event": body}
        heard.append(Frame(9.0, json.dumps(body)))
    assert [v for v in verdicts(events, frames) if not v.kept] == []


def test_a_client_is_complete_with_its_last_event() -> None:
    events = published()
    witness = find("organisation A", Dialect.V1)
    heard = perfect(events)[witness]
    assert is_complete(events, sort_frames(witness, heard))
    assert not is_complete(events, sort_frames(witness, heard[:-1]))


def test_lines_fit_80_columns() -> None:
    events = published()
    lines = [f"  ✓ {v.promise:<42} {v.detail}" for v in verdicts(events, perfect(events))]
    assert [line for line in lines if len(line) > 80] == []


def test_an_installation_of_others_gets_no_broadcast_to_everyone() -> None:
    trial = make_trial("0a", NOON, broadcast_to_everyone=False)
    assert all(event.organization_id or event.user_id for event in trial.events)
