"""Which Secrets that a stream names are not there, in words."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from unionflow_operator.core.observed import Observed, SecretKey


def missing_secrets(observed: Observed, wanted: AbstractSet[SecretKey]) -> str:
    """A sentence that names each; empty where all are there."""
    lost = sorted(key for key in wanted if key not in observed.secrets)
    if not lost:
        return ""
    words = ", ".join(f"key {key} of Secret {name}" for name, key in lost)
    verb = "is" if len(lost) == 1 else "are"
    return f"{words} {verb} missing in namespace {observed.stream.namespace}; put it there"
