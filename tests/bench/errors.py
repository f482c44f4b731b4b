"""What can stop a bench, as opposed to a floor that is missed."""

from __future__ import annotations


class BenchError(Exception):
    """The bench could not measure. The message says what to look at."""


class ToolMissing(BenchError):
    """The load client could not be compiled."""


class ServerFailed(BenchError):
    """A server did not start, or ended before it was told to. Its log is in a note."""


class LoadFailed(BenchError):
    """The load client gave up: a refused handshake, a broken frame, or no progress."""


class WrongCount(BenchError):
    """Some client did not receive exactly the events that are for it."""


class NotProduced(BenchError):
    """Kafka did not take the records."""
