"""Who may do what in the cluster: its authority, certificates, tokens and kubeconfigs."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from pathlib import Path

from tests.cluster.errors import ToolMissing

API_SERVICE_ADDRESS = "10.96.0.1"
USERS = {  # the name of a kubeconfig: its user and group
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "node": ("system:node:uf-node", "system:nodes"),
    "dns": ("uf-dns", ""),
    "nobody": ("nobody", ""),  # an account without rights
}


class Credentials:
    """The files of one cluster, in its folder."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._tokens = {name: secrets.token_hex(16) for name in USERS}
        self.authority = folder / "ca.crt"
        self.service_account_key = folder / "sa.key"
        self.token_file = folder / "tokens.csv"

    @property
    def admin_token(self) -> str:
        """What an administrator shows to the API server."""
        return self._tokens["admin"]

    def certificate(self, name: str) -> Path:
        """`ca`, `apiserver` or `kubelet-client`."""
        return self._folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """The key of `certificate(name)`."""
        return self._folder / f"{name}.key"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a user of `USERS`."""
        return self._folder / f"{user}.kubeconfig"

    def write(self, url: str) -> None:
        """Make all files. url: of the API server.

        Raises:
            ToolMissing: openssl is not here.
        """
        if shutil.which("openssl") is None:
            raise ToolMissing("certificates need openssl: apt-get install openssl")
        self._write_certificates()
        lines = [f'{self._tokens[n]},{user},{user},"{g}"' for n, (user, g) in USERS.items()]
        self.token_file.write_text("\n".join(lines) + "\n")
        for name in USERS:
            self.kubeconfig(name).write_text(json.dumps(self._config(url, name), indent=1))

    def _write_certificates(self) -> None:
        self._sign("ca", "/CN=uf-ca")
        issuer = (
            *("-CA", str(self.authority), "-CAkey", str(self.key("ca"))),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        )
        addresses = f"IP:{self._address},IP:127.0.0.1,IP:{API_SERVICE_ADDRESS}"
        names = f"subjectAltName={addresses},DNS:localhost,DNS:kubernetes.default.svc"
        self._sign("apiserver", "/CN=kube-apiserver", *issuer, "-addext", names)
        client = "/O=system:masters/CN=kube-apiserver-kubelet-client"
        self._sign("kubelet-client", client, *issuer, "-addext", "extendedKeyUsage=clientAuth")
        key = str(self.service_account_key)
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)

    def _sign(self, name: str, subject: str, *more: str) -> None:
        _openssl(
            *("req", "-x509", "-days", "3650", "-subj", subject, "-nodes"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-keyout", str(self.key(name)), "-out", str(self.certificate(name)), *more),
        )

    def _config(self, url: str, name: str) -> object:
        cluster = {"server": url, "certificate-authority": str(self.authority)}
        context = {"cluster": "uf", "user": name, "namespace": "default"}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "uf",
            "clusters": [{"name": "uf", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self._tokens[name]}}],
            "contexts": [{"name": "uf", "context": context}],
        }


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
