"""A visit to the dashboard: what a page loads, and what is said where something is missing."""

from __future__ import annotations

import pytest

from unionflow_cli.core.visit import Loaded, Visit, judge_visit, loaded_by

PAGE = Loaded("http://x/", 200, "text/html", 1024)
SCRIPT = Loaded("http://x/assets/index-1.js", 200, "text/javascript", 3072)
GONE = Loaded("http://x/assets/index-2.css", 404, "application/problem+json", 90)


def test_a_page_loads_its_scripts_styles_and_pictures_of_its_own_site() -> None:
    page = """<link rel=stylesheet href="./assets/a.css"><script src="assets/b.js"></script>
      <img src="data:image/png;base64,x"><a href="docs">API</a><script>1</script>
      <link href="https://elsewhere.example/c.css"><script src="assets/b.js"></script>"""
    assert loaded_by(page) == ("./assets/a.css", "assets/b.js")


@pytest.mark.parametrize(
    ("visit", "kept", "detail"),
    [
        (Visit(PAGE, [SCRIPT], api_answers=True), True, "2 files, 4 KB sent"),
        (Visit(PAGE, [SCRIPT, GONE], api_answers=True), False, f"missing: {GONE.address}"),
        (Visit(PAGE, [SCRIPT]), False, "nothing answers where config.json says"),
        (Visit(Loaded("http://x/", 404, "text/html", 9)), True, "`make dashboard`"),
        (Visit(Loaded("http://x/", 500, "text/html", 9)), False, "`make dashboard`"),
    ],
)
def test_the_verdict_names_what_is_missing(visit: Visit, kept: bool, detail: str) -> None:
    verdict = judge_visit(visit)
    assert (verdict.kept, verdict.detail) == (kept, detail)
    assert len(verdict.promise) <= 42
