"""Every error that this package raises on purpose.

`parse` raises none of them: what it cannot take, it returns as `Rejected`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unionflow_events.event import Event


class EventsError(Exception):
    """Root of this package's errors."""


class InvalidPayload(EventsError):
    """An event that may not be published, with the path to the value that is wrong.

    Raised by `new_event` and every method of `EventPublisher`, before anything is sent. The
    caller's code is to be mended; trying again does not help.

    Attributes:
        path: where the value lies, for example `data.items[2].amount` or `organizationId`.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class PublishTimeout(EventsError):
    """Kafka did not acknowledge an event within the publisher's deadline.

    The event may still arrive, and if it does, once and with the same id. Where it must not be
    lost, give `event` to `EventPublisher.publish_event` again: its readers drop a repeat by its id.

    Attributes:
        event: what was to be published, whole.
    """

    def __init__(self, event: Event, deadline: float, waiting_for: str) -> None:
        super().__init__(f"event {event.id} waited {deadline:g} s for {waiting_for}")
        self.event = event


class PublishRejected(EventsError):
    """Kafka refused an event for good: no right to write, a topic's own limits, a wrong topic name.

    Raised by `EventPublisher`, as soon as the broker has answered. The message has the broker's
    reason; trying again does not help before that is mended.

    Attributes:
        event: what was to be published, whole.
        of_event: whether it is the event itself that Kafka will never take (too large, invalid),
            and not something that would stop any other event as well.
    """

    def __init__(self, event: Event, reason: str, *, of_event: bool = False) -> None:
        super().__init__(f"event {event.id}: {reason}")
        self.event = event
        self.of_event = of_event


class InvalidSetting(EventsError):
    """A setting is missing or wrong. One line: variable, value, what would do.

    Raised by `KafkaConnection` and `TopicNames`. A secret's value is never in it.

    Attributes:
        variable: the environment variable to mend.
    """

    def __init__(self, variable: str, value: str, advice: str) -> None:
        super().__init__(f"{variable}: {value!r} {advice}" if value else f"{variable}: {advice}")
        self.variable = variable
