"""An operator that is killed at its n-th write: `python -m tests.operator.live.killed`.

KILL_AT is the number of the write, to the API server or to Kafka, counted from 1; KILL_WHEN is
`before` or `after`. It is the real thing but for that: no code of ours runs after SIGKILL.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kube.client import KubeClient, Request
from unionflow_operator.adapters.kube.connection import load_configuration
from unionflow_operator.adapters.kube.kinds import LEASE
from unionflow_operator.adapters.kube.watch import quiet_kopf
from unionflow_operator.app import Operator
from unionflow_operator.settings import read_configuration
from unionflow_runtime.adapters.logs import configure_logs

KILL_AT = int(os.environ.get("KILL_AT", "0"))
KILL_WHEN = os.environ.get("KILL_WHEN", "before")
_writes = itertools.count(1)


def die(number: int, when: str) -> None:
    if number == KILL_AT and when == KILL_WHEN:
        os.kill(os.getpid(), signal.SIGKILL)


class MortalClient(KubeClient):
    async def send(self, request: Request) -> dict[str, Any]:
        if not request.is_write or request.kind == LEASE:
            return await super().send(request)
        number = next(_writes)
        die(number, "before")
        answer = await super().send(request)
        die(number, "after")
        return answer


class MortalOperator(Operator):
    async def make_client(self) -> KubeClient:
        configuration = await load_configuration(os.environ["KUBECONFIG"])
        return MortalClient(configuration, self.fence, self.metrics)


def make_brokers_mortal() -> None:
    change = Brokers.change

    async def mortal(
        self: Brokers, request: str, start: Callable[[float], Any]
    ) -> Mapping[Any, Any]:
        number = next(_writes)
        die(number, "before")
        answer = await change(self, request, start)
        die(number, "after")
        return answer

    Brokers.change = mortal  # type: ignore[method-assign]  # a subclass could not be slipped in


if __name__ == "__main__":
    settings = read_configuration(os.environ)
    configure_logs(settings.settings.log_format, settings.settings.log_level)
    quiet_kopf()
    make_brokers_mortal()
    asyncio.run(MortalOperator(settings).run())
