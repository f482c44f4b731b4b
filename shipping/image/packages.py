"""The middle layer: the packages that one deployable needs, as its requirements pin them."""

from __future__ import annotations

import sys
from pathlib import Path

from shipping.errors import LibraryMissing
from shipping.image.deployables import SITE_PACKAGES, Deployable
from shipping.image.libraries import FOR_PACKAGES, needed_by, shared_objects
from shipping.image.trimming import compile_all, remove, remove_sources_and_tests, settle, strip
from shipping.steps import run

_BILL = Path("usr/share/sbom")


def fill_packages(deployable: Deployable, root: Path) -> None:
    """Fill `root` with what `requirements/NAME.txt` pins, by hash and from wheels alone.

    Raises:
        StepFailed: a package cannot be had, or has another hash.
        LibraryMissing: a package needs what the image has not.
    """
    site = root / SITE_PACKAGES
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    target = ["--python", sys.executable, "--target", str(site)]
    pins = deployable.requirements
    run([sys.executable, "-m", "uv", "pip", "install", "--quiet", *options, *target, "-r", pins])
    bill = root / _BILL / f"{deployable.name}.cdx.json"
    bill.parent.mkdir(parents=True)
    cyclonedx = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    run([*cyclonedx, "--output-format", "JSON", "--output-file", bill, pins])
    remove(site, ("bin", ".lock", *deployable.unused), deployable.used)
    remove_sources_and_tests(site)
    _check_libraries(site)
    strip(shared_objects(site))
    compile_all(root, site)
    settle(root)


def _check_libraries(site: Path) -> None:
    found, missing = needed_by(shared_objects(site))
    system = {path.name for path in found if site.resolve() not in path.resolve().parents}
    lacking = {name for name in system - FOR_PACKAGES if not name.startswith("ld-")} | missing
    if lacking:
        raise LibraryMissing(
            f"packages need {', '.join(sorted(lacking))}, which the image would not have"
        )
