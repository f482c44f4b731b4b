"""A program in an image's root as a pod runs it: user 65532, nothing writable but /tmp.

The root is the image's archive unpacked, in a mount namespace of its own: read-only, with a /proc,
the devices and name files that every container has, and a fresh /tmp. Needs root, and util-linux.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.errors import ToolMissing
from tests.cluster.images import write_image

_TOOLS = ("chroot", "mount", "setpriv", "tar", "unshare")
_SECONDS = 120.0
# What a container's runtime does before it starts a program. $1: the root, $2: user and group.
_PREPARE = """
set -eu
root=$1 user=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for file in dev/null dev/zero dev/urandom etc/hosts etc/resolv.conf; do
    mount --bind "/$file" "$root/$file"
done
mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
cd "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= . "$@"
"""


@dataclass(frozen=True, slots=True)
class Image:
    """An image unpacked. root: its files. config: as `docker inspect` shows it."""

    root: Path
    config: Mapping[str, Any]

    @property
    def entrypoint(self) -> Sequence[str]:
        """What the image starts."""
        return [str(word) for word in self.config["Entrypoint"]]

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run words to their end, with these variables besides the image's own."""
        return subprocess.run(
            self._command(words),
            env=self._environment(variables),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    @contextmanager
    def running(self, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """The image's entrypoint, until the block ends; what it says goes to `said`."""
        command, environ = self._command(self.entrypoint), self._environment(variables)
        with (
            self.said.open("wb") as said,
            subprocess.Popen(command, env=environ, stdout=said, stderr=said) as program,
        ):
            try:
                yield program
            finally:
                for child in children(program.pid):
                    os.kill(child, signal.SIGKILL)  # the first of its namespace: none outlives it

    @property
    def said(self) -> Path:
        """What the last `running` wrote."""
        return self.root.with_name("said")

    def _command(self, words: Sequence[str]) -> Sequence[str]:
        prepare = ("sh", "-c", _PREPARE, "sh", str(self.root), str(self.config["User"]))
        return ("unshare", "--mount", "--pid", "--fork", *prepare, *words)

    def _environment(self, variables: Mapping[str, str]) -> Mapping[str, str]:
        own = dict(line.split("=", 1) for line in self.config["Env"])
        # The image's PATH first; the rest finds this machine's tools, and nothing in the root.
        return {**own, "PATH": f"{own['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin", **variables}


def unpack(kind: str, folder: Path) -> Image:
    """Make an image, and unpack its archive below `folder`.

    Raises:
        ToolMissing: this machine cannot make images, or not run them.
        BuildFailed: a step says why.
    """
    lacking = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or lacking:
        raise ToolMissing(f"images are tried as root, with util-linux: no {lacking or 'root'} here")
    write_image(kind, folder / "image.tar")
    root = folder / "root"
    root.mkdir()
    with tarfile.open(folder / "image.tar") as archive:
        archive.extractall(folder, filter="data")
    manifest = json.loads((folder / "manifest.json").read_text())[0]
    config = json.loads((folder / manifest["Config"]).read_text())["config"]
    for name in manifest["Layers"]:
        subprocess.run(["tar", "-xf", str(folder / name), "-C", str(root)], check=True)
    for mount_point in ("proc", "dev"):
        (root / mount_point).mkdir()
    for file in ("dev/null", "dev/zero", "dev/urandom", "etc/hosts", "etc/resolv.conf"):
        (root / file).touch()
    return Image(root, config)


def children(pid: int) -> Sequence[int]:
    """The processes that a process has started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []  # it has ended, and they with it
