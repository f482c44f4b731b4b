"""Who the clients are, what they bring, and what they keep in order to come back."""

from __future__ import annotations

import random
import time
from collections import Counter

import jwt
import pytest

from tests.chaos.history import Dialect
from tests.chaos.memory import Memory
from tests.chaos.roles import Role, roles, shares
from tests.chaos.tokens import LEEWAY_SECONDS, LONG_SECONDS, SECRET, Manner, Wallet, ends_as
from unionflow_events import rfc3339


def cast() -> list[Role]:
    return [*roles(random.Random(1), 300)]


def claims(text: str) -> dict[str, object]:
    found: dict[str, object] = jwt.decode(text, SECRET, ["HS256"])
    return found


def wallet(manner: Manner) -> Wallet:
    return Wallet("anna", ["B", "A"], manner, random.Random(1))


def test_three_hundred_clients_come_in_the_shares_that_are_said() -> None:
    assert shares(300) == {"unionflow.v1": 125, "v1 deflate": 50, "sse": 75, "plain": 50}
    assert Counter(role.history.transport for role in cast()) == shares(300)


def test_every_way_of_coming_has_long_tokens_and_such_as_are_let_end() -> None:
    met = {(role.history.transport, role.wallet.token.doomed) for role in cast()}
    assert met == {(transport, doomed) for transport in shares(300) for doomed in (True, False)}


def test_a_token_beside_the_subprotocol_is_for_those_who_have_one() -> None:
    assert {role.token_in for role in cast()} == {"header", "subprotocol", "query"}
    beside = {role.history.dialect for role in cast() if role.token_in == "subprotocol"}
    assert beside == {Dialect.V1}


def test_a_token_gives_what_its_client_may_see_and_a_narrowed_one_s_more() -> None:
    for role in cast():
        said = claims(role.wallet.token.text)
        assert said["sub"] == role.history.viewer.user
        assert isinstance(said["organizations"], list)
        extra = set(said["organizations"]) - role.history.viewer.organizations
        assert role.history.viewer.organizations <= {*said["organizations"]}
        assert role.narrowed or not extra


@pytest.mark.parametrize(
    ("manner", "least", "most"),
    [(Manner.LONG, LONG_SECONDS, LONG_SECONDS), (Manner.REFRESH, 20, 40), (Manner.EXPIRE, 20, 40)],
)
def test_how_long_a_token_lasts_is_its_client_s_manner(
    manner: Manner, least: int, most: int
) -> None:
    token = wallet(manner).token
    assert least <= token.expires_at - token.issued_at <= most
    assert token.doomed == (manner is Manner.EXPIRE)
    assert abs(token.issued_at - time.time()) < 60


def test_no_two_tokens_of_a_client_end_in_one_second_not_even_with_the_leeway() -> None:
    one = wallet(Manner.LONG)
    tokens = [one.token, *(one.issue(8 + n % 3) for n in range(50))]
    for token in tokens:
        for leeway in (0, LEEWAY_SECONDS):
            said = rfc3339((token.expires_at + leeway) * 1_000)
            assert [other for other in tokens if ends_as(other, said)] == [token]


def test_a_token_that_is_about_to_end_is_not_brought() -> None:
    one = wallet(Manner.LONG)
    assert one.to_connect() is one.token
    one.token = ending = one.issue(1)
    assert one.to_connect() is not ending


def test_a_client_comes_back_with_its_cursor_and_the_newest_position_of_each_partition() -> None:
    memory = Memory(None)
    assert memory.resume_text() is None
    memory.said("1~A:1,1")
    for position in ("A.0.1", "A.1.1", "A.0.2"):
        memory.took(position)
    assert memory.resume_text() == "1~A:1,1~A.0.2~A.1.1"
    memory.said("1~A:3,2")
    assert memory.resume_text() == "1~A:3,2"


def test_a_client_that_forgets_is_as_it_was_stored() -> None:
    memory = Memory("earliest")
    assert not memory.go_back()
    memory.took("A.0.1")
    memory.snapshot()
    memory.said("1~A:9")
    assert memory.go_back()
    assert memory.resume_text() == "earliest~A.0.1"
