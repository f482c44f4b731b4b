"""A namespace of a real API server, and `unionflow plan` asked about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import Result

from tests.cli.plan.asking import ask
from tests.operator.live.streams import Streams
from tests.support.apiserver import ApiServer

READER = {
    "rules": [
        {
            "apiGroups": ["", "apps", "policy", "autoscaling", "networking.k8s.io"],
            "resources": [
                *("deployments", "configmaps", "services", "serviceaccounts", "ingresses"),
                *("networkpolicies", "horizontalpodautoscalers", "poddisruptionbudgets"),
            ],
            "verbs": ["get", "list"],
        },
        {
            "apiGroups": [
                *("unionflow.lions.dev", "monitoring.coreos.com", "keda.sh"),
                "gateway.networking.k8s.io",
            ],
            "resources": ["*"],
            "verbs": ["get", "list"],
        },
    ]
}
"""Who may see a namespace and no Secret of it, as somebody with the role `view`."""


@dataclass(frozen=True, slots=True)
class Place:
    """streams: of its namespace. folder: for files of the tests."""

    streams: Streams
    kubeconfig: Path
    folder: Path

    @property
    def namespace(self) -> str:
        return self.streams.namespace

    def named(self, name: str, *more: str, kubeconfig: Path | None = None) -> Result:
        """`unionflow plan NAME`."""
        return ask(name, *self._where(kubeconfig), *more)

    def diff(self, manifest: Mapping[str, Any], *more: str) -> Result:
        """`unionflow plan -f FILE --diff`."""
        path = self.folder / f"{manifest['metadata']['name']}.yaml"
        path.write_text(yaml.safe_dump(dict(manifest)))
        return ask("-f", path, "--diff", *self._where(None), *more)

    def reader(self) -> Path:
        """The kubeconfig of an account that may read, and no Secret."""
        api, name = self.streams.api, "reader"
        accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        rights = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}"
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        metadata = {"metadata": {"name": name}}
        _post(api, accounts, metadata)
        _post(api, f"{rights}/roles", {**metadata, **READER})
        _post(api, f"{rights}/rolebindings", {**metadata, "subjects": [subject], "roleRef": role})
        token = _post(api, f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
        config = yaml.safe_load(self.kubeconfig.read_text())
        config["users"] = [{"name": u["name"], "user": {"token": token}} for u in config["users"]]
        written = self.folder / "reader.kubeconfig"
        written.write_text(json.dumps(config))
        return written

    def _where(self, kubeconfig: Path | None) -> tuple[str, ...]:
        path = str(kubeconfig or self.kubeconfig)
        return ("-n", self.namespace, "--kubeconfig", path, "--operator-namespace", self.namespace)


def _post(api: ApiServer, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = api.client.post(path, json=body)
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made
