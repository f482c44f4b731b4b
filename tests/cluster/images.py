"""Container images as archives, made with no daemon and no registry.

    python -m tests.cluster.images busybox OUT.tar    busybox-static: a shell, httpd, nc
    python -m tests.cluster.images python OUT.tar     this Python with its libraries, and busybox
    python -m tests.cluster.images relay OUT.tar      that, and the relay with what it needs
    python -m tests.cluster.images operator OUT.tar   the same with the operator
    python -m tests.cluster.images pause OUT.tar      a pod's sandbox

`uf.local/KIND:1` is an image's name; `ctr -n k8s.io images import` takes the archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.cluster.building import pause
from tests.cluster.errors import ToolMissing
from tests.cluster.layer import Layer
from tests.cluster.packages import installed_files
from tests.house.files import ROOT

BUSYBOX = Path("/bin/busybox")
_LEFT_OUT = {
    *("test", "tests", "site-packages", "idlelib", "tkinter", "turtledemo"),
    *("ensurepip", "lib2to3"),
}
_SHARED = ("services/events", "services/access", "services/runtime")
OWN = {
    "relay": (*_SHARED, "services/relay"),
    "operator": (*_SHARED, "operator"),
}
ENVIRONMENT = (
    *("PATH=/usr/local/bin:/bin", "LD_LIBRARY_PATH=/usr/local/lib", "LANG=C.UTF-8"),
    *("PYTHONHOME=/usr/local", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"),
)
Config = Mapping[str, object]


def busybox(layer: Layer) -> Config:
    """A shell and what goes with it."""
    if not BUSYBOX.is_file():
        raise ToolMissing("images need busybox-static: apt-get install busybox-static")
    layer.file("bin/busybox", BUSYBOX)
    listed = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True)
    for applet in listed.stdout.split():
        if applet != "busybox":
            layer.link(f"bin/{applet}", "busybox")
    layer.text("etc/passwd", "root:x:0:0:root:/:/bin/sh\nuf:x:1000:1000:uf:/:/bin/sh\n")
    layer.text("etc/group", "root:x:0:\nuf:x:1000:\n")
    layer.folder("tmp", 0o1777)
    return {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], "WorkingDir": "/tmp"}


def python(layer: Layer) -> Config:
    """This Python, with its standard library and the libraries that it is linked to."""
    return _python(layer, ())


def ours(name: str) -> Callable[[Layer], Config]:
    """A deployable as its image has it. name: its extra, whose packages this `.venv` has."""

    def make(layer: Layer) -> Config:
        packages = installed_files(name)
        for place, path in packages.items():
            layer.file(f"app/{place}", path)
        for folder in OWN[name]:
            for package in (ROOT / folder).glob("unionflow_*"):
                layer.tree(f"app/{package.name}", package)
        config = _python(layer, tuple(packages.values()))
        return {
            **config,
            "Env": ["PYTHONPATH=/app", *ENVIRONMENT],
            "Entrypoint": ["/usr/local/bin/python3", "-m", f"unionflow_{name}"],
            "Cmd": [],
            "User": "1000:1000",
        }

    return make


def sandbox(layer: Layer) -> Config:
    """What holds a pod's namespaces open."""
    layer.file("pause", pause())
    return {"Entrypoint": ["/pause"], "Env": ["PATH=/bin"]}


def _python(layer: Layer, packages: Sequence[Path]) -> Config:
    config = busybox(layer)
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    bases = {"installed_base": str(prefix), "base": str(prefix)}
    stdlib = Path(sysconfig.get_path("stdlib", vars=bases))
    linked = [*packages, *layer.tree(f"usr/local/lib/{version}", stdlib, frozenset(_LEFT_OUT))]
    binary = (prefix / "bin" / version).resolve()
    layer.file(f"usr/local/bin/{version}", binary)
    for name in ("python", "python3"):
        layer.link(f"usr/local/bin/{name}", version)
    needing = [binary, *(path for path in linked if ".so" in path.name)]
    for path in sorted(_libraries(needing)):
        if "site-packages" in path:  # a wheel's own, which comes with it
            continue
        own = path.startswith(f"{prefix}/") and str(prefix) != "/usr"
        name = f"usr/local/lib/{Path(path).name}" if own else path[1:]
        layer.file(name, Path(path).resolve())
    return {**config, "Cmd": ["/usr/local/bin/python3"], "Env": list(ENVIRONMENT)}


def _libraries(files: Sequence[Path]) -> set[str]:
    """The shared libraries that ELF files need, as ldd finds them."""
    found: set[str] = set()
    for start in range(0, len(files), 50):
        some = [str(path) for path in files[start : start + 50]]
        said = subprocess.run(["ldd", *some], capture_output=True, text=True, check=False).stdout
        found.update(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", said, re.MULTILINE))
    return found


KINDS: Mapping[str, Callable[[Layer], Config]] = {
    "busybox": busybox,
    "python": python,
    "relay": ours("relay"),
    "operator": ours("operator"),
    "pause": sandbox,
}


def write_image(kind: str, out: Path) -> None:
    """Write the archive of an image of `KINDS`.

    Raises:
        ToolMissing: busybox or Go is not here.
        BuildFailed: Go says why.
    """
    layer = Layer()
    config = KINDS[kind](layer)
    data = layer.data()
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(_machine(), _machine())
    image = {
        "architecture": machine,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    manifest = [
        {"Config": "config.json", "RepoTags": [f"uf.local/{kind}:1"], "Layers": ["layer.tar"]}
    ]
    with tarfile.open(out, "w") as archive:
        for name, content in (
            ("config.json", json.dumps(image).encode()),
            ("layer.tar", data),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _machine() -> str:
    return sysconfig.get_platform().rpartition("-")[2]


if __name__ == "__main__":
    write_image(sys.argv[1], Path(sys.argv[2]))
