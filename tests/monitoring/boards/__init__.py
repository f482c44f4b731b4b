"""The Grafana dashboards, as people keep them. `python -m tests.monitoring.boards` writes the JSON.

What a panel asks, says and warns of stands here; what Grafana wants besides is made once, in
`grafana.py`. The files lie with the operator, which ships them.
"""

from tests.monitoring.boards.backend import BACKEND
from tests.monitoring.boards.model import Board
from tests.monitoring.boards.operator import OPERATOR
from tests.monitoring.boards.relay import RELAY
from tests.monitoring.boards.stream import STREAM

BOARDS: tuple[Board, ...] = (STREAM, RELAY, BACKEND, OPERATOR)
