"""What a program may ask of its client, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field

from unionflow_client.core.address import Wish, websocket_url
from unionflow_client.errors import BadOption

DEFAULT_QUEUE = 1_000
DEFAULT_REMEMBER = 10_000


@dataclass(frozen=True, slots=True)
class Options:
    """How one client is to be.

    api_base: the API's base or the WebSocket's own address.
    has_tokens, can_reload: whether the program gave these functions.
    from_earliest: where to begin when nothing is stored: all that Kafka retains, instead of now.
    queue: events that may wait. remember: ids that are kept for dropping repeats.

    Raises:
        BadOption: when made with what cannot be.
    """

    api_base: str
    wish: Wish = field(default_factory=Wish)
    has_tokens: bool = False
    can_reload: bool = True
    from_earliest: bool = False
    queue: int = DEFAULT_QUEUE
    remember: int = DEFAULT_REMEMBER

    def __post_init__(self) -> None:
        """Say at once what could only fail later."""
        websocket_url(self.api_base)
        for name in ("queue", "remember"):
            if getattr(self, name) < 1:
                raise BadOption(f"{name}={getattr(self, name)}: 1 at least")
