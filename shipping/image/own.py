"""The upper layer: our own code, out of the wheel that others get too."""

from __future__ import annotations

import configparser
import sys
import tempfile
import zipfile
from pathlib import Path

from shipping.image.deployables import SITE_PACKAGES, Deployable
from shipping.image.trimming import compile_all, settle
from shipping.steps import ROOT, run

_SCRIPT = """#!/usr/local/bin/python3
import sys
from {module} import {function}

sys.exit({function}())
"""


def fill_own(deployable: Deployable, root: Path) -> None:
    """Fill `root` with the deployable's packages, and the commands that they bring.

    Raises:
        StepFailed: the wheel cannot be built.
    """
    site = root / SITE_PACKAGES
    site.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        # `-m hatchling` builds with the packages that are here: nothing is fetched.
        run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", work], cwd=ROOT)
        wheel = next(Path(work).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if _belongs(name, deployable)]
            archive.extractall(site, names)
            commands = next(name for name in names if name.endswith(".dist-info/entry_points.txt"))
            _write_commands(root, deployable, archive.read(commands).decode())
    compile_all(root, site)
    settle(root)


def _belongs(name: str, deployable: Deployable) -> bool:
    folder = name.split("/", 1)[0]
    return folder in deployable.own or folder.endswith(".dist-info")


def _write_commands(root: Path, deployable: Deployable, entry_points: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(entry_points)
    for command, place in parser["console_scripts"].items():
        module, _, function = place.partition(":")
        if module.split(".")[0] in deployable.own:
            script = root / "usr/local/bin" / command
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(_SCRIPT.format(module=module, function=function))
            script.chmod(0o755)
