"""CPU and memory of a relay, and what it takes of clients."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from unionflow_operator.api.model import MIB, Model, Quantity, Rule
from unionflow_operator.api.quantity import parse_quantity

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Network = Annotated[str, StringConstraints(min_length=2, max_length=64)]


class Amounts(Model):
    """CPU and memory."""

    cpu: Quantity | None = Field(None, description="Cores, such as `500m` or `2`.")
    memory: Quantity | None = Field(None, description="Bytes, such as `512Mi`.")


def _over(resource: str) -> Rule:
    request, limit = f"self.requests.{resource}", f"self.limits.{resource}"
    return Rule(
        f"!has({request}) || !has({limit}) || "
        f"quantity(string({request})).compareTo(quantity(string({limit}))) <= 0",
        f"requests.{resource} is more than limits.{resource}",
        field=".requests",
        holds=lambda resources: _fits(resources, resource),
    )


def _fits(resources: Resources, resource: str) -> bool:
    requested = parse_quantity(getattr(resources.requests, resource))
    limit = parse_quantity(getattr(resources.limits, resource))
    return requested is None or limit is None or requested <= limit


class Resources(Model):
    """What a relay may count on, and what it may not pass."""

    requests: Amounts = Field(Amounts(), description="What the scheduler keeps for a relay.")
    limits: Amounts = Field(
        Amounts(),
        description="What a relay may not pass. It shares its memory limit out among history, "
        "clients and buffers by itself.",
    )

    RULES: ClassVar[tuple[Rule, ...]] = (_over("cpu"), _over("memory"))


class Limits(Model):
    """What one relay takes of clients. 0 is no limit."""

    connections: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Clients of one relay; more get 503. Left out: what its memory allows.",
    )
    handshakes_per_second: Count = Field(
        1_000, description="New connections a second; more get 503. 0 is no limit."
    )
    connections_per_address: Count = Field(
        0, description="Connections from one address; more get 4429. 0 is no limit."
    )
    handshakes_per_address: Count = Field(
        0, description="New connections a second from one address; more get 4429. 0 is no limit."
    )
    connections_per_user: Count = Field(
        100, description="Connections of one user; more get 4429. 0 is no limit."
    )
    messages_per_second: Count = Field(
        20, description="Messages a second of one client; more get 4429. 0 is no limit."
    )
    send_buffer_bytes: int = Field(
        4 * MIB,
        ge=MIB,
        le=1024 * MIB,
        description="Unsent bytes at which a client is too slow.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (),
        max_length=64,
        description="Addresses or networks (CIDR) whose X-Forwarded-For is believed.",
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.trustedProxies.all(p, isIP(p) || (isCIDR(p) && cidr(p) == cidr(p).masked()))",
            "trustedProxies are addresses (10.1.2.3) or networks (10.0.0.0/8) with no host bits",
            field=".trustedProxies",
            holds=lambda limits: all(map(_is_network, limits.trusted_proxies)),
        ),
    )


def _is_network(text: str) -> bool:
    """As Go reads it: no netmask, no zone, no leading zero, no IPv4 within IPv6."""
    if not re.fullmatch(r"[0-9A-Fa-f:.]+(/(0|[1-9][0-9]{0,2}))?", text):
        return False
    try:
        network = ip_network(text)
    except ValueError:
        return False
    return network.version == 4 or network.network_address.ipv4_mapped is None
