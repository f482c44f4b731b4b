"""`python -m unionflow_runtime.healthcheck`: whether the process in this container is ready.

For container engines that have no probes of their own, such as Docker; Kubernetes asks `/readyz`
itself. It imports little, since it is started anew for every check.
"""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

_SECONDS = 3.0


def main() -> int:
    """Returns the exit code: 0 when `/readyz` answers 200."""
    port = int(os.environ.get("UNIONFLOW_MANAGEMENT_PORT", "9085"))
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read(1000).decode(errors="replace")
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{said}\n")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
