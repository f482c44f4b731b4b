"""The account that the manifests give to an operator of one namespace, on a real API server."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.house.files import ROOT
from tests.support.apiserver import ApiServer

ACCOUNT = "unionflow-operator"
_ROLES = (Path("manifests/operator/roles.yaml"), Path("manifests/namespaced/streams/roles.yaml"))
_PLURALS = {"Role": "roles", "RoleBinding": "rolebindings"}


def account_kubeconfig(api: ApiServer, namespace: str, folder: Path) -> Path:
    """Make the account with all its Roles in `namespace`; the kubeconfig of its token."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.client.post(accounts, json={"metadata": {"name": ACCOUNT}}).raise_for_status()
    for document in (d for path in _ROLES for d in yaml.safe_load_all((ROOT / path).read_text())):
        if document["kind"] not in _PLURALS:
            continue  # an operator of one namespace has nothing of the whole cluster
        document["metadata"]["namespace"] = namespace
        for subject in document.get("subjects", []):
            subject["namespace"] = namespace
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        api.client.post(f"{path}/{_PLURALS[document['kind']]}", json=document).raise_for_status()
    token = api.client.post(f"{accounts}/{ACCOUNT}/token", json={"spec": {}})
    token.raise_for_status()
    config = yaml.safe_load(api.kubeconfig.read_text())
    config["users"] = [
        {"name": user["name"], "user": {"token": token.json()["status"]["token"]}}
        for user in config["users"]
    ]
    written = folder / "account.kubeconfig"
    written.write_text(json.dumps(config))
    return written
