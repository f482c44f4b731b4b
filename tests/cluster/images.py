"""Container images as archives, made with no daemon and no registry.

    python -m tests.cluster.images busybox OUT.tar    busybox-static: a shell, httpd, nc
    python -m tests.cluster.images relay OUT.tar      the relay, by the Dockerfile's own steps
    python -m tests.cluster.images backend OUT.tar    the same with the business services
    python -m tests.cluster.images operator OUT.tar   the same with the operator
    python -m tests.cluster.images pause OUT.tar      a pod's sandbox

`uf.local/KIND:1` is an image's name, and `:2` another of the same. `ctr -n k8s.io images import`
takes the archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.cluster.building import pause
from tests.cluster.errors import ToolMissing
from tests.cluster.layer import Layer
from tests.images.dockerfile import config, dockerfile
from tests.images.layers import layers

BUSYBOX = Path("/bin/busybox")
Config = Mapping[str, object]
Made = tuple[Sequence[Layer], Config]


def busybox() -> Made:
    """A shell and what goes with it."""
    if not BUSYBOX.is_file():
        raise ToolMissing("images need busybox-static: apt-get install busybox-static")
    layer = Layer()
    layer.file("bin/busybox", BUSYBOX)
    listed = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True)
    for applet in listed.stdout.split():
        if applet != "busybox":
            layer.link(f"bin/{applet}", "busybox")
    layer.text("etc/passwd", "root:x:0:0:root:/:/bin/sh\nuf:x:1000:1000:uf:/:/bin/sh\n")
    layer.text("etc/group", "root:x:0:\nuf:x:1000:\n")
    layer.folder("tmp", 0o1777)
    return [layer], {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], "WorkingDir": "/tmp"}


def ours(target: str) -> Callable[[], Made]:
    """A deployable as the Dockerfile's target has it."""

    def make() -> Made:
        filled = []
        with tempfile.TemporaryDirectory(prefix="uf-image-") as work:
            for folder in layers(target, Path(work)):
                layer = Layer()
                layer.root(folder)
                filled.append(layer)
        return filled, config(dockerfile(), target)

    return make


def sandbox() -> Made:
    """What holds a pod's namespaces open."""
    layer = Layer()
    layer.file("pause", pause())
    return [layer], {"Entrypoint": ["/pause"], "Env": ["PATH=/bin"]}


KINDS: Mapping[str, Callable[[], Made]] = {
    "busybox": busybox,
    "relay": ours("relay"),
    "backend": ours("backend"),
    "operator": ours("operator"),
    "pause": sandbox,
}


def write_image(kind: str, out: Path) -> None:
    """Write the archive of an image of `KINDS`.

    Raises:
        ToolMissing: busybox, Go or binutils is not here.
        BuildFailed: Go, or a step of the Dockerfile, says why.
    """
    made, settings = KINDS[kind]()
    contents = [layer.data() for layer in made]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(_machine(), _machine())
    digests = ["sha256:" + hashlib.sha256(data).hexdigest() for data in contents]
    image = {
        "architecture": machine,
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": digests},
    }
    names = [f"{number}.tar" for number in range(len(contents))]
    tags = [f"uf.local/{kind}:{number}" for number in (1, 2)]
    manifest = [{"Config": "config.json", "RepoTags": tags, "Layers": names}]
    with tarfile.open(out, "w") as archive:
        for name, content in (
            ("config.json", json.dumps(image).encode()),
            *zip(names, contents, strict=True),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _machine() -> str:
    return sysconfig.get_platform().rpartition("-")[2]


if __name__ == "__main__":
    write_image(sys.argv[1], Path(sys.argv[2]))
