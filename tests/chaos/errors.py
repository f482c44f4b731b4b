"""What can stop an audit, as opposed to a promise that is found broken."""

from __future__ import annotations


class AuditError(Exception):
    """The audit could not be carried out. The message says what to look at."""
