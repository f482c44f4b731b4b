"""Gathers a machine's facts for the doctor."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from unionflow_cli.doctor.checkup import Facts, PortFact
from unionflow_cli.doctor.go import find_go
from unionflow_cli.doctor.tiers import Found, wanted_names
from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.adapters.cache import cache_dir
from unionflow_cli.kafka.adapters.jars import jars_are_here
from unionflow_cli.kafka.adapters.service import find_service
from unionflow_cli.kafka.adapters.tools import find_tools

PORTS = (
    (9092, "Kafka", "--kafka-port"),
    (8085, "relay", "--port"),
    (9085, "management", "--management-port"),
    (8080, "backend", "--backend-port"),
    (9086, "its management", "--backend-management-port"),
)


def gather() -> Facts:
    """What is here now. Changes nothing."""
    compiler = shutil.which("cc")
    service = find_service()
    go = find_go()
    return Facts(
        system=platform.system(),
        python=sys.version_info[:3],
        tools=find_tools(),
        jars_are_here=jars_are_here(),
        compiler=Path(compiler) if compiler else None,
        postgres=_postgres(),
        go=go.version if go else None,
        assets=os.environ.get("KUBEBUILDER_ASSETS"),
        tiers=Found(_programs(), _node_js(), importlib.util.find_spec("helm_python") is not None),
        cache=cache_dir(),
        free_bytes=_free_bytes(cache_dir()),
        ports=[
            PortFact(
                number,
                purpose,
                option,
                holder=None if ports.is_free(number) else ports.holder(number),
                is_ours=service is not None and service.port == number,
            )
            for number, purpose, option in PORTS
        ],
        is_root=os.geteuid() == 0,
    )


def _postgres() -> Path | None:
    """The server's program; Debian puts it beside the PATH."""
    found = shutil.which("postgres")
    if found:
        return Path(found)
    return next(
        iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
    )


def _programs() -> dict[str, Path]:
    """What is here of the programs that tests want; /usr/sbin is in no PATH but root's."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    looked_for = {name: shutil.which(name, path=path) for name in wanted_names()}
    return {name: Path(found) for name, found in looked_for.items() if found}


def _node_js() -> tuple[int, ...] | None:
    """What `node --version` says, (0,) where that is no version; None without it or its npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run(
        [node, "--version"], capture_output=True, text=True, timeout=30, check=False
    )
    version = re.match(r"v(\d+)\.(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, version.groups())) if version else (0,)


def _free_bytes(folder: Path) -> int:
    """The room left for a folder that may not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
