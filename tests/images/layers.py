"""The layers of our images, made by the Dockerfile's own steps, without Docker.

What other people have made (Python, packages) is kept in the cache, by what it was made from. Our
own code is new each time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.errors import BuildFailed, ToolMissing
from tests.house.files import ROOT
from tests.images.dockerfile import dockerfile, steps
from unionflow_cli.kafka import cache_dir
from unionflow_cli.kafka.adapters.cache import locked

SECONDS = 600.0
_STALE_SECONDS = 7 * 86400.0
_OWN = "own"


def layers(target: str, work: Path) -> Sequence[Path]:
    """The folders of an image's layers, the lowest first. work: where our own is made.

    Raises:
        ToolMissing: this machine cannot make images.
        BuildFailed: a step says why.
    """
    for tool in ("strip", "ldd"):
        if shutil.which(tool) is None:
            raise ToolMissing(f"images are made with {tool}: apt-get install binutils libc-bin")
    return [_layer(step[:-1], work / "-".join(step[:-1])) for step in steps(dockerfile(), target)]


def _layer(step: Sequence[str], place: Path) -> Path:
    if step[0] == _OWN:
        _run(step, place)
        return place
    kept = cache_dir() / "images" / f"{'-'.join(step)}-{_made_from(step)}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with locked(kept.with_name(f"{'-'.join(step)}.lock"), SECONDS):
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(prefix=".make-", dir=kept.parent) as folder:
                made = Path(folder) / "made"
                _run(step, made / "layer")
                made.rename(kept)
            _forget_stale(kept)
    return kept / "layer"


def _made_from(step: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {os.uname().machine}".encode())
    sources = sorted((ROOT / "shipping/image").glob("*.py"))
    for path in (*sources, *(ROOT / "requirements" / f"{name}.txt" for name in step[1:])):
        digest.update(b"\0".join((path.name.encode(), path.read_bytes(), b"")))
    return digest.hexdigest()[:16]


def _run(step: Sequence[str], place: Path) -> None:
    """Fill `place`; where uv's cache has everything, without the network."""
    said = ""
    for environ in ({"UV_OFFLINE": "1"}, {"UV_OFFLINE": "0"}):
        shutil.rmtree(place, ignore_errors=True)
        done = subprocess.run(
            [sys.executable, "-m", "shipping.image", *step, str(place)],
            cwd=ROOT,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode == 0:
            return
        said = done.stderr.strip()[-800:]
    raise BuildFailed(f"shipping.image {' '.join(step)}: {said}")


def _forget_stale(new: Path) -> None:
    """Remove what was made of older sources and has lain for a week."""
    name = new.name.rpartition("-")[0]
    for other in new.parent.glob(f"{name}-*"):
        if other != new and time.time() - other.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
