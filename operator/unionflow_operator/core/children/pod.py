"""The relays' pods: restricted by the Pod Security Standards, whatever the stream asks besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.children.config_map import BOOTSTRAP_KEY, FILE_KEY, config_data
from unionflow_operator.core.diff import digest
from unionflow_operator.core.manifest import (
    CLIENT_PORT,
    MANAGEMENT_PORT,
    labels,
    relay_name,
    selector,
)
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.references import TLS_FOLDER, secret_keys, secret_variables, tls_files

CONFIG_FOLDER: Final = "/etc/unionflow"
CONFIG_ANNOTATION: Final = "unionflow.lions.dev/config"
SECRETS_ANNOTATION: Final = "unionflow.lions.dev/secrets"
GRACE_BEYOND_DRAIN: Final = 15
"""Seconds: a relay ends at most 6 after its drain, which begins 3 late (preStop)."""
_USER: Final = 65_532  # nobody's, in any image: the relay needs no name and no home


def pod_template(observed: Observed) -> Mapping[str, Any]:
    """`spec.template` of the Deployment."""
    stream, pod = observed.stream, observed.stream.spec.relay.pod
    annotations = {**pod.annotations, CONFIG_ANNOTATION: digest(config_data(stream))}
    if secrets := _secrets_digest(observed):
        annotations[SECRETS_ANNOTATION] = secrets
    metadata = {"labels": {**pod.labels, **labels(stream)}, "annotations": annotations}
    return {"metadata": metadata, "spec": _pod_spec(observed)}


def _secrets_digest(observed: Observed) -> str | None:
    wanted = sorted(secret_keys(observed.stream.spec))
    found = [[*key, observed.secrets[key]] for key in wanted if key in observed.secrets]
    return digest(found) if found else None


def _pod_spec(observed: Observed) -> Mapping[str, Any]:
    stream = observed.stream
    relay = stream.spec.relay
    return {
        "serviceAccountName": relay_name(stream),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": relay.drain_seconds + GRACE_BEYOND_DRAIN,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "imagePullSecrets": [secret.to_object() for secret in relay.image_pull_secrets],
        "containers": [_container(observed)],
        "volumes": _volumes(stream),
        **_placement(stream),
    }


def _placement(stream: Stream) -> Mapping[str, Any]:
    pod = stream.spec.relay.pod
    # By the template's hash the relays that are about to go do not count.
    own = {
        "labelSelector": {"matchLabels": selector(stream)},
        "matchLabelKeys": ["pod-template-hash"],
    }
    spread = [{**one.to_object(), **own} for one in pod.topology_spread_constraints]
    over_nodes = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        **own,
    }
    return {
        "nodeSelector": pod.node_selector,
        "tolerations": [toleration.to_object() for toleration in pod.tolerations],
        "affinity": pod.affinity.to_object() if pod.affinity is not None else None,
        "topologySpreadConstraints": spread or [over_nodes],
        "priorityClassName": pod.priority_class_name,
    }


def _container(observed: Observed) -> Mapping[str, Any]:
    stream, relay = observed.stream, observed.stream.spec.relay
    return {
        "name": "relay",
        "image": relay.image or observed.installation.relay_image,
        "imagePullPolicy": relay.image_pull_policy,
        "env": _environment(stream),
        "ports": [
            {"name": "clients", "containerPort": CLIENT_PORT, "protocol": "TCP"},
            {"name": "management", "containerPort": MANAGEMENT_PORT, "protocol": "TCP"},
        ],
        "livenessProbe": _probe("/livez", period=10, timeout=5, failures=3),
        "readinessProbe": _probe("/readyz", period=2, timeout=2, failures=3),
        # The address goes out of every node's table while the relay still takes newcomers.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "resources": relay.resources.to_object(),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": _mounts(stream),
    }


def _environment(stream: Stream) -> list[Mapping[str, Any]]:
    config = {"name": relay_name(stream), "key": BOOTSTRAP_KEY}
    plain = {"UNIONFLOW_CONFIG": f"{CONFIG_FOLDER}/{FILE_KEY}"} | {
        variable.name: variable.value
        for variable in stream.spec.relay.pod.env
        if variable.value is not None
    }
    written: list[Mapping[str, Any]] = [
        {"name": name, "value": value} for name, value in plain.items()
    ]
    secret: list[Mapping[str, Any]] = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": key.name, "key": key.key}}}
        for name, key in secret_variables(stream.spec).items()
    ]
    return [{"name": BOOTSTRAP_KEY, "valueFrom": {"configMapKeyRef": config}}, *written, *secret]


def _probe(path: str, *, period: int, timeout: int, failures: int) -> Mapping[str, Any]:
    return {
        "httpGet": {"path": path, "port": "management"},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _mounts(stream: Stream) -> list[Mapping[str, Any]]:
    mounts: list[Mapping[str, Any]] = [
        {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # the container's own, of 16 MiB
    ]
    if tls_files(stream.spec):
        mounts.append({"name": "kafka-tls", "mountPath": TLS_FOLDER, "readOnly": True})
    return mounts


def _volumes(stream: Stream) -> list[Mapping[str, Any]]:
    config = {"name": relay_name(stream), "items": [{"key": FILE_KEY, "path": FILE_KEY}]}
    volumes: list[Mapping[str, Any]] = [
        {"name": "config", "configMap": config},
        {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
    ]
    sources = [
        {"secret": {"name": key.name, "items": [{"key": key.key, "path": file}]}}
        for file, key in tls_files(stream.spec).values()
    ]
    if sources:
        projected = {"defaultMode": 0o440, "sources": sources}
        volumes.append({"name": "kafka-tls", "projected": projected})
    return volumes
