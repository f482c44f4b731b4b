"""What `parse_stream` makes of files that people write, and how it says what is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.operator.api.objects import Object, stream
from unionflow_operator.api.quantity import parse_quantity, same_quantity
from unionflow_operator.api.stream import parse_stream
from unionflow_operator.errors import InvalidStream


def said(source: Object) -> tuple[str, ...]:
    with pytest.raises(InvalidStream) as caught:
        parse_stream(source)
    return caught.value.problems


def test_every_thing_that_is_wrong_is_said_at_once() -> None:
    wrong = stream(topics=[{"name": "audit", "partitions": "six"}, {}], suspend="yes")
    assert said(wrong) == (
        'spec.topics[0].partitions: "six" should be a valid integer',
        "spec.topics[1].name: is missing",
        'spec.suspend: "yes" should be a valid boolean',
    )


def test_a_long_value_is_cut_where_it_is_shown() -> None:
    line = said(stream(topicPrefix="p" * 201))[0]
    assert line.startswith('spec.topicPrefix: "ppp')
    assert len(line) < 200


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"kind": "Stream"}, "apiVersion, kind: unionflow.lions.dev/v1alpha1, Stream is no"),
        ({"apiVersion": "v1"}, "apiVersion, kind: v1, UnionflowStream is no UnionflowStream"),
        ({"metadata": {}}, "metadata.name: is missing"),
        ({"metadata": None}, "metadata: null"),
        ({"spec": None}, "spec: null"),
        ({"spec": []}, "spec: []"),
    ],
    ids=["another kind", "another version", "no name", "no metadata", "no spec", "a list"],
)
def test_what_is_no_stream_is_refused(change: Object, line: str) -> None:
    assert said({**stream(), **change})[0].startswith(line)


def test_names_in_snake_case_are_no_fields() -> None:
    assert said(stream(topic_prefix="x"))[0].startswith("spec.topic_prefix: there is no such field")


def test_numbers_in_a_topic_s_config_are_read_as_their_texts() -> None:
    topics = [{"name": "audit", "config": {"retention.ms": 604800000}}]
    (topic,) = parse_stream(stream(topics=topics)).spec.topics
    assert dict(topic.config) == {"retention.ms": "604800000"}


def test_a_stream_of_a_file_has_no_uid_and_is_in_the_default_namespace() -> None:
    read = parse_stream(stream())
    assert (read.namespace, read.uid, read.generation, read.created) == ("default", "", 0, "")
    assert read.deleted is None


def test_parsing_leaves_its_source_alone() -> None:
    source = stream()
    before = copy.deepcopy(source)
    parse_stream(source)
    assert source == before


def test_names_in_kafka_have_the_prefix_unless_they_are_given_whole() -> None:
    topics = [{"name": "audit"}, {"name": "log", "topicName": "other.log"}]
    spec = parse_stream(stream(topicPrefix="prod.", topics=topics)).spec
    assert spec.kafka_names() == ("prod.audit", "other.log")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "1000m"), ("1Gi", "1024Mi"), ("1k", 1000), ("1e3", "1k"), ("0.5", "500m")],
)
def test_amounts_are_alike_however_they_are_written(one: Any, other: Any) -> None:
    assert same_quantity(one, other)


@pytest.mark.parametrize("value", [None, True, "", "lots", "1 Gi", "1KiB"])
def test_what_is_no_amount_is_none(value: Any) -> None:
    assert parse_quantity(value) is None
