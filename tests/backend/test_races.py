"""Two at once: whatever two people do at the same moment, one thing happens once."""

from __future__ import annotations

import asyncio

from tests.backend.asking import (
    DAKAR,
    MEMBER,
    PRESIDENT,
    SECOND_TREASURER,
    TREASURER,
    Asking,
    Who,
    a_contribution,
    a_member,
    an_approval,
    organization,
)


async def test_two_people_who_approve_at_once_give_one_approved_event(api: Asking) -> None:
    await organization(api)
    for _ in range(5):
        made = await api.made("/finance/approvals", an_approval(), MEMBER)
        path = f"/finance/approvals/{made['id']}/approve"
        answers = await asyncio.gather(
            *(api.post(path, who=who) for who in (TREASURER, SECOND_TREASURER, PRESIDENT))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    kinds = [kind for kind, _ in await api.said()]
    assert kinds.count("APPROVAL_APPROVED") == 5


async def test_one_person_who_presses_many_times_at_once_approves_once(api: Asking) -> None:
    await organization(api)
    made = await api.made("/finance/approvals", an_approval(), MEMBER)
    path = f"/finance/approvals/{made['id']}/approve"
    answers = await asyncio.gather(*(api.post(path, who=TREASURER) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert [kind for kind, _ in await api.said()].count("APPROVAL_APPROVED") == 1


async def test_an_approval_and_a_rejection_at_once_give_one_decision(api: Asking) -> None:
    await organization(api)
    made = await api.made("/finance/approvals", an_approval(), MEMBER)
    path = f"/finance/approvals/{made['id']}"
    answers = await asyncio.gather(
        api.post(f"{path}/approve", who=TREASURER),
        api.post(f"{path}/reject", {"reason": "no"}, PRESIDENT),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await api.said()) == 2


async def test_payments_at_once_never_add_up_to_more_than_is_owed(api: Asking) -> None:
    await organization(api)
    member = await api.made("/members", a_member(), PRESIDENT)
    owed = await api.made("/contributions", a_contribution(member["id"], "5000"), TREASURER)
    path = f"/contributions/{owed['id']}/payments"
    answers = await asyncio.gather(
        *(api.post(path, {"amount": "2000"}, TREASURER) for _ in range(5))
    )
    taken = [answer for answer in answers if answer.status_code == 201]
    assert len(taken) == 2
    now = (await api.get(f"/contributions/{owed['id']}", TREASURER)).json()
    assert (now["paid"], now["remaining"]) == ("4000", "1000")


async def test_the_same_member_twice_at_once_joins_once(api: Asking) -> None:
    await organization(api)
    answers = await asyncio.gather(*(api.post("/members", a_member(), PRESIDENT) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_changes_at_once_of_many_callers_get_numbers_without_gap(api: Asking) -> None:
    await organization(api)
    callers = [Who(f"user-{number}") for number in range(25)]
    answers = await asyncio.gather(
        *(api.post("/finance/approvals", an_approval(), who) for who in callers)
    )
    assert {answer.status_code for answer in answers} == {201}
    async with api.database.reading() as connection:
        rows = await connection.exec_driver_sql(
            f"SELECT number FROM outbox WHERE lane = '{DAKAR}' ORDER BY number"
        )
        assert [number for (number,) in rows] == list(range(1, 52))


async def test_the_same_key_at_once_makes_one_thing_and_one_answer(api: Asking) -> None:
    await organization(api)
    answers = await asyncio.gather(
        *(
            api.post("/finance/approvals", an_approval(), MEMBER, Idempotency_Key="once")
            for _ in range(6)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await api.said()) == 1


async def test_of_two_who_change_what_they_both_read_one_has_lost(api: Asking) -> None:
    await organization(api)
    member = await api.made("/members", a_member(), PRESIDENT)
    path = f"/members/{member['id']}"
    tag = (await api.get(path, PRESIDENT)).headers["etag"]
    answers = await asyncio.gather(
        *(
            api.ask("PATCH", path, {"firstName": name}, PRESIDENT, If_Match=tag)
            for name in ("Aïcha", "Aminata")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_what_locks_things_in_different_orders_never_locks_each_other_out(
    api: Asking,
) -> None:
    await organization(api)
    member = await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    owed = [
        await api.made("/contributions", a_contribution(member["id"]), TREASURER) for _ in range(6)
    ]
    path = f"/members/{member['id']}"
    answers = await asyncio.gather(
        *(api.post(f"/contributions/{one['id']}/reminders", who=TREASURER) for one in owed),
        *(api.ask("PATCH", f"/organizations/{DAKAR}", {"name": "M"}, PRESIDENT) for _ in owed),
        *(api.ask("PATCH", path, {"firstName": "Awa"}, PRESIDENT) for _ in owed),
        *(api.post("/contributions", a_contribution(member["id"]), TREASURER) for _ in owed),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
