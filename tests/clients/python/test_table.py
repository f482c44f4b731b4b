"""The Python client keeps every promise of the table."""

from __future__ import annotations

import pytest

from tests.clients.python.player import Player, make_session
from tests.contract.table import Case, all_cases
from unionflow_client.errors import BadOption


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.subject}: {case.name}")
def test_the_session_keeps_it(case: Case) -> None:
    if case.rejects:
        with pytest.raises(BadOption):
            make_session(case)
    else:
        Player(case).play()
