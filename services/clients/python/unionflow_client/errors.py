"""Everything that this client can raise."""

from __future__ import annotations


class ClientError(Exception):
    """The root of this package's errors; each says in one sentence what is wrong."""


class BadOption(ClientError):
    """Raised by `Client(...)`: an option cannot be used; the message names it and an example."""


class StoreUnavailable(ClientError):
    """Raised by `connect()`: the kept cursor cannot be read, and without it events would be lost.

    Mend the file's rights or its disk, or give another store.
    """


class Refused(ClientError):
    """Raised by `events()`: the relay said no in a way that another try does not mend.

    reason: the status's reason, such as `forbidden`. detail: the relay's own sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"refused ({reason}): {detail}" if detail else f"refused ({reason})")
        self.reason = reason
        self.detail = detail


class AlreadyConsumed(ClientError):
    """Raised by `events()` and `on_event()`: something else is taking this client's events."""


class TokenUnavailable(ClientError):
    """Raised within: the program's token function failed, hung, or gave what is no token.

    The program sees it as the status `offline` (`token`), whose detail is this error's text.
    """


class BadAnswer(ClientError):
    """Raised within: what answered a request for events does not speak HTTP/1.1."""


class TooLarge(ClientError):
    """Raised within: one server-sent event passes the bound, so what sends it is no relay."""
