"""Fill a folder with one layer of an image.

The layers: `python` (this one, and the libraries that it is linked to), `packages NAME` (what
requirements/NAME.txt pins) and `own NAME` (our code).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shipping.errors import ShippingError
from shipping.image.deployables import DEPLOYABLES
from shipping.image.interpreter import fill_python
from shipping.image.own import fill_own
from shipping.image.packages import fill_packages


def main() -> int:
    """Returns the exit code: 1 where a step fails."""
    parser = argparse.ArgumentParser(
        prog="python -m shipping.image",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    layers = parser.add_subparsers(dest="layer", required=True)
    layers.add_parser("python").add_argument("root", type=Path)
    for layer in ("packages", "own"):
        one = layers.add_parser(layer)
        one.add_argument("deployable", choices=sorted(DEPLOYABLES))
        one.add_argument("root", type=Path)
    options = parser.parse_args()
    try:
        if options.layer == "python":
            fill_python(options.root)
        elif options.layer == "packages":
            fill_packages(DEPLOYABLES[options.deployable], options.root)
        else:
            fill_own(DEPLOYABLES[options.deployable], options.root)
    except ShippingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
