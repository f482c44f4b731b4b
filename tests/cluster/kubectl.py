"""kubectl, of the same build as the cluster."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cluster.building import kubernetes


class Kubectl:
    """kubectl as the node's administrator."""

    def __init__(self, kubeconfig: Path) -> None:
        cache = kubeconfig.parent / "kubectl-cache"
        program = str(kubernetes() / "kubectl")
        self._start = (program, f"--kubeconfig={kubeconfig}", f"--cache-dir={cache}")

    def __call__(self, *words: str, stdin: object = None) -> str:
        text = json.dumps(stdin) if stdin else None
        command = [*self._start, *words]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
