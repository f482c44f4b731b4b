"""Every error that a process raises on purpose before it serves anybody."""

from __future__ import annotations


class ProcessError(Exception):
    """Root of the errors of starting."""


class SettingsError(ProcessError):
    """A setting is missing or wrong. Raised at start; the message names the variable to mend."""
