"""The four roles. Whoever belongs to an organisation is at least its member."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is, in each of their organisations. Administrators are the platform's own."""

    MEMBER = "member"
    TREASURER = "treasurer"
    PRESIDENT = "president"
    ADMINISTRATOR = "administrator"
