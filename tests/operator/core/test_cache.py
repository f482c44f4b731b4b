"""Events come late, twice and out of order; the cache ends where the cluster is."""

from __future__ import annotations

from typing import Any

import pytest

from unionflow_operator.core.cache import Cache, Kind, Name

LABEL = "app.kubernetes.io/instance"
SERVICE = Kind("", "v1", "Service", "services")
STREAM = Name("prod", "mutuelle")
RELAY = Name("prod", "mutuelle-relay")


def service(version: int, name: str = "mutuelle-relay", owner: str | None = "mutuelle") -> Any:
    labels = {LABEL: owner} if owner else {}
    metadata = {
        "namespace": "prod",
        "name": name,
        "resourceVersion": str(version),
        "labels": labels,
    }
    return {"metadata": metadata}


@pytest.fixture
def cache() -> Cache:
    return Cache(LABEL)


def test_an_older_or_equal_object_is_no_news(cache: Cache) -> None:
    assert cache.put(SERVICE, service(5))
    assert not cache.put(SERVICE, service(5))
    assert not cache.put(SERVICE, service(4))
    assert cache.get(SERVICE, RELAY) == service(5)


def test_versions_are_numbers_and_not_texts(cache: Cache) -> None:
    cache.put(SERVICE, service(9))
    assert cache.put(SERVICE, service(10))


def test_an_older_echo_does_not_bring_back_what_was_deleted(cache: Cache) -> None:
    cache.put(SERVICE, service(5))
    assert cache.remove(SERVICE, RELAY, 6)
    assert not cache.put(SERVICE, service(5))
    assert cache.put(SERVICE, service(7))


def test_a_deletion_that_we_know_of_is_news_when_the_watch_tells_it(cache: Cache) -> None:
    cache.put(SERVICE, service(5))
    cache.remove(SERVICE, RELAY, 5)
    assert cache.remove(SERVICE, RELAY, 6)
    assert not cache.remove(SERVICE, RELAY, 6)


def test_a_list_says_what_is_new_and_what_is_gone_that_nobody_had_told(cache: Cache) -> None:
    cache.put(SERVICE, service(5))
    cache.put(SERVICE, service(6, "known"))
    missed = cache.replace(SERVICE, [service(6, "known"), service(8, "new")], 10)
    assert {(one.name.name, one.version) for one in missed} == {
        ("new", 8),
        ("mutuelle-relay", None),
    }
    assert cache.get(SERVICE, RELAY) is None


def test_what_was_made_after_the_list_was_answered_stays(cache: Cache) -> None:
    cache.put(SERVICE, service(12))
    assert cache.replace(SERVICE, [], 10) == []
    assert cache.get(SERVICE, RELAY) == service(12)


def test_children_are_found_by_their_label_and_lost_with_it(cache: Cache) -> None:
    cache.put(SERVICE, service(5))
    assert set(cache.children(STREAM)) == {(SERVICE, RELAY)}
    cache.put(SERVICE, service(6, owner=None))
    assert cache.children(STREAM) == {}
    cache.put(SERVICE, service(7, owner="other"))
    assert set(cache.children(Name("prod", "other"))) == {(SERVICE, RELAY)}
    cache.remove(SERVICE, RELAY, 8)
    assert cache.children(Name("prod", "other")) == {}
