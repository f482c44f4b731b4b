"""Every error that the relay raises on purpose."""

from __future__ import annotations


class RelayError(Exception):
    """Root of the relay's errors."""


class MalformedCursor(RelayError):
    """A client's cursor or position breaks the grammar. The client gets close code 4400."""


class MalformedQuery(RelayError):
    """A client's query string breaks the rules. The client gets HTTP 400."""


class OrganizationNotAllowed(RelayError):
    """`?organization=` names one that the token does not have. The client gets 4403 or HTTP 403."""


class OtherUser(RelayError):
    """A client refreshed with another user's token. It gets an `error` frame and keeps its own."""


class KafkaUnavailable(RelayError):
    """No broker answers. The source retries for ever; `/readyz` carries this message."""


class BrokenFrame(RelayError):
    """The bytes are no RFC 6455 frame. Raised to the peer, which closes with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Limited(RelayError):
    """A limit was reached.

    limit: which, as a metric's label has it. retry_after: seconds.
    """

    def __init__(self, limit: str, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after = retry_after


class OverCapacity(Limited):
    """The pod can take nobody now. The client gets HTTP 503 and `Retry-After`."""


class TooMany(Limited):
    """This client has too much. It gets close code 4429, or HTTP 429 in the plain dialect."""


class TrialFailed(RelayError):
    """The stream does not do what it should. The message says at which step, and what came.

    Raised by `unionflow_relay.trial`, which prints it and tries again until its time is over.
    """
