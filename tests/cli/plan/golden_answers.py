"""Answers as files, so that a change of what people read is seen in a review.

`python -m tests.cli.plan.golden_answers` writes them anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from typer.testing import Result

from tests.cli.plan.asking import ask, stream_of
from tests.house.files import ROOT

FOLDER = Path(__file__).parent / "golden"
SAMPLES = ROOT / "manifests/samples"
SHORT = 'kafka: {bootstrapServers: "k:9092"}\nauth: {none: true}\n'
WRONG = (
    stream_of("first", "kafka: {}\nauth: {none: true}\ntopics: [{name: x, partitions: 0}]")
    + stream_of("second", f"{SHORT}tomato: 1")
    + stream_of("third", f"{SHORT}relay: {{replicas: 3, autoscaling: {{}}}}")
    + "- a list\n"
)


def smallest() -> Result:
    return ask("-f", SAMPLES / "smallest.yaml")


def suspended() -> Result:
    return ask("-f", SAMPLES / "everything.yaml", "-n", "prod")


def two_with_one_topic() -> Result:
    text = stream_of("a", f"{SHORT}topics: [{{name: x}}]") + stream_of(
        "b", f"{SHORT}topics: [{{name: y, topicName: x}}, {{name: z, deletionPolicy: Delete}}]"
    )
    return ask("-f", "-", text=text)


def wrong() -> Result:
    return ask("-f", "-", text=WRONG)


CASES: Mapping[str, Callable[[], Result]] = {
    "the-smallest-sample": smallest,
    "a-suspended-stream": suspended,
    "two-streams-with-one-topic": two_with_one_topic,
    "everything-that-is-wrong": wrong,
}


def golden(result: Result) -> str:
    return f"{result.stdout}{result.stderr}exit code {result.exit_code}\n"


def main() -> int:
    """Write the files. Returns the exit code: always 0."""
    for name, make in CASES.items():
        path = FOLDER / f"{name}.txt"
        path.write_text(golden(make()))
        print(path.relative_to(Path.cwd()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
