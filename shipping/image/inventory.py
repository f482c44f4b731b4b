"""What a scanner reads of an image to know which of Debian's packages are in it.

The same folder as distroless images have: one file per package below var/lib/dpkg/status.d, and
the packages' licences.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

_STATUS = Path("var/lib/dpkg/status.d")


def write_inventory(root: Path, copied: Iterable[Path]) -> None:
    """Write down which packages files of this machine are from; nothing where dpkg is not."""
    if shutil.which("dpkg-query") is None:
        return
    for package in sorted(_owners(copied)):
        asked = ["dpkg-query", "--status", package]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        place = root / _STATUS / package
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(said)
        licence = Path("/usr/share/doc") / package / "copyright"
        if licence.is_file():
            target = root / licence.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(licence, target)


def _owners(files: Iterable[Path]) -> set[str]:
    """The packages of files; dpkg may know them by the name before /lib became /usr/lib."""
    names = set()
    for path in files:
        for known in {path, path.resolve()}:
            names |= {str(known), str(known).removeprefix("/usr"), f"/usr{known}"}
    asked = ["dpkg-query", "--search", *sorted(names)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"^([a-z0-9][a-z0-9+.-]+)(?::\w+)?: ", said, re.MULTILINE))
