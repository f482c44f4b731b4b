"""An operator of little patience with its API server: `python -m tests.operator.live.hasty`.

It gives a request two seconds, and a deaf watch one, so that a test need not wait for longer.
"""

from __future__ import annotations

import asyncio
import os

from unionflow_operator.adapters.kube import client
from unionflow_operator.adapters.kube.watch import quiet_kopf
from unionflow_operator.app import Operator
from unionflow_operator.news import resync
from unionflow_operator.settings import read_configuration
from unionflow_runtime.adapters.logs import configure_logs

REQUEST_SECONDS = 2.0
GRACE_SECONDS = 1.0

if __name__ == "__main__":
    client.TIMEOUT_SECONDS = REQUEST_SECONDS
    resync.GRACE_SECONDS = GRACE_SECONDS
    configuration = read_configuration(os.environ)
    configure_logs(configuration.settings.log_format, configuration.settings.log_level)
    quiet_kopf()
    asyncio.run(Operator(configuration).run())
