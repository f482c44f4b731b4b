"""An approval's whole life, in any order that people can think of, against a model of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.backend.asking import Asking, Who, an_approval, calling, organization
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms

PEOPLE = tuple(Who(name, "treasurer") for name in ("awa", "binta", "cheikh", "demba"))
PERSON = st.sampled_from(PEOPLE)
PATH = "/finance/approvals"


class ApprovalMachine(RuleBasedStateMachine):
    """One organisation, one approval at a time, four people; the model is what is meant."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="unionflow-machine-"))
        shutil.copyfile(self.template, self.folder / "a.db")
        self.runner = asyncio.Runner()
        self.database = Database(database_url(f"sqlite:///{self.folder}/a.db"), now_ms)
        self.context = calling(self.database)
        self.api: Asking = self.runner.run(self.context.__aenter__())
        self.id = ""
        self.requester = PEOPLE[0]
        self.needed = 1
        self.voters: set[str] = set()
        self.status = "NONE"
        self.decider = ""
        self.events: list[str] = []

    def ask(self, path: str, who: Who | None, body: object = None) -> Any:
        return self.runner.run(self.api.post(path, body, who))

    @initialize(needed=st.integers(1, 3))
    def found(self, needed: int) -> None:
        self.needed = needed
        levels = [{"fromAmount": "1", "approvers": needed}]
        self.runner.run(organization(self.api, approvalLevels=levels))

    @precondition(lambda self: self.status != "PENDING")
    @rule(who=PERSON)
    def request(self, who: Who) -> None:
        answer = self.ask(PATH, who, an_approval())
        assert answer.status_code == 201
        self.id, self.requester = answer.json()["id"], who
        self.voters, self.status = set(), "PENDING"
        self.events.append("APPROVAL_PENDING")

    @precondition(lambda self: self.id != "")
    @rule(who=PERSON, together=st.lists(PERSON, max_size=2))
    def approve(self, who: Who, together: list[Who]) -> None:
        """One presses, or several at once: on SQLite they come one after another, in any order."""

        async def press() -> list[Any]:
            path = f"{PATH}/{self.id}/approve"
            return await asyncio.gather(*(self.api.post(path, who=one) for one in (who, *together)))

        answers = self.runner.run(press())
        if not together:
            assert answers[0].status_code == self.meant_of_approving(who)
        else:
            assert {answer.status_code for answer in answers} <= {200, 403, 409}
            for one in self.in_the_order_they_came(answers, (who, *together)):
                self.meant_of_approving(one)

    def in_the_order_they_came(self, answers: list[Any], people: tuple[Who, ...]) -> list[Who]:
        granted = [
            (answer.json()["approvals"], place)
            for place, answer in enumerate(answers)
            if answer.status_code == 200
        ]
        return [people[place] for _, place in sorted(granted)]

    def meant_of_approving(self, who: Who) -> int:
        if self.status != "REJECTED" and who.user in self.voters:
            return 200
        if self.status != "PENDING":
            return 409
        if who == self.requester:
            return 403
        self.voters.add(who.user)
        enough = len(self.voters) >= self.needed
        self.events.append("APPROVAL_APPROVED" if enough else "APPROVAL_PENDING")
        if enough:
            self.status, self.decider = "APPROVED", who.user
        return 200

    @precondition(lambda self: self.id != "")
    @rule(who=PERSON)
    def reject(self, who: Who) -> None:
        answer = self.ask(f"{PATH}/{self.id}/reject", who, {"reason": "no"})
        if self.status == "REJECTED" and self.decider == who.user:
            meant = 200
        elif self.status != "PENDING":
            meant = 409
        elif who == self.requester:
            meant = 403
        else:
            meant = 200
            self.status, self.decider = "REJECTED", who.user
            self.events.append("APPROVAL_REJECTED")
        assert answer.status_code == meant

    @invariant()
    def what_is_kept_and_what_was_said_is_what_is_meant(self) -> None:
        if self.id == "":
            return
        kept = self.runner.run(self.api.get(f"{PATH}/{self.id}", PEOPLE[0])).json()
        assert (kept["status"], kept["approvals"]) == (self.status, len(self.voters))
        if self.status != "PENDING":
            assert (kept["approvedBy"] or kept["rejectedBy"]) == self.decider
        assert [kind for kind, _ in self.runner.run(self.api.said())] == self.events

    def teardown(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)


def test_an_approvals_life_is_as_meant(sqlite_template: Path) -> None:
    ApprovalMachine.template = sqlite_template
    run_state_machine_as_test(
        ApprovalMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
