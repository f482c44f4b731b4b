"""The CustomResourceDefinitions of others that the operator makes objects of.

They come inside Go modules; only the files named here are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.building import module_files


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Where the definitions of one project lie."""

    module: str
    version: str
    folder: str
    files: tuple[str, ...]


NEIGHBOURS = (
    Neighbour(
        "sigs.k8s.io/gateway-api",
        "v1.4.0",
        "config/crd/standard",
        (
            "gateway.networking.k8s.io_gateways.yaml",
            "gateway.networking.k8s.io_httproutes.yaml",
        ),
    ),
    Neighbour(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd",
        (
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_servicemonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
        ),
    ),
    Neighbour(
        "github.com/kedacore/keda/v2",
        "v2.18.0",
        "config/crd/bases",
        ("keda.sh_scaledobjects.yaml",),
    ),
)


def neighbours_definitions() -> Sequence[Path]:
    """The files, fetched once. Raises as `building.kubernetes` does."""
    return [
        module_files(one.module, one.version, one.folder, one.files) / name
        for one in NEIGHBOURS
        for name in one.files
    ]
