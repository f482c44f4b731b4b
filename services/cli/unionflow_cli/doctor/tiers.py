"""What the tests of each tier want on a machine beyond Python, Java and Go. It touches nothing.

`requirements/install.sh` brings the packages of `PROGRAMS`, and a test of the house holds both
lists equal. `NODE_PACKAGES` are left to whoever wants a node: containerd's starts a service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NODE_JS = (20, 19)  # the oldest that builds the dashboard's page
NODE_PACKAGES: Mapping[str, str] = {  # a program that each Debian package brings
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "busybox-static": "/bin/busybox",
    "iproute2": "ip",
    "util-linux": "unshare",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One that a tier wants: any of `names` will do; Debian's `packages` bring the first."""

    tier: str
    what: str
    names: Sequence[str]
    packages: Sequence[str]


PROGRAMS = (
    Program("tls", "OpenSSL", ("openssl",), ("openssl",)),
    Program(
        "browser",
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        ("chromium", "fonts-dejavu-core"),
    ),
    Program("nginx", "nginx", ("nginx",), ("nginx-light",)),
    Program("nginx", "HAProxy", ("haproxy",), ("haproxy",)),
    Program("nginx", "curl", ("curl",), ("curl",)),
    Program("prometheus", "promtool", ("promtool",), ("prometheus",)),
    Program("faketime", "faketime", ("faketime",), ("faketime",)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What of it is on a machine.

    programs: where each name lies that is there; node: Node.js' version, None for none, or for
    one without npm; helm: whether its wheel is beside this Python.
    """

    programs: Mapping[str, Path]
    node: tuple[int, ...] | None
    helm: bool

    def path_of(self, program: Program) -> Path | None:
        """Where the first of its names lies that is there."""
        return next((self.programs[name] for name in program.names if name in self.programs), None)

    def lacking_for_a_node(self) -> tuple[str, ...]:
        """The packages that a Kubernetes node on this machine would want."""
        wanted = NODE_PACKAGES.items()
        return tuple(package for package, name in wanted if name not in self.programs)


def wanted_names() -> Iterable[str]:
    """Every program to look for: a name, or a path where Debian puts it beside every PATH."""
    for program in PROGRAMS:
        yield from program.names
    yield from NODE_PACKAGES.values()
