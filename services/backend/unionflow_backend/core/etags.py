"""ETags: which version of a thing a caller has read, and whether it is still the one there is."""

from __future__ import annotations

from unionflow_backend.errors import LostRace


def etag(version: int) -> str:
    """The tag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, version: int) -> None:
    """Return where the caller has read this version, or did not say which.

    if_match: the header: tags with commas between, or `*`.

    Raises:
        LostRace: it is another version.
    """
    if if_match is None:
        return
    tags = {tag.strip() for tag in if_match.split(",")}
    if "*" not in tags and etag(version) not in tags:
        raise LostRace(f"it has changed since: it is now {etag(version)}; read it again")
