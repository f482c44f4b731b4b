"""A browser's first visit to the dashboard: what the page loads, and whether all of it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from unionflow_cli.core.promises import Verdict

HOW_TO_BUILD = "make dashboard"
_LOADED = {"script": "src", "link": "href", "img": "src"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One answer. kind: its media type. size: bytes as they were sent."""

    address: str
    status: int
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Visit:
    """The page, what it loads, and whether the API answers where `config.json` says it is."""

    page: Loaded
    parts: Sequence[Loaded] = ()
    api_answers: bool = False

    @property
    def is_built(self) -> bool:
        """Whether there is a dashboard, and not the page that says how to build it."""
        return self.page.status == 200


def loaded_by(page: str) -> Sequence[str]:
    """The addresses that a page names of its own site, as it names them."""
    reader = _Reader()
    reader.feed(page)
    return tuple(dict.fromkeys(reader.found))


def judge_visit(visit: Visit) -> Verdict:
    """Whether the page and all that it loads were there."""
    if not visit.is_built:
        promise = "the page says how to build the dashboard"
        return Verdict(promise, visit.page.status == 404, f"`{HOW_TO_BUILD}`")
    promise = "the dashboard loads, and finds the API"
    missing = [part.address for part in visit.parts if part.status != 200]
    if missing:
        return Verdict(promise, kept=False, detail=f"missing: {missing[0]}")
    if not visit.api_answers:
        return Verdict(promise, kept=False, detail="nothing answers where config.json says")
    everything = [visit.page, *visit.parts]
    size = sum(one.size for one in everything)
    return Verdict(promise, kept=True, detail=f"{len(everything)} files, {size / 1024:.0f} KB sent")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(  # noqa: V106  # HTMLParser calls it
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        """Note what a browser would load."""
        said: Mapping[str, str | None] = dict(attrs)
        address = said.get(_LOADED.get(tag, "")) or ""
        if address and not address.startswith(("data:", "http:", "https:", "//")):
            self.found.append(address)
