"""The CustomResourceDefinition, made of the models: `python -m unionflow_operator.api.crd`."""

from __future__ import annotations

import sys
from typing import Any, Final

import yaml

from unionflow_operator.api.model import as_schema
from unionflow_operator.api.schema import structural_schema
from unionflow_operator.api.spec import StreamSpec
from unionflow_operator.api.status import StreamStatus
from unionflow_operator.api.stream import (
    GROUP,
    KIND,
    NAME_RULES,
    PLURAL,
    SHORT_NAME,
    SINGULAR,
    VERSION,
)

_READY: Final = '.status.conditions[?(@.type=="Ready")]'
_COLUMNS: Final = (
    ("Ready", "string", f"{_READY}.status", "Whether clients can connect and are being served."),
    ("Relays", "string", ".status.relaysReady", "Relays ready/wanted."),
    ("Topics", "string", ".status.topicsReady", "Topics ready/wanted."),
    ("Clients", "integer", ".status.clients", "Connected clients, to within a tenth."),
    ("Reason", "string", f"{_READY}.reason", "Why Ready is what it is."),
    ("Age", "date", ".metadata.creationTimestamp", "How long the stream has been there."),
)
_HEAD: Final = """\
# Made by `make reference` from operator/unionflow_operator/api; a test holds both equal.
"""


def definition() -> dict[str, Any]:
    """The CustomResourceDefinition as an object."""
    names = {
        "kind": KIND,
        "listKind": f"{KIND}List",
        "plural": PLURAL,
        "singular": SINGULAR,
        "shortNames": [SHORT_NAME],
        "categories": ["all"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": "Namespaced",
            "conversion": {"strategy": "None"},
            "versions": [_version()],
        },
    }


def definition_yaml() -> str:
    """The same as the file that is installed."""
    return _HEAD + yaml.dump(definition(), sort_keys=False, width=100, allow_unicode=True)


def _version() -> dict[str, Any]:
    columns = [
        {"name": name, "type": kind, "jsonPath": path, "description": text}
        for name, kind, path, text in _COLUMNS
    ]
    # `kubectl scale` works and is refused beside autoscaling, in words. There is no selector:
    # an autoscaler of somebody else's would be a second way of what spec.relay.autoscaling does.
    scale = {
        "specReplicasPath": ".spec.relay.replicas",
        "statusReplicasPath": ".status.relays.current",
    }
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}, "scale": scale},
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": _schema()},
    }


def _schema() -> dict[str, Any]:
    meta = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
    return {
        "type": "object",
        "description": "A stream of UnionFlow: Kafka topics, relays and all around them.",
        "required": ["spec"],
        "x-kubernetes-validations": [as_schema(rule) for rule in NAME_RULES],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Version of the API; see {meta}."},
            "kind": {"type": "string", "description": f"{KIND}; see {meta}."},
            "metadata": {"type": "object"},
            "spec": _spec(),
            "status": structural_schema(StreamStatus),
        },
    }


def _spec() -> dict[str, Any]:
    schema = structural_schema(StreamSpec)
    # A rule says it in words of ours, which the API server's own "Required value" would hide.
    schema["required"].remove("auth")
    return schema


if __name__ == "__main__":
    sys.stdout.write(definition_yaml())
