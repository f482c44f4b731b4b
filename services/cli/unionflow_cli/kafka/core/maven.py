"""Which jars make a Kafka, said to Maven by coordinates: where from is the machine's own matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

KAFKA_VERSION = "4.3.0"

# Kafka's broker, and what prints its log: Kafka's own distribution adds that one, its pom does not.
COORDINATES = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4"),
)
# One that must be there afterwards, as a check on Maven's exit code.
MAIN_JAR = f"kafka_2.13-{KAFKA_VERSION}.jar"
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def pom() -> str:
    """A project that has Kafka as its dependency and nothing else."""
    dependencies = "\n".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, artifact, version in COORDINATES
    )
    return (
        "<project>\n  <modelVersion>4.0.0</modelVersion>\n"
        "  <groupId>unionflow</groupId><artifactId>kafka</artifactId><version>1</version>\n"
        f"  <dependencies>\n{dependencies}\n  </dependencies>\n</project>\n"
    )


def copy_command(maven: Path, pom_file: Path, target: Path) -> Sequence[str]:
    """Copy the jars into `target`. -C: a jar whose checksum is wrong is an error, not a warning."""
    return (
        *(str(maven), "--quiet", "--batch-mode", "-C", "--file", str(pom_file), COPY_GOAL),
        *(f"-DoutputDirectory={target}", "-DincludeScope=runtime"),
    )
