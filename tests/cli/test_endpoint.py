"""From `--url` to the WebSocket's address."""

from __future__ import annotations

import pytest

from unionflow_cli.core.endpoint import endpoint, with_query
from unionflow_cli.errors import BadInput


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example.org/unionflow", "wss://api.example.org/unionflow/ws/dashboard"),
        ("http://localhost:8080/", "ws://localhost:8080/ws/dashboard"),
        ("127.0.0.1:8085", "ws://127.0.0.1:8085/ws/dashboard"),
        ("ws://[::1]:8085/ws/dashboard", "ws://[::1]:8085/ws/dashboard"),
        ("wss://a.example/ws/dashboard?x=1", "wss://a.example/ws/dashboard?x=1"),
    ],
)
def test_an_api_base_or_a_websocket_url_gives_the_endpoint(url: str, expected: str) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize("url", ["ftp://a", "ws://", "", "ws://a:99999", "ws://[::1", "ws://a:0"])
def test_what_is_no_such_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        endpoint(url)
    assert "ws://127.0.0.1:8085/ws/dashboard" in refused.value.advice


def test_what_to_see_goes_into_the_query() -> None:
    url = with_query(
        "ws://a/ws/dashboard?x=1",
        organizations=["a b", "ü"],
        user="u&v",
        event_types=["A", "B"],
        cursor="1~q3Zk1PfA:1,2",
    )
    assert url == (
        "ws://a/ws/dashboard?x=1&organization=a+b&organization=%C3%BC&user=u%26v"
        "&eventTypes=A,B&cursor=1~q3Zk1PfA:1,2"
    )


def test_a_url_without_wishes_stays_as_it_is() -> None:
    assert with_query("ws://a/ws/dashboard") == "ws://a/ws/dashboard"
