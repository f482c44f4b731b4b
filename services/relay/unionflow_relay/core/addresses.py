"""Where a client comes from: behind proxies, the address that the last trusted one saw.

Each proxy adds whom it heard to the right end of X-Forwarded-For. What is left of the first
address that is no proxy of ours was written by the client, and may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Site = str  # what is counted as one client: an IPv4 address, or an IPv6 network of 64 bits

MAX_PROXIES = 16  # hops that are looked at; a longer chain is cut at its oldest end
_SITE_SHIFT = 64


def trusted_networks(listed: Iterable[str]) -> Sequence[Network]:
    """The networks of a list of CIDRs or addresses.

    Raises:
        ValueError: one is neither; the message says which.
    """
    return tuple(ip_network(entry) for entry in listed)


def client_site(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> Site:
    """Whom a connection is counted for.

    peer: the address that the socket has. forwarded_for: X-Forwarded-For's values joined by
    commas, empty where there is none; it counts only where `peer` is trusted.
    """
    address = _parsed(peer)
    if address is None:
        return peer
    hops = forwarded_for.rsplit(",", MAX_PROXIES) if forwarded_for else []
    while hops and _is_trusted(address, trusted):
        heard = _parsed(_without_port(hops.pop().strip()))
        if heard is None:  # `unknown`, or nonsense: the proxy that wrote it is all that is known
            break
        address = heard
    return _site(address)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text.partition("%")[0])  # a zone names an interface of one machine
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped  # a socket that hears both families writes IPv4 so
    return address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, _port = text.partition(":")
    return host if colon and ":" not in _port else text


def _site(address: Address) -> Site:
    """One person can have 2^64 IPv6 addresses, but hardly more than a few networks of 64 bits."""
    if isinstance(address, IPv4Address):
        return str(address)
    return f"{IPv6Address(int(address) >> _SITE_SHIFT << _SITE_SHIFT)}/64"
