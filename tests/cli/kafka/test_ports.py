"""Ports for brokers: free, apart from outgoing connections, and with a name for who holds one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.core.properties import LOOPBACK


def test_free_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    found = ports.free_ports(9)
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(found)) == 9
    assert max(found) < first_outgoing


def test_a_port_on_which_somebody_listens_is_not_free_and_says_who() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        assert f"(process {os.getpid()} of " in ports.holder(port)
    assert ports.is_free(port)


def test_a_port_is_taken_by_a_server_on_every_address_as_well() -> None:
    with socket.create_server(("", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_connections_that_linger_are_in_nobodys_way() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection((LOOPBACK, port))
        accepted, _ = server.accept()
        accepted.close()  # the server's side closes first, so it lingers in TIME_WAIT
        client.close()
    assert ports.is_free(port)
