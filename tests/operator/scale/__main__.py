"""What many streams cost: `python -m tests.operator.scale [10 100 …]`.

A real API server with its controllers and scheduler, a real Kafka of one broker, and a node that is
played: its pods are ready at once and listen on nothing, so `Ready` goes by the pods. For each
number of streams, of two topics each: how long until all topics and objects stand and until all
are ready, how long a stream takes from its request to its last object, what the operator used, and
what it asked the API server and Kafka; then how soon a change to one of them is seen; then three
resyncs in which nothing may be written. `--topics 100` gives each stream as many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.cluster.simulated import simulate_node
from tests.operator.scale.measuring import HEAD, measure
from tests.support.apiserver import running_apiserver
from tests.support.kafka import shared_kafka


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, default=[10, 100])
    parser.add_argument("--topics", type=int, default=2, help="of each stream (2)")
    options = parser.parse_args()
    print(HEAD)
    print("|" + " --- |" * (HEAD.count("|") - 1), flush=True)
    with tempfile.TemporaryDirectory(prefix="uf-scale-") as work:
        folder = Path(work)
        with (
            running_apiserver(folder / "api", scheduler=True) as api,
            shared_kafka(folder / "kafka") as kafka,
        ):
            simulate_node(api.control)
            for number in options.numbers:
                row = measure(api, kafka.bootstrap_servers, folder, number, options.topics)
                print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
