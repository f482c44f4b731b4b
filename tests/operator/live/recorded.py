"""An operator that writes down each right that it uses: `python -m tests.operator.live.recorded`.

The file that RIGHTS_FILE names has a line for each, the first time that it is used.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.rights import Right, Rights
from unionflow_operator.adapters.kube.watch import quiet_kopf
from unionflow_operator.app import Operator
from unionflow_operator.settings import read_configuration
from unionflow_runtime.adapters.logs import configure_logs


class RecordedRights(Rights):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: set[Right] = set()

    def on_use(self, right: Right) -> None:
        if right not in self._used:
            self._used.add(right)
            with self._path.open("a") as file:
                file.write(f"{right.group} {right.resource} {right.verb}\n")


class RecordedOperator(Operator):
    async def make_client(self) -> KubeClient:
        client = await super().make_client()
        client.rights = RecordedRights(Path(os.environ["RIGHTS_FILE"]))
        return client


def used_rights(path: Path) -> frozenset[Right]:
    lines = path.read_text().splitlines()
    return frozenset(Right(*line.split(" ")) for line in lines)


if __name__ == "__main__":
    configuration = read_configuration(os.environ)
    configure_logs(configuration.settings.log_format, configuration.settings.log_level)
    quiet_kopf()
    asyncio.run(RecordedOperator(configuration).run())
