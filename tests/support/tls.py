"""Certificates for a test: an authority, a server on loopback, a client, and a stranger."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiers import tier_is_missing

DAYS = "2"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files. `stranger_ca` is an authority that signed none of them."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    stranger_ca: Path


LOCAL_NAMES = "IP:127.0.0.1,DNS:localhost"


def make_certificates(folder: Path, names: str = LOCAL_NAMES) -> Certificates:
    """Make them with openssl, in `folder`: the server's for `names`; good for two days."""
    if not shutil.which("openssl"):
        tier_is_missing("TLS tests need openssl. Install: apt-get install -y openssl")
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = _authority(folder, "ca")
    server, server_key = _signed(folder, "server", names, ca, ca_key)
    client, client_key = _signed(folder, "client", "DNS:client", ca, ca_key)
    stranger_ca, _ = _authority(folder, "stranger")
    return Certificates(ca, server, server_key, client, client_key, stranger_ca)


def _authority(folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, "-subj", f"/CN={name}"),
        *("-addext", "keyUsage=critical,keyCertSign", "-out", certificate, "-keyout", key),
    )
    return certificate, key


def _signed(folder: Path, name: str, names: str, ca: Path, ca_key: Path) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
        *("-out", request, "-keyout", key),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial"),
        *("-days", DAYS, "-extfile", extensions, "-out", certificate),
    )
    return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
