"""Values that cannot be right are refused before anything is made, with words that help."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import pytest

from tests.helm.charts import OPERATOR, SMALLEST, STACK, Values, render, with_values

pytestmark = pytest.mark.helm
INGRESS: Values = {"enabled": True, "className": "nginx", "host": "a.example"}

OF_OPERATOR: Mapping[str, tuple[Values, str]] = {
    "a name that is mistyped": (
        {"replicas": 3},
        "at '': additional properties 'replicas' not allowed",
    ),
    "one within": (
        {"image": {"tags": "1"}},
        "at '/image': additional properties 'tags' not allowed",
    ),
    "a text for a number": (
        {"replicaCount": "two"},
        "at '/replicaCount': got string, want integer",
    ),
    "a number for a version": ({"image": {"tag": 1.1}}, "at '/image/tag': got number, want string"),
    "a setting that is none": (
        {"settings": {"UNIONFLOW_RESYNC": 3}},
        "at '/settings': additional properties 'UNIONFLOW_RESYNC' not allowed",
    ),
    "a setting that the chart sets": (
        {"settings": {"UNIONFLOW_NAMESPACES": "prod"}},
        "additional properties 'UNIONFLOW_NAMESPACES' not allowed",
    ),
    "a setting out of its bounds": (
        {"settings": {"UNIONFLOW_RESYNC_SECONDS": 0}},
        "at '/settings/UNIONFLOW_RESYNC_SECONDS': minimum: got 0, want 1",
    ),
    "a policy with a word that is none": (
        {"policy": {"default": {"deletion": "Never"}}},
        "at '/policy/default/deletion': value must be one of 'None', 'Created', 'All'",
    ),
    "a policy with a field that is none": (
        {"policy": {"namespaces": {"prod": {"prefixes": []}}}},
        "at '/policy/namespaces/prod': additional properties 'prefixes' not allowed",
    ),
    "one namespace in place of a list": (
        {"watchNamespaces": "prod"},
        "at '/watchNamespaces': got string, want array",
    ),
    "a digest that is none": ({"image": {"digest": "sha256:1"}}, "at '/image/digest'"),
    "a pull policy that is none": (
        {"image": {"pullPolicy": "Sometimes"}},
        "value must be one of 'Always', 'IfNotPresent', 'Never'",
    ),
    "a pull secret by its bare name": (
        {"imagePullSecrets": ["registry"]},
        "at '/imagePullSecrets/0': got string, want object",
    ),
    "resources without requests": (
        {"resources": {"cpu": 1}},
        "at '/resources': additional properties 'cpu' not allowed",
    ),
    "a variable with a number": (
        {"extraEnv": [{"name": "PORT", "value": 1}]},
        "at '/extraEnv/0/value': got number, want string",
    ),
    "a ServiceMonitor without a Service": (
        {"metrics": {"service": {"enabled": False}, "serviceMonitor": {"enabled": True}}},
        "without a Service say metrics.podMonitor.enabled: true",
    ),
}

OF_STACK: Mapping[str, tuple[Values, str]] = {
    "no Kafka": ({"kafka": {"bootstrapServers": ""}}, "say where Kafka is, such as kafka.kafka"),
    "nobody may connect": ({"auth": {"none": False}}, "say who may connect by auth.jwksUrl"),
    "two ways to let people in": (
        {"auth": {"jwksUrl": "https://id.example/certs"}},
        "auth says none: true and jwksUrl: say exactly one of",
    ),
    "an audience where nobody has a token": (
        {"auth": {"audience": "unionflow"}},
        "are not used with auth.none=true; leave them out",
    ),
    "half of a log-in": (
        {"auth": {"oidc": {"issuer": "https://id.example"}}},
        "give both or neither",
    ),
    "no database": (
        {"database": {"host": ""}},
        "database is missing: say database.existingSecret",
    ),
    "two databases": (
        {"database": {"existingSecret": "db"}},
        "database says existingSecret and host: say exactly one of",
    ),
    "another kind of database": (
        {"database": {"host": "", "url": "mysql://db"}},
        "at '/database/url'",
    ),
    "several replicas of a file": (
        {
            "database": {"host": "", "sqlite": {"enabled": True}},
            "backend": {"autoscaling": {"enabled": True}},
        },
        "database.sqlite has one replica",
    ),
    "SASL without a Secret": (
        {"kafka": {"securityProtocol": "SASL_SSL"}},
        "say kafka.sasl.existingSecret, the Secret with username and password",
    ),
    "a Secret without SASL": (
        {"kafka": {"sasl": {"existingSecret": "user"}}},
        "kafka.sasl is not used with PLAINTEXT: say kafka.securityProtocol SASL_SSL",
    ),
    "authorities without TLS": (
        {"kafka": {"tls": {"caSecret": "ca"}}},
        "kafka.tls is not used with PLAINTEXT: say kafka.securityProtocol SSL",
    ),
    "a protocol that is none": (
        {"kafka": {"securityProtocol": "TLS"}},
        "value must be one of 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'",
    ),
    "an ingress without a host": (
        {"ingress": {"enabled": True, "className": "nginx"}},
        "ingress.host is missing: say the name under which people come",
    ),
    "an ingress without a class": (
        {"ingress": {"enabled": True, "host": "a.example"}},
        "ingress needs a way in: say ingress.className",
    ),
    "an ingress and a Gateway": (
        {"ingress": {**INGRESS, "gatewayParentRefs": [{"name": "public"}]}},
        "are two ways in: say one of them",
    ),
    "a certificate beside a Gateway": (
        {
            "ingress": {
                **INGRESS,
                "className": "",
                "tlsSecretName": "tls",
                "gatewayParentRefs": [{"name": "public"}],
            }
        },
        "a Gateway has its certificate at its listener",
    ),
    "a host that nobody asked for": (
        {"ingress": {"host": "a.example"}},
        "but ingress.enabled is false: say ingress.enabled=true",
    ),
    "a host with its scheme": (
        {"ingress": {**INGRESS, "host": "https://a.example"}},
        "/ingress/host",
    ),
    "a path with a slash at its end": ({"ingress": {**INGRESS, "path": "/a/"}}, "/ingress/path"),
    "a field that a stream's relays do not have": (
        {"stream": {"relay": {"replica": 3}}},
        "at '/stream/relay': additional properties 'replica' not allowed",
    ),
    "a topic without a name": (
        {"stream": {"topics": [{"partitions": 3}]}},
        "at '/stream/topics/0': missing property 'name'",
    ),
    "a word that YAML reads as false": (
        {"stream": {"monitoring": {"dashboard": False}}},
        "value must be one of 'Always', 'Auto', 'Never'",
    ),
    "a stream's name that is too long": ({"stream": {"name": "a" * 47}}, "at '/stream/name'"),
    "a setting of the business services that is none": (
        {"backend": {"settings": {"UNIONFLOW_STATS": 3}}},
        "additional properties 'UNIONFLOW_STATS' not allowed",
    ),
    "a volume's size that is none": (
        {"database": {"host": "", "sqlite": {"enabled": True, "size": "one"}}},
        "at '/database/sqlite/size'",
    ),
    "more than the whole of requests": ({"tracing": {"ratio": 2}}, "maximum: got 2, want 1"),
}


@pytest.mark.parametrize(("values", "words"), OF_OPERATOR.values(), ids=OF_OPERATOR)
def test_the_operators_chart_refuses(values: Values, words: str) -> None:
    assert words in refusal(OPERATOR, values)


@pytest.mark.parametrize(("values", "words"), OF_STACK.values(), ids=OF_STACK)
def test_the_stacks_chart_refuses(values: Values, words: str) -> None:
    assert words in refusal(STACK, with_values(SMALLEST, values))


def refusal(chart: Path, values: Values) -> str:
    with pytest.raises(helm_python.HelmError) as refused:
        render(chart, values)
    return str(refused.value)


@pytest.mark.parametrize("chart", [OPERATOR, STACK], ids=lambda chart: chart.name)
def test_no_object_of_the_schema_takes_names_that_nobody_knows(chart: Path) -> None:
    """But those that are Kubernetes' own, and maps whose names people choose."""
    schema = json.loads((chart / "values.schema.json").read_text())
    opened = [where for where, one in objects(schema, "") if "additionalProperties" not in one]
    assert [where for where in opened if "properties" in resolve(schema, where)] == []


def objects(part: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield where, part
        for name, below in part.items():
            yield from objects(below, f"{where}/{name}")


def resolve(schema: Any, where: str) -> Any:
    for name in where.split("/")[1:]:
        schema = schema[name]
    return schema


@pytest.mark.parametrize("chart", [OPERATOR, STACK], ids=lambda chart: chart.name)
def test_the_chart_of_others_that_has_this_one_may_have_global_values(chart: Path) -> None:
    values = with_values(SMALLEST if chart == STACK else {}, {"global": {"anything": 1}})
    assert render(chart, values).objects
