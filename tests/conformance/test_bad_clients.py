"""Clients that are made to break a promise are found to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.running import BAD_CLIENT, find

SPOILED = {
    "drop": "events: events keep the order of their coming",
    "hurry": "drain: the client is served until afterMs and then comes back at once",
    "storm": "tokens: a token that is refused for ever is no storm",
    "keep": "closing: after code 4400 the cursor is dropped and the state loaded, once",
    "impatient": "backoff: waits double up to a minute",
}


@pytest.mark.parametrize("fault", SPOILED)
def test_a_spoiled_client_breaks_the_promise_that_it_was_spoiled_in(fault: str) -> None:
    options = ["--time", "virtual", "--patience", "0.5", "--jobs", "1"]
    found = find([*options, "--only", SPOILED[fault]], [*BAD_CLIENT, fault])
    assert found.code == 1
    assert found.broken == {SPOILED[fault]}


def test_a_client_whose_dice_show_nothing_but_noughts_comes_back_too_early(
    go_adapter: Path,
) -> None:
    options = ["--level", "plain", "--patience", "0.5", "--only", "after code 4408"]
    found = find(options, [str(go_adapter), "plain", "hasty"])
    assert found.code == 1
    assert len(found.broken) == 1
