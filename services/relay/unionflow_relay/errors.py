"""Every error that the relay raises on purpose."""

from __future__ import annotations


class RelayError(Exception):
    """Root of the relay's errors."""


class SettingsError(RelayError):
    """A setting is missing or wrong. Raised at start; the message names the variable to mend."""


class MalformedCursor(RelayError):
    """A client's cursor or position breaks the grammar. The client gets close code 4400."""


class MalformedQuery(RelayError):
    """A client's query string breaks the rules. The client gets HTTP 400."""


class KafkaUnavailable(RelayError):
    """No broker answers. The source retries for ever; `/readyz` carries this message."""


class BrokenFrame(RelayError):
    """The bytes are no RFC 6455 frame. Raised to the peer, which closes with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
