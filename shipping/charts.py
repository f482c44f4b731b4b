"""Helm charts as archives, with the same bytes whenever they are made.

`helm package` writes the time of day into each file.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from shipping.steps import ROOT

CHARTS = (ROOT / "charts/unionflow", ROOT / "charts/unionflow-operator")


def package_chart(chart: Path, version: str, moment: int, out: Path) -> Path:
    """Write `NAME-VERSION.tgz` into `out`. moment: seconds since 1970, the time of every file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(_files(chart)):
            info = tarfile.TarInfo(f"{chart.name}/{path.relative_to(chart).as_posix()}")
            content = path.read_bytes()
            info.size, info.mtime, info.mode = len(content), moment, 0o644
            archive.addfile(info, io.BytesIO(content))
    target = out / f"{chart.name}-{version}.tgz"
    target.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return target


def _files(chart: Path) -> Iterator[Path]:
    ignored = [".helmignore", *(chart / ".helmignore").read_text().split()]
    for path in chart.rglob("*"):
        name = path.relative_to(chart).as_posix()
        if path.is_file() and not any(
            fnmatch.fnmatch(name, pattern.rstrip("/")) or fnmatch.fnmatch(path.name, pattern)
            for pattern in ignored
        ):
            yield path
