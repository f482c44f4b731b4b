"""What is left out is filled in alike by the API server and by the models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.files import ROOT
from tests.operator.api.objects import create, path, stream, try_create
from tests.operator.api.test_definition import fields, schema_of
from tests.support.apiserver import ApiServer
from unionflow_events import CATALOGUE
from unionflow_operator.api.stream import parse_stream

SAMPLES = sorted((ROOT / "manifests/samples").glob("*.yaml"))
ON_PAGES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    if "kind: UnionflowStream" in block
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_accepted_and_filled_in_as_the_models_do(
    apiserver: ApiServer, sample: Path
) -> None:
    source = yaml.safe_load(sample.read_text())
    answer = try_create(apiserver.client, source)
    assert answer.refusals == ()
    assert as_texts(answer.object["spec"]) == parse_stream(source).spec.to_object()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_what_the_api_server_gives_back_parses_to_the_same_stream(
    apiserver: ApiServer, sample: Path
) -> None:
    source = yaml.safe_load(sample.read_text())
    served = try_create(apiserver.client, source).object
    assert parse_stream(served).spec == parse_stream(source).spec


@pytest.mark.parametrize("block", ON_PAGES)
def test_a_stream_on_a_page_is_accepted(apiserver: ApiServer, block: str) -> None:
    source = yaml.safe_load(block)
    source["metadata"].pop("namespace", None)  # which the test's API server does not have
    answer = try_create(apiserver.client, source)
    assert answer.refusals == ()
    assert parse_stream(answer.object).spec == parse_stream(source).spec


def test_an_empty_part_is_filled_in_too(apiserver: ApiServer) -> None:
    source = stream(
        relay={"autoscaling": {}, "pod": {}, "limits": {}},
        topics=[{"name": "audit"}],
        monitoring={},
        networkPolicy={},
        disruptionBudget={},
        exposure={"host": "api.example", "ingressClassName": "nginx"},
    )
    answer = try_create(apiserver.client, source)
    assert answer.refusals == ()
    assert answer.object["spec"] == parse_stream(source).spec.to_object()


def test_requests_given_alone_are_not_set_beside_the_default_limits(apiserver: ApiServer) -> None:
    source = stream(relay={"resources": {"requests": {"memory": "2Gi"}}})
    served = try_create(apiserver.client, source).object
    assert served["spec"]["relay"]["resources"] == {"requests": {"memory": "2Gi"}, "limits": {}}


def test_a_stream_without_topics_has_the_catalogue_s_five() -> None:
    topics = parse_stream(stream()).spec.topics
    assert [topic.name for topic in topics] == [topic.name for topic in CATALOGUE]
    assert {topic.partitions for topic in topics} == {6}
    assert {topic.deletion_policy for topic in topics} == {"Retain"}


def test_the_sample_of_everything_names_every_field() -> None:
    """Each name at least once; not those that another one excludes."""
    source = yaml.safe_load((ROOT / "manifests/samples/everything.yaml").read_text())
    known = {where for where, _ in fields(schema_of("spec"))}
    named = known.intersection(paths(source["spec"]))
    excluded = {"replicas", "secretRef", "none", "gateway", "parentRefs", "sectionName"}
    excluded |= {"namespace", "port"}
    assert last_words(known) - last_words(named) == excluded


def test_metadata_is_read(apiserver: ApiServer, namespace: str) -> None:
    source = stream()
    source["metadata"] |= {
        "labels": {"team": "streams"},
        "annotations": {"note": "x"},
        "finalizers": ["unionflow.lions.dev/topics"],
    }
    assert not create(apiserver.client, namespace, source).refusals
    apiserver.client.delete(path(namespace, "mutuelle")).raise_for_status()
    served = apiserver.client.get(path(namespace, "mutuelle")).json()
    read = parse_stream(served)
    assert (read.namespace, read.name, read.generation) == (namespace, "mutuelle", 2)
    assert (read.uid, read.resource_version) == (
        served["metadata"]["uid"],
        served["metadata"]["resourceVersion"],
    )
    assert read.created <= str(read.deleted)
    assert (dict(read.labels), dict(read.annotations)) == ({"team": "streams"}, {"note": "x"})
    assert read.finalizers == ("unionflow.lions.dev/topics",)
    freed = {"metadata": {"finalizers": None}}
    merge = {"Content-Type": "application/merge-patch+json"}
    apiserver.client.patch(path(namespace, "mutuelle"), json=freed, headers=merge)


def as_texts(spec: Any) -> Any:
    """With numbers in `config` and `resources` as the texts that the models make of them."""
    for topic in spec["topics"]:
        topic["config"] = {name: str(value) for name, value in topic["config"].items()}
    for amounts in spec["relay"]["resources"].values():
        amounts |= {name: str(value) for name, value in amounts.items()}
    return spec


def paths(value: Any, where: str = "") -> Iterator[str]:
    """The paths of all fields that an object has, as `fields` gives those of a schema."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield f"{where}.{key}"
            yield from paths(part, f"{where}.{key}")
    elif isinstance(value, list):
        for part in value:
            yield from paths(part, f"{where}[]")


def last_words(paths: Iterable[str]) -> set[str]:
    return {path.rpartition(".")[2] for path in paths}
