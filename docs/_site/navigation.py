"""The site's navigation, in the order in which docs/README.md and decisions/README.md name pages.

One list of pages is kept by hand; a page that it does not name fails the build.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig

SECTIONS = {
    "tutorials": "Tutorials",
    "how-to": "How to",
    "reference": "Reference",
    "runbooks": "Runbooks",
    "explanation": "Explanation",
    "decisions": "Decisions",
}
_LINK = re.compile(r"\]\(([\w./-]+\.md)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """mkdocs calls it once, before it reads any page."""
    docs = Path(config.docs_dir)
    pages = _linked(docs, "README.md")
    for index in [page for page in pages if page.endswith("/README.md")]:
        pages += _linked(docs, index)
    nav: list[dict[str, object]] = [{"Overview": "README.md"}]
    for folder, title in SECTIONS.items():
        own = list(dict.fromkeys(page for page in pages if page.startswith(f"{folder}/")))
        if own:
            nav.append({title: own})
    config.nav = nav
    return config


def _linked(docs: Path, page: str) -> list[str]:
    """The pages that one links to, as addresses from docs/."""
    folder = PurePosixPath(page).parent
    return [str(folder / link) for link in _LINK.findall((docs / page).read_text())]
