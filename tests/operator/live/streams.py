"""UnionflowStreams of tests, on a real API server and a real Kafka."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from tests.operator.live.running import until
from tests.support.apiserver import ApiServer

API = "/apis/unionflow.lions.dev/v1alpha1"
TWO_TOPICS: Sequence[Mapping[str, Any]] = (
    {"name": "unionflow.finance.approvals", "partitions": 2, "deletionPolicy": "Delete"},
    {"name": "unionflow.dashboard.stats", "partitions": 1},
)


def manifest(name: str, servers: str, prefix: str, **spec: Any) -> dict[str, Any]:
    """A small stream. spec: what it says besides, or otherwise."""
    return {
        "apiVersion": "unionflow.lions.dev/v1alpha1",
        "kind": "UnionflowStream",
        "metadata": {"name": name},
        "spec": {
            "kafka": {"bootstrapServers": servers},
            "auth": {"none": True},
            "topicPrefix": prefix,
            "topics": list(TWO_TOPICS),
            **spec,
        },
    }


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one namespace."""

    api: ApiServer
    namespace: str

    @property
    def api_path(self) -> str:
        """Of the namespace, in our API group."""
        return f"{API}/namespaces/{self.namespace}"

    def create(self, body: Mapping[str, Any]) -> None:
        """POST it."""
        self._good(self.api.client.post(self._path(), json=body))

    def patch(self, name: str, patch: Mapping[str, Any]) -> None:
        """A merge patch."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self._good(self.api.client.patch(self._path(name), json=patch, headers=headers))

    def delete(self, name: str) -> None:
        """Ask for its deletion."""
        self._good(self.api.client.delete(self._path(name)))

    def get(self, name: str) -> dict[str, Any] | None:
        """It, or None."""
        answer = self.api.client.get(self._path(name))
        if answer.status_code == 404:
            return None
        self._good(answer)
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        """Let the namespace go. What an operator that has ended still held is not waited for."""
        path = f"{self.api_path}/unionflowstreams"
        for item in self.api.client.get(path).json()["items"]:
            self.patch(item["metadata"]["name"], {"metadata": {"finalizers": None}})
        self.api.remove_namespace(self.namespace)

    def condition(self, name: str, kind: str) -> tuple[str, str, str]:
        """Status, reason and message of a condition; empty texts where there is none."""
        stream = self.get(name) or {}
        for condition in stream.get("status", {}).get("conditions", []):
            if condition["type"] == kind:
                return condition["status"], condition["reason"], condition["message"]
        return "", "", ""

    def wait_for(self, name: str, kind: str, status: str, reason: str = "") -> str:
        """Wait until a condition is so; its message."""

        def look() -> tuple[str, str, str] | None:
            found = self.condition(name, kind)
            wanted = found[0] == status and reason in {"", found[1]}
            return found if wanted else None

        try:
            return until(f"{kind}={status} {reason}", look, 30)[2]
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.condition(name, kind)}") from None

    def children(self, name: str) -> set[tuple[str, str]]:
        """Kind and name of every object that is owned by the stream."""
        stream = self.get(name)
        uid = stream["metadata"]["uid"] if stream is not None else ""
        found = set()
        for group, plural in CHILD_PATHS:
            answer = self.api.client.get(f"{group}/namespaces/{self.namespace}/{plural}")
            self._good(answer)
            body = answer.json()
            kind = body["kind"].removesuffix("List")
            found |= {
                (kind, item["metadata"]["name"])
                for item in body["items"]
                if any(owner["uid"] == uid for owner in item["metadata"].get("ownerReferences", []))
            }
        return found

    def object(self, group: str, plural: str, name: str) -> dict[str, Any] | None:
        """Any object of the namespace."""
        answer = self.api.client.get(f"{group}/namespaces/{self.namespace}/{plural}/{name}")
        if answer.status_code == 404:
            return None
        self._good(answer)
        found: dict[str, Any] = answer.json()
        return found

    def strip_label(self, name: str) -> None:
        """Somebody takes our label off every object of the stream; returns when it is back.

        The operator's watch sees only what has it.
        """
        headers = {"Content-Type": "application/merge-patch+json"}
        patch = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
        paths = self._labelled(name)
        for path in paths:
            self._good(self.api.client.patch(path, json=patch, headers=headers))
        until("the label is back", lambda: self._labelled(name) == paths)

    def _labelled(self, name: str) -> list[str]:
        """The paths of the stream's objects that have our label."""
        ours = "app.kubernetes.io/managed-by=unionflow-operator"
        selector = f"{ours},app.kubernetes.io/instance={name}"
        found = []
        for group, plural in CHILD_PATHS:
            path = f"{group}/namespaces/{self.namespace}/{plural}"
            listed = self.api.client.get(f"{path}?labelSelector={selector}")
            self._good(listed)
            found += [f"{path}/{item['metadata']['name']}" for item in listed.json()["items"]]
        return found

    def pods(self, name: str) -> list[str]:
        """The names of a stream's pods."""
        selector = f"app.kubernetes.io/instance={name}"
        path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={selector}"
        answer = self.api.client.get(path)
        self._good(answer)
        return [item["metadata"]["name"] for item in answer.json()["items"]]

    def write_pod_status(self, pod: str, state: Mapping[str, Any], *, ready: bool) -> None:
        """Say of a pod what a kubelet would: its container's state, and whether it is ready."""
        word = "True" if ready else "False"
        container = {
            "name": "relay",
            "image": "unionflow/relay",
            "imageID": "",
            "ready": ready,
            "restartCount": 0,
            "state": state,
        }
        status = {
            "phase": "Running" if ready else "Pending",
            "podIP": "192.0.2.7",
            "podIPs": [{"ip": "192.0.2.7"}],
            "conditions": [{"type": "Ready", "status": word}],
            "containerStatuses": [container],
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/status"
        headers = {"Content-Type": "application/merge-patch+json"}
        self._good(self.api.client.patch(path, json={"status": status}, headers=headers))

    def events(self, name: str) -> list[dict[str, Any]]:
        """The Events on a stream."""
        answer = self.api.client.get(f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events")
        self._good(answer)
        return [e for e in answer.json()["items"] if e["regarding"].get("name") == name]

    def _path(self, name: str = "") -> str:
        path = f"{API}/namespaces/{self.namespace}/unionflowstreams"
        return f"{path}/{name}" if name else path

    def _good(self, answer: Any) -> None:
        assert answer.is_success, answer.text


CHILD_PATHS = (
    ("/api/v1", "serviceaccounts"),
    ("/api/v1", "configmaps"),
    ("/api/v1", "services"),
    ("/apis/apps/v1", "deployments"),
    ("/apis/policy/v1", "poddisruptionbudgets"),
    ("/apis/networking.k8s.io/v1", "networkpolicies"),
    ("/apis/networking.k8s.io/v1", "ingresses"),
    ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    ("/apis/monitoring.coreos.com/v1", "servicemonitors"),
    ("/apis/monitoring.coreos.com/v1", "prometheusrules"),
    ("/apis/gateway.networking.k8s.io/v1", "httproutes"),
    ("/apis/keda.sh/v1alpha1", "scaledobjects"),
)


@dataclass(frozen=True, slots=True)
class Topics:
    """What a broker has, asked as the operator does not: one by one."""

    servers: str

    def partitions(self, *names: str) -> dict[str, int]:
        """How many partitions each topic has, of those that exist."""
        admin = self._admin()
        found = {}
        for name, future in admin.describe_topics(TopicCollection(list(names))).items():
            with contextlib.suppress(KafkaException):  # of those that do not exist
                found[name] = len(future.result(10).partitions)
        return found

    def setting(self, topic: str, name: str) -> str:
        """A topic's setting."""
        resource = ConfigResource(ResourceType.TOPIC, topic)
        admin = self._admin()
        value: str = admin.describe_configs([resource])[resource].result(10)[name].value
        return value

    def make(self, topic: str, partitions: int) -> None:
        """Somebody else makes a topic."""
        admin = self._admin()
        admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(10)

    def remove(self, topic: str) -> None:
        """Somebody else deletes a topic."""
        admin = self._admin()
        admin.delete_topics([topic])[topic].result(10)

    def _admin(self) -> AdminClient:
        """To be held until its answers have come: without it they never do."""
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
