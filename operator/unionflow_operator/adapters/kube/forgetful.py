"""What kopf keeps of objects, for handlers that we do not have: nothing.

For every event it copies the object several times over to see what has changed since it was last
handled. That was two fifths of the watch's processor time.
"""

from __future__ import annotations

from typing import Any

import kopf

# kopf takes its own finalizer off whatever has it and no handler of ours, and other operators made
# with kopf have the same one by default. This one nobody puts on.
NOBODYS_FINALIZER = "unionflow.lions.dev/nobodys"


def keep_nothing(settings: kopf.OperatorSettings) -> None:
    """Have kopf keep nothing, and take nothing off objects."""
    settings.persistence.finalizer = NOBODYS_FINALIZER
    settings.persistence.diffbase_storage = _NoEssence()
    settings.persistence.progress_storage = _NoProgress()


class _NoEssence(kopf.DiffBaseStorage):
    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


class _NoProgress(kopf.ProgressStorage):
    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None

    def purge(self, **_: Any) -> None:
        return None

    def touch(self, **_: Any) -> None:
        return None

    def clear(self, *, essence: Any) -> Any:
        return essence
