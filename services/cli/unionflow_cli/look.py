"""How an event looks on one line: time, organisation, type, gist; the same in every command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from unionflow_cli.core.gist import gist, local_time, one_line

ORGANIZATION_WIDTH = 17
TYPE_WIDTH = 23
_STYLES = {
    "APPROVAL": "finance",
    "DASHBOARD": "stats",
    "KPI": "stats",
    "ACTIVITY": "other",
    "EVENT": "other",
    "USER": "notice",
    "BROADCAST": "notice",
    "MEMBER": "people",
    "CONTRIBUTION": "money",
}


def event_line(event: Mapping[str, Any]) -> Text:
    """The event as a line that stands well in columns; longer names push, none is cut here."""
    event_type = one_line(str(event.get("eventType")))
    return Text.assemble(
        (f"{local_time(event.get('timestamp'))}  ", "quiet"),
        (f"{_cell(audience(event), ORGANIZATION_WIDTH)} ", "other"),
        (f"{_cell(event_type, TYPE_WIDTH)} ", type_style(event_type)),
        gist(event_type, event.get("data")),
    )


def audience(event: Mapping[str, Any]) -> str:
    """Whose event it is: "@user", the organisation, or "everyone"."""
    user = event.get("userId")
    if user:
        return one_line(f"@{user}")
    return one_line(str(event.get("organizationId") or "everyone"))


def type_style(event_type: str) -> str:
    """A quiet colour per family; the name of the type says the same."""
    return _STYLES.get(event_type.partition("_")[0], "other")


def _cell(text: str, width: int) -> str:
    cell = Text(text)
    cell.truncate(max(width, cell.cell_len), pad=True)
    return cell.plain
