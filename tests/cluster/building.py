"""Programs and modules that Go brings: built or fetched once, kept in the cache.

Each lies under the hash of what it was made from, whole or not at all. Two at once: one works, the
other waits for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.cluster.errors import BuildFailed, ToolMissing
from unionflow_cli.doctor.checkup import GO_VERSION
from unionflow_cli.doctor.go import find_go
from unionflow_cli.kafka import cache_dir
from unionflow_cli.kafka.adapters.cache import locked

SOURCES = Path(__file__).parent
_KUBERNETES = SOURCES / "ufcluster"
BUILD_SECONDS = 3600.0  # 6 minutes on two idle cores; this is for a machine that is busy
PARTS = (
    *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    *("kubectl", "kubelet", "kube-proxy"),
)
# A node is ready at once, and so is a pod; a pod that is to go has gone.
KWOK_STAGES = (
    "node/fast/node-initialize.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-delete.yaml",
)


def kubernetes() -> Path:
    """The folder with `kube-apiserver`, `etcd`, `kubectl` and the rest: links to one program.

    `KUBEBUILDER_ASSETS` is such a folder, and is taken where it is set.

    Raises:
        ToolMissing: Go is not here, or the folder lacks a program.
        BuildFailed: Go says why.
    """
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given:
        lacking = [name for name in (*PARTS[:3], "kubectl") if not (Path(given) / name).is_file()]
        if lacking:
            raise ToolMissing(
                f"KUBEBUILDER_ASSETS={given} has no {', '.join(lacking)}: "
                "unset it, and all are built"
            )
        return Path(given)
    return kept("kubernetes", _KUBERNETES, _build_kubernetes)


def kubernetes_is_here() -> bool:
    """Whether `kubernetes` has nothing to build."""
    return bool(os.environ.get("KUBEBUILDER_ASSETS")) or _place("kubernetes", _KUBERNETES).is_dir()


def dns_server() -> Path:
    """CoreDNS, with only the plugins that a cluster needs. Raises as `kubernetes` does."""
    return kept("ufdns", SOURCES / "ufdns", build_program) / "ufdns"


def pause() -> Path:
    """The program that a pod's sandbox runs. Raises as `kubernetes` does."""
    return kept("pause", SOURCES / "pause", build_program) / "pause"


def kwok() -> Path:
    """The folder of KWOK, which plays nodes and the lives of their pods, and of what they live by.

    Raises as `kubernetes` does.
    """
    return kept("ufkwok", SOURCES / "ufkwok", _build_kwok)


def module_files(module: str, version: str, folder: str, names: tuple[str, ...]) -> Path:
    """A folder with these files of a Go module's folder, fetched once.

    Raises as `kubernetes` does.
    """
    key = hashlib.sha256(repr((module, version, folder, names)).encode()).hexdigest()[:16]

    def fetch(work: Path) -> None:
        said = _go(("mod", "download", "-json", f"{module}@{version}"), work)
        source = Path(json.loads(said)["Dir"]) / folder
        for name in names:
            (work / name).write_bytes((source / name).read_bytes())

    return _once(cache_dir() / f"modules/{module.replace('/', '_')}-{key}", fetch)


def go_program() -> Path:
    """A Go that is new enough.

    Raises:
        ToolMissing: there is none.
    """
    go = find_go()
    if go is None or go.version < GO_VERSION:
        oldest = ".".join(map(str, GO_VERSION))
        raise ToolMissing(f"Kubernetes is built with Go {oldest} or newer: make install")
    return go.path


def kept(name: str, source: Path, build: Callable[[Path, Path], None]) -> Path:
    """The folder that `build(source, folder)` fills, once for the same sources.

    Raises what `build` does.
    """
    return _once(_place(name, source), lambda work: build(source, work))


def _place(name: str, source: Path) -> Path:
    digest = hashlib.sha256(platform.machine().encode())
    for path in sorted(source.iterdir()):
        digest.update(b"\0".join((path.name.encode(), path.read_bytes(), b"")))
    return cache_dir() / f"{name}-{digest.hexdigest()[:16]}"


def _once(place: Path, make: Callable[[Path], None]) -> Path:
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(place.name + ".lock"), BUILD_SECONDS):
        if not place.is_dir():
            with tempfile.TemporaryDirectory(prefix=".make-", dir=place.parent) as work:
                made = Path(work) / "made"
                made.mkdir()
                make(made)
                made.rename(place)
    return place


def _build_kubernetes(source: Path, out: Path) -> None:
    release = _go(("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"), source).strip()
    major, minor, _ = release.removeprefix("v").split(".", 2)
    version = "k8s.io/component-base/version"
    variables = {
        "gitVersion": release,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    flags = " ".join(f"-X {version}.{name}={value}" for name, value in variables.items())
    _go(("build", "-p", "2", *_linked(flags), "-o", str(out / "ufcluster"), "."), source)
    for part in PARTS:
        (out / part).symlink_to("ufcluster")


def build_program(source: Path, out: Path) -> None:
    """Build a Go program into `out`, under its folder's name. Raises as `kubernetes` does."""
    _go(("build", *_linked(""), "-o", str(out / source.name), "."), source)


def build_required(package: str) -> Callable[[Path, Path], None]:
    """A `build` for `kept`: the program of a package that the sources' go.mod requires."""

    def build(source: Path, out: Path) -> None:
        _go(("build", "-p", "2", *_linked(""), "-o", str(out / source.name), package), source)

    return build


def _build_kwok(source: Path, out: Path) -> None:
    command = "sigs.k8s.io/kwok/cmd/kwok"
    _go(("build", "-p", "2", *_linked(""), "-o", str(out / "kwok"), command), source)
    module = Path(_go(("list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"), source).strip())
    for stage in KWOK_STAGES:
        (out / Path(stage).name).write_bytes((module / "kustomize/stage" / stage).read_bytes())


def _linked(flags: str) -> tuple[str, ...]:
    return ("-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {flags}".strip())


def _go(arguments: tuple[str, ...], folder: Path) -> str:
    environ: Mapping[str, str] = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""}
    done = subprocess.run(
        [str(go_program()), *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(f"go {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
    return done.stdout
