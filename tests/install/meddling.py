"""What goes wrong on a node: a pod's memory runs out, a container is killed, Kafka restarts."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.cluster import cgroups
from tests.install.installing import World

# Takes the control group's memory, and is spared by the kernel: the other one in it has to go.
_HOG = """
import os, sys, time
open("/proc/self/oom_score_adj", "w").write("-1000")
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
taken, watched = [], int(sys.argv[2])
while os.path.exists(f"/proc/{watched}"):
    taken.append(bytearray(b"x" * (4 << 20)))
    time.sleep(0.02)
"""
_HOG_SECONDS = 60.0


def run_out_of_memory(world: World, container: str, pod: str) -> None:
    """Let the kernel kill a pod's container for want of memory."""
    found = world.stream.object("pod", pod)["status"]["containerStatuses"]
    [identity] = [one["containerID"] for one in found if one["name"] == container]
    group = _memory_group(identity.rpartition("/")[2])
    watched = (group / "cgroup.procs").read_text().split()[0]
    command = [sys.executable, "-c", _HOG, str(group), watched]
    # It ends by itself, or with the container's control group, once the other one is gone.
    subprocess.run(command, check=False, timeout=_HOG_SECONDS)
    assert not Path(f"/proc/{watched}").exists()


def restart_kafka(world: World, away_seconds: float) -> None:
    """Kill the only broker, and start it again on what is on its disk."""
    world.broker.kill()
    time.sleep(away_seconds)
    world.broker.launch()
    world.broker.wait_until_ready()


def _memory_group(identity: str) -> Path:
    tops = (cgroups.ROOT / "memory" / cgroups.NAME, cgroups.ROOT / cgroups.NAME)
    [found] = [path for top in tops if top.is_dir() for path in top.rglob(identity)]
    return found
