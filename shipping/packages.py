"""`python -m shipping.packages`: the wheels and the npm package, in dist/.

They are made of the sources alone, with the last commit's time: twice, they have the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from shipping.errors import ShippingError
from shipping.steps import ROOT, run
from shipping.trying import try_npm_package, try_wheels

DIST = ROOT / "dist"
CLIENTS = Path("services/clients")
# What PyPI gets: the whole system, and the client by itself for who only listens.
WHEELS = (Path(), CLIENTS / "python")


def source_date() -> str:
    """SOURCE_DATE_EPOCH: when the last commit was made, in seconds.

    Raises:
        StepFailed: this is no checkout.
    """
    return run(["git", "log", "-1", "--format=%ct"]).strip()


def build_wheels(out: Path) -> Sequence[Path]:
    """Build the wheels into a folder. The dashboard is in the first where it has been built.

    Raises:
        StepFailed: hatchling says why.
    """
    built = []
    for project in WHEELS:
        before = set(out.glob("*.whl"))
        run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out],
            cwd=ROOT / project,
            environ={"SOURCE_DATE_EPOCH": source_date()},
        )
        built += sorted(set(out.glob("*.whl")) - before)
    return built


def build_npm_package(out: Path) -> Path:
    """Pack the TypeScript client into a folder; its `dist` is built before.

    Raises:
        StepFailed: npm says why, or is not here.
    """
    room = ROOT / CLIENTS / "typescript"
    name = run(["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", out], cwd=room)
    return out / name.strip().splitlines()[-1]


def build_typescript() -> None:
    """Bring the client's tools, and make its `dist`. Raises StepFailed."""
    room = ROOT / CLIENTS / "typescript"
    run([room / "scripts/install.sh"])
    run(["node", "scripts/build.mjs"], cwd=room)


def main() -> int:
    """Returns the exit code: 1 where something cannot be made, or does not work elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--try", action="store_true", dest="tries", help="each in an empty project")
    options = parser.parse_args()
    DIST.mkdir(exist_ok=True)
    for old in (*DIST.glob("*.whl"), *DIST.glob("unionflow-client-*.tgz")):
        old.unlink()
    try:
        build_typescript()
        wheels, package = build_wheels(DIST), build_npm_package(DIST)
        if options.tries:
            try_wheels(*wheels)
            try_npm_package(package)
    except ShippingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in (*wheels, package):
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
