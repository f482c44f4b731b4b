"""The values that our pages tell people to write are values of the charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from markdown_it import MarkdownIt

from tests.helm.charts import OPERATOR, SMALLEST, STACK, render, with_values
from tests.house.files import ROOT

pytestmark = pytest.mark.helm
PAGES = ("install-with-helm", "kafka-by-strimzi", "upgrade", "uninstall")
FILES = [ROOT / f"docs/how-to/{name}.md" for name in PAGES]
FILES += [chart / "ABOUT.md" for chart in (OPERATOR, STACK)]


def blocks() -> Iterator[Any]:
    """Every YAML block that is a file of values, with the page's name and its line."""
    for path in FILES:
        for token in MarkdownIt().parse(path.read_text()):
            if token.type == "fence" and token.info == "yaml" and "apiVersion" not in token.content:
                line = token.map[0] if token.map else 0
                yield pytest.param(token.content, id=f"{path.parent.name}-{path.stem}-{line}")


@pytest.mark.parametrize("text", list(blocks()))
def test_values_of_a_page_are_values_of_a_chart(text: str) -> None:
    values = yaml.safe_load(text)
    refused = [reason for chart in (OPERATOR, STACK) if (reason := refusal(chart, values))]
    assert len(refused) < 2, "\n".join(refused)


def refusal(chart: Path, values: dict[str, Any]) -> str:
    with helm_python.Chart.load(chart) as loaded:
        try:
            loaded.validate_schema(values)
        except helm_python.HelmError as error:
            return str(error)
    return ""


def test_the_stack_of_the_install_page_can_be_installed() -> None:
    whole = [block.values[0] for block in blocks() if "database:\n" in str(block.values[0])]
    [text] = [text for text in whole if "ingress:\n" in str(text)]
    assert render(STACK, yaml.safe_load(str(text))).one("UnionflowStream")


def test_the_line_for_a_laptop_can_be_installed() -> None:
    page = (ROOT / "docs/how-to/install-with-helm.md").read_text()
    words = page[page.index("helm install essai") :].split("```")[0].split("--set ")[1:]
    values: dict[str, Any] = {}
    for word in words:
        values = with_values(values, helm_python.parse_set_string(word.strip(" \\\n")))
    assert render(STACK, values).one("UnionflowStream")
    assert values.keys() == SMALLEST.keys()
