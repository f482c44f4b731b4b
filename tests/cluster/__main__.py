"""Run a cluster by hand: `python -m tests.cluster`, or with `--node` a real node and our images.

It prints the kubeconfig, and runs until Ctrl-C or SIGTERM. Nothing of it stays behind.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.building import kubernetes
from tests.cluster.control import ControlPlane
from tests.cluster.errors import ClusterError
from tests.cluster.images import write_image
from tests.cluster.neighbours import neighbours_definitions
from tests.cluster.node import running_node
from tests.house.files import ROOT

IMAGES = ("pause", "busybox", "relay")


def main() -> int:
    """Returns the exit code: 3 where a tool is missing or a part does not come up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--node", action="store_true", help="with a real node (root)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    definitions = [ROOT / "manifests/crds/unionflowstreams.yaml"]
    with tempfile.TemporaryDirectory(prefix="uf-") as work:
        try:
            definitions += neighbours_definitions()
            running = _node if options.node else _control_plane
            with running(Path(work), definitions) as kubeconfig:
                print(f"export KUBECONFIG={kubeconfig} PATH={kubernetes()}:$PATH", flush=True)
                signal.pause()
        except KeyboardInterrupt:
            return 0
        except ClusterError as error:
            print(error, file=sys.stderr)
            return 3
    return 0


@contextmanager
def _control_plane(work: Path, definitions: list[Path]) -> Iterator[Path]:
    (work / "cluster").mkdir()
    control = ControlPlane(work / "cluster", kubernetes(), scheduler=True)
    try:
        control.start(definitions)
        yield control.kubeconfig
    finally:
        control.stop()


@contextmanager
def _node(work: Path, definitions: list[Path]) -> Iterator[Path]:
    images = [work / f"{kind}.tar" for kind in IMAGES]
    for image in images:
        write_image(image.stem, image)
    (work / "node").mkdir()
    with running_node(work / "node", images, definitions) as kubeconfig:
        yield kubeconfig


if __name__ == "__main__":
    sys.exit(main())
