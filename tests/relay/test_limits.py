"""Limits: rates, counts, where a client comes from, who goes first; in bounded memory."""

from __future__ import annotations

import random
from collections import Counter
from ipaddress import IPv6Address
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.ledger import (
    COUNT_AT_BYTES,
    OVERHEAD_BYTES,
    Ledger,
    UnsentCeiling,
)
from unionflow_relay.core.addresses import client_site, trusted_networks
from unionflow_relay.core.limits import BURST_SECONDS, Limit, Limits, Policy, pace_of
from unionflow_relay.core.memory import (
    LEAST_BUFFER_BYTES,
    LEAST_REPLAY_BYTES,
    MIB,
    MOST_REPLAY_BYTES,
    PROGRAM_BYTES,
    share_out,
    slowest,
)
from unionflow_relay.core.rates import Buckets, Pace
from unionflow_relay.errors import Limited, OverCapacity, TooMany
from unionflow_relay.settings import read_configuration
from unionflow_runtime.errors import SettingsError

# Rates


@settings(deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 100),
    st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
)
def test_a_bucket_gives_never_more_than_a_naive_one_and_never_less(
    per_second: int, burst: int, waits: list[float]
) -> None:
    pace = Pace(per_second, burst)
    full_at, now, tokens = 0.0, 100.0, float(burst)
    for wait in waits:
        now += wait
        tokens = min(burst, tokens + wait * per_second)
        taken = pace.take(full_at, now)
        if abs(tokens - 1) > 1e-6:  # where rounding does not decide
            assert (taken is not None) == (tokens > 1)
        if taken is not None:
            full_at = taken
            tokens -= 1


def test_a_bucket_that_was_not_asked_for_long_holds_its_burst_and_no_more() -> None:
    pace = Pace(per_second=2, burst=3)
    full_at, taken = 0.0, 0
    for _ in range(10):
        next_full = pace.take(full_at, 1e6)
        if next_full is not None:
            full_at, taken = next_full, taken + 1
    assert taken == 3


def test_what_costs_more_takes_more() -> None:
    pace = Pace(per_second=1, burst=4)
    first = pace.take(0.0, 10.0, cost=4)
    assert first is not None
    assert pace.take(first, 10.0, cost=0.25) is None
    assert pace.take(0.0, 10.0, cost=5) is None


def test_buckets_are_bounded_and_the_one_not_asked_for_longest_goes() -> None:
    buckets: Buckets[str] = Buckets(Pace(1, 1), most=3)
    assert buckets.take("a", 1.0)
    assert not buckets.take("a", 1.0)
    for key in "bcd":
        assert buckets.take(key, 1.0)
    assert len(buckets) == 3
    assert buckets.take("a", 1.0)  # it was forgotten
    assert not buckets.take("d", 1.0)


# Where a client comes from

