"""The audit's writer, clients and checker, on a stream of a cluster while something is done to it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.checker import judge
from tests.chaos.client import Client
from tests.chaos.history import ABNORMAL_CODES, ClientHistory, Dialect
from tests.chaos.ledger import Truth
from tests.chaos.places import Lanes
from tests.chaos.proxy import Proxy
from tests.chaos.readback import read_back
from tests.chaos.rights import Knowledge
from tests.chaos.roles import roles
from tests.chaos.stream import TOPICS
from tests.chaos.stream import Stream as Records
from tests.chaos.verdict import Summary, Wrong, sum_up
from tests.chaos.writer import Writer
from tests.relay.topics import Topics

CLIENTS = 48
RATE = 80.0
LIVE_SECONDS = 30.0
ARRIVAL_SECONDS = 60.0
"""What was written last, everybody has by then."""
