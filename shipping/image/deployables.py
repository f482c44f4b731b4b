"""What goes into which image."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shipping.steps import ROOT

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = Path("usr/local/lib") / VERSION / "site-packages"
USER = 65532
_SHARED = ("unionflow_events", "unionflow_runtime")
_SERVICE = (*_SHARED, "unionflow_access")


@dataclass(frozen=True, slots=True)
class Deployable:
    """One image. own: our import packages in it.

    unused: globs below site-packages, but for files named in `used`: what nothing imports and is
    left out for its size. A test starts the deployable without them.
    """

    name: str
    own: tuple[str, ...]
    unused: tuple[str, ...] = ()
    used: tuple[str, ...] = ()

    @property
    def requirements(self) -> Path:
        """The pinned packages."""
        return ROOT / "requirements" / f"{self.name}.txt"

    @property
    def module(self) -> str:
        """What `python -m` starts."""
        return f"unionflow_{self.name}"


DEPLOYABLES: Mapping[str, Deployable] = {
    one.name: one
    for one in (
        Deployable("relay", (*_SERVICE, "unionflow_relay")),
        Deployable("backend", (*_SERVICE, "unionflow_backend")),
        # The operator calls the API by its paths: of the classes per group and kind (100 MB with
        # their compiled files), the client imports three.
        Deployable(
            "operator",
            (*_SHARED, "unionflow_operator"),
            unused=tuple(
                f"kubernetes/{client}/{folder}"
                for client in ("client", "aio/client")
                for folder in ("api", "models/v*.py")
            ),
            used=("v1_managed_fields_entry.py", "v1_object_meta.py", "v1_owner_reference.py"),
        ),
    )
}


def library_folder() -> Path:
    """Where the loader looks first for libraries, in a root as on this machine."""
    triplet = sysconfig.get_config_var("MULTIARCH")
    return Path("usr/lib") / triplet if triplet else Path("usr/lib64")