INGRESS = trusted_networks(["10.0.0.0/8", "fd00::/8", "192.0.2.7"])
SITES = {
    "no proxy at all": ("203.0.113.9", "", "203.0.113.9"),
    "a client that lies about itself": ("203.0.113.9", "10.1.1.1, 198.51.100.1", "203.0.113.9"),
    "one proxy": ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
    "two proxies": ("10.0.0.1", "203.0.113.9, 10.2.2.2", "203.0.113.9"),
    "a single trusted address": ("192.0.2.7", "203.0.113.9", "203.0.113.9"),
    "what a client wrote before the proxy": ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
    "proxies all the way": ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    "a proxy that says nothing": ("10.0.0.1", "", "10.0.0.1"),
    "a proxy that says `unknown`": ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
    "nonsense": ("10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
    "an empty element": ("10.0.0.1", "203.0.113.9, ", "10.0.0.1"),
    "a port": ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
    "IPv6": ("10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    "IPv6 in brackets with a port": ("10.0.0.1", "[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
    "IPv6 without a proxy": ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
    "an IPv6 proxy": ("fd00::1", "203.0.113.9", "203.0.113.9"),
    "IPv4 on a socket for both": ("::ffff:203.0.113.9", "", "203.0.113.9"),
    "an IPv4 proxy on a socket for both": ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    "a zone": ("fe80::1%eth0", "", "fe80::/64"),
    "a Unix socket": ("", "203.0.113.9", ""),
}


@pytest.mark.parametrize(("peer", "forwarded", "site"), SITES.values(), ids=SITES.keys())
def test_whom_a_connection_is_counted_for_with(peer: str, forwarded: str, site: str) -> None:
    assert client_site(peer, forwarded, INGRESS) == site


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_and_no_address_raises(peer: str, forwarded: str) -> None:
    client_site(peer, forwarded, INGRESS)
    client_site("10.0.0.1", forwarded, INGRESS)


def test_a_chain_of_a_thousand_proxies_is_looked_at_for_a_few_only() -> None:
    chain = ", ".join(["203.0.113.9"] + ["10.0.0.1"] * 1_000)
    assert client_site("10.0.0.1", chain, INGRESS) == "10.0.0.1"


@given(st.integers(0, 2**64 - 1))
def test_all_addresses_of_one_network_of_64_bits_are_one_site(host: int) -> None:
    address = IPv6Address((0x20010DB800000001 << 64) + host)
    assert client_site(str(address), "", ()) == "2001:db8:0:1::/64"


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "ingress", "10.0.0.1/8"])
def test_a_proxy_that_is_no_network_is_an_error(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong.split("/", maxsplit=1)[0]):
        trusted_networks([wrong])


WRONG = {
    "a proxy": ("UNIONFLOW_TRUSTED_PROXIES", "10.0.0.0/8, ingress"),
    "no room for anybody": ("UNIONFLOW_MAX_CONNECTIONS", "0"),
    "less than nothing": ("UNIONFLOW_MAX_MESSAGES_PER_SECOND", "-1"),
    "a drain of hours": ("UNIONFLOW_DRAIN_SECONDS", "7200"),
    "memory for nothing": ("UNIONFLOW_MEMORY_BYTES", "1000"),
}


@pytest.mark.parametrize(("variable", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_setting_that_cannot_be_is_said_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: .*{value.rsplit(maxsplit=1)[-1]}"):
        read_configuration({"UNIONFLOW_AUTH": "none", variable: value})


# Who may connect


def outcome(limits: Limits[int], site: str | None, now: float, open_now: int = 0) -> str:
    try:
        limits.take_handshake(open_now, site, now)
    except Limited as reached:
        return reached.limit
    return "let in"


def test_a_full_pod_takes_nobody_and_says_when_to_come_again() -> None:
    limits: Limits[int] = Limits(Policy(connections=10))
    assert outcome(limits, None, 1.0, open_now=9) == "let in"
    with pytest.raises(OverCapacity) as full:
        limits.take_handshake(10, None, 1.0)
    assert (full.value.limit, full.value.retry_after > 0) == (Limit.CONNECTIONS, True)


def test_a_crowd_gets_in_at_once_and_what_follows_at_the_rate() -> None:
    limits: Limits[int] = Limits(Policy(handshakes_per_second=10))
    crowd = Counter(outcome(limits, None, 100.0) for _ in range(80))
    assert crowd == {"let in": 10 * BURST_SECONDS, "handshakes": 80 - 10 * BURST_SECONDS}
    later = Counter(outcome(limits, None, 101.0) for _ in range(80))
    assert later["let in"] == 10


def test_one_site_s_connections_are_limited_and_freed_when_they_go() -> None:
    limits: Limits[int] = Limits(Policy(connections_per_address=2))
    for member in range(2):
        assert outcome(limits, "a", 1.0) == "let in"
        limits.enter(member, "a", None)
    assert outcome(limits, "a", 1.0) == "address_connections"
    assert outcome(limits, "b", 1.0) == "let in"
    limits.leave(0)
    limits.leave(0)
    assert outcome(limits, "a", 1.0) == "let in"


def test_who_is_over_a_limit_of_its_own_takes_nothing_from_what_all_share() -> None:
    limits: Limits[int] = Limits(Policy(handshakes_per_second=10, handshakes_per_address=1))
    bad = Counter(outcome(limits, "bad", 1.0) for _ in range(1_000))
    assert bad["let in"] == BURST_SECONDS
    good = Counter(outcome(limits, f"good {n}", 1.0) for n in range(45))
    assert good == {"let in": 45}


def test_one_user_s_connections_are_limited_and_nobody_s_are_not() -> None:
    limits: Limits[int] = Limits(Policy(connections_per_user=1))
    limits.check_user("ann")
    limits.enter(1, None, "ann")
    with pytest.raises(TooMany) as reached:
        limits.check_user("ann")
    assert reached.value.limit is Limit.USER_CONNECTIONS
    limits.check_user("ben")
    limits.enter(2, None, None)
    limits.check_user(None)


def test_without_limits_nothing_is_counted() -> None:
    limits: Limits[int] = Limits(Policy())
    for member in range(100):
        limits.take_handshake(10**6, None, 1.0)
        limits.check_user("ann")
        limits.enter(member, "a", "ann")
    assert len(limits) == 0
    assert pace_of(0) is None


def test_an_attacker_with_a_whole_ipv6_prefix_costs_bounded_memory() -> None:
    limits: Limits[int] = Limits(Policy(connections_per_address=5, handshakes_per_address=5))
    for number in range(70_000):
        site = client_site(f"2001:db8:{number >> 16:x}:{number & 65535:x}::1", "", ())
        assert outcome(limits, site, 1.0) == "let in"
    assert len(limits) == 65_536


class CountingMachine(RuleBasedStateMachine):
    """Members come and go; a naive census says how many of each are there."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: Limits[int] = Limits(Policy(connections_per_address=2, connections_per_user=3))
        self.there: dict[int, tuple[str, str | None]] = {}
        self.names = count()

    @rule(site=st.sampled_from("ab"), user=st.sampled_from(["ann", "ben", None]))
    def come(self, site: str, user: str | None) -> None:
        sites = Counter(s for s, _ in self.there.values())
        users = Counter(u for _, u in self.there.values() if u is not None)
        try:
            self.limits.take_handshake(0, site, 1.0)
            self.limits.check_user(user)
        except TooMany:
            assert sites[site] == 2 or (user is not None and users[user] == 3)
            return
        assert sites[site] < 2
        assert user is None or users[user] < 3
        member = next(self.names)
        self.limits.enter(member, site, user)
        self.there[member] = (site, user)

    @rule(chance=st.randoms(use_true_random=False))
    def go(self, chance: random.Random) -> None:
        if self.there:
            member = chance.choice(sorted(self.there))
            del self.there[member]
            self.limits.leave(member)

    @invariant()
    def nothing_is_kept_of_those_who_went(self) -> None:
        users = {u for _, u in self.there.values() if u is not None}
        assert len(self.limits) == len({s for s, _ in self.there.values()}) + len(users)


TestCounting = CountingMachine.TestCase
TestCounting.settings = settings(deadline=None, stateful_step_count=40)

# Memory


@settings(deadline=None)
@given(st.integers(64 * MIB, 64 * 1024 * MIB), st.integers(0, 1024 * MIB), st.integers(64, 2**20))
def test_the_shares_never_exceed_the_limit_where_it_has_room_for_the_program(
    limit: int, history: int, files: int
) -> None:
    shares = share_out(limit, history, files)
    assert 0 <= shares.history_bytes <= history
    assert shares.unsent_bytes >= LEAST_BUFFER_BYTES
    assert LEAST_REPLAY_BYTES <= shares.replay_bytes <= MOST_REPLAY_BYTES
    assert 1 <= shares.connections <= max(1, files)
    if limit >= 256 * MIB:
        growing = shares.history_bytes + shares.replay_bytes + shares.unsent_bytes
        assert PROGRAM_BYTES + growing < limit


def test_a_container_of_512_mib_has_room_for_the_default_history_and_thousands_of_clients() -> None:
    shares = share_out(512 * MIB, 64 * MIB, 2**20)
    assert shares.history_bytes == 64 * MIB
    assert shares.replay_bytes > 16 * MIB
    assert shares.unsent_bytes > 100 * MIB
    assert shares.connections == 8_192


def test_bytes_count_as_long_as_somebody_holds_them_and_once_for_all_who_do() -> None:
    ledger = Ledger()
    data = bytes(1_000)
    assert not ledger.note([data, bytes(5_000)])
    queues = [[data], [data], [memoryview(data)[10:]]]  # as a transport keeps what is partly sent
    del data
    for _ in range(len(queues)):
        assert ledger.count() == 1_000 + OVERHEAD_BYTES
        queues.pop(0)
    assert ledger.count() == 0


def test_it_is_counted_after_so_many_bytes_however_small_the_writes_are() -> None:
    ledger = Ledger()
    writes = 0
    while not ledger.note([b"x" * 100]):
        writes += 1
    assert COUNT_AT_BYTES / 400 < writes < COUNT_AT_BYTES / 100


def test_from_half_of_the_ceiling_on_it_is_crowded_until_clients_have_read() -> None:
    unsent = UnsentCeiling(10_000, (), RelayMetrics())
    held = [bytes(2_000) for _ in range(2)]
    unsent.note_all(held)
    assert not unsent.crowded()
    held.append(bytes(2_000))
    unsent.note_all(held[2:])
    assert unsent.crowded()
    held.pop()
    assert not unsent.crowded()


def test_the_slowest_go_first_and_no_more_of_them_than_needed() -> None:
    unsent = [(10, "a"), (500, "b"), (0, "c"), (300, "d"), (40, "e")]
    assert slowest(unsent, 1) == ["b"]
    assert slowest(unsent, 501) == ["b", "d"]
    assert slowest(unsent, 10_000) == ["b", "d", "e", "a"]
    assert slowest(unsent, 0) == []
