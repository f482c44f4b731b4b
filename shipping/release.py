"""`python -m shipping.release`: all that is released, in dist/, the same bytes each time.

Wheels, the npm package, the charts, and SHA256SUMS over them. The images are the registry's.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from shipping.charts import CHARTS, package_chart
from shipping.errors import ShippingError
from shipping.packages import DIST, build_npm_package, build_typescript, build_wheels, source_date
from shipping.steps import ROOT
from shipping.versions import the_version

SUMS = "SHA256SUMS"


def release(out: Path, tag: str | None = None) -> Sequence[Path]:
    """Write everything into an empty folder; what was written, the sums last.

    Raises:
        VersionsDiffer: files, or the tag, do not agree on the version.
        StepFailed: a tool says why.
    """
    version = the_version(tag=tag)
    moment = int(source_date())
    made = [*build_wheels(out), build_npm_package(out)]
    made += [package_chart(chart, version, moment, out) for chart in CHARTS]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in made]
    (out / SUMS).write_text("\n".join(sorted(lines, key=lambda line: line.split()[1])) + "\n")
    return [*made, out / SUMS]


def main() -> int:
    """Returns the exit code: 1 where something cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="v1.2.3; it must be the version's")
    options = parser.parse_args()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    try:
        the_version(tag=options.tag)
        build_typescript()
        made = release(DIST, options.tag)
    except ShippingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in made:
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
