"""The documentation site is built in strict mode: all pages listed, every link leads on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.files import ROOT


def build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    config = site.parent / "mkdocs.yml"
    config.write_text(
        (ROOT / "mkdocs.yml").read_text().replace("docs_dir: docs", f"docs_dir: {docs}")
    )
    shutil.copytree(ROOT / "docs" / "_site", site.parent / "docs" / "_site", dirs_exist_ok=True)
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(config), "-d", str(site)]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environ
    )


def test_the_site_builds_and_has_every_page(tmp_path: Path) -> None:
    built = build(ROOT / "docs", tmp_path / "site")
    assert built.returncode == 0, built.stderr
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).with_suffix("") for path in docs.rglob("*.md")}
    site = tmp_path / "site"
    there = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    assert {page for page in pages if page.name != "README"} <= there


def test_a_page_that_no_list_names_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs" / "how-to" / "forgotten.md").write_text("# Forgotten\n")
    built = build(tmp_path / "docs", tmp_path / "site")
    assert built.returncode != 0
    assert "forgotten.md" in built.stderr
