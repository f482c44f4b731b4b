"""A real Keycloak on loopback: an identity provider with a realm from a file, and its own keys."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.tiers import tier_is_missing
from unionflow_cli.kafka import Process, cache_dir, spawn_tethered

VERSION = "26.4.0"
_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
FETCH_SECONDS = 900.0
START_SECONDS = 300.0  # 15 on an idle machine
REALM = "unionflow"
_ADMIN = {"username": "admin", "password": "made-up"}
LOOPBACK = "127.0.0.1"


class Keycloak:
    """A running Keycloak. Its administrator is made up, and so are its users."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.issuer = f"{self.url}/realms/{REALM}"
        self.jwks_url = f"{self.issuer}/protocol/openid-connect/certs"

    def token(self, client: str = "unionflow-app", realm: str = REALM, **asks: str) -> str:
        """An access token for awa, as an app that knows her password gets one."""
        form = {"grant_type": "password", "client_id": client, "username": "awa"}
        return self._token(realm, {**form, "password": "made-up", **asks})

    def add_key(self, kind: str, priority: int, **config: str) -> str:
        """Make a key that signs from now on, and return the id to remove it by.

        kind: `rsa-generated`, `ecdsa-generated` or `eddsa-generated`.
        """
        settings = {"priority": str(priority), "enabled": "true", "active": "true", **config}
        answer = self._admin(
            "POST",
            "components",
            {
                "name": f"{kind}-{priority}",
                "providerId": kind,
                "providerType": "org.keycloak.keys.KeyProvider",
                "config": {name: [value] for name, value in settings.items()},
            },
        )
        return answer.headers["Location"].rsplit("/", 1)[1]

    def keys(self, kind: str) -> list[str]:
        """The ids of all keys of a kind."""
        found = self._admin("GET", "components?type=org.keycloak.keys.KeyProvider")
        return [one["id"] for one in found.json() if one["providerId"] == kind]

    def remove_key(self, id: str) -> None:
        """It signs nothing more and is no longer published."""
        self._admin("DELETE", f"components/{id}")

    def sign_with(self, algorithm: str, client: str = "unionflow-app") -> None:
        """Have a client's access tokens signed so."""
        found = self._admin("GET", f"clients?clientId={client}").json()[0]
        attributes = {**found["attributes"], "access.token.signed.response.alg": algorithm}
        self._admin("PUT", f"clients/{found['id']}", {**found, "attributes": attributes})

    def _admin(self, method: str, path: str, body: Any = None) -> httpx.Response:
        token = self._token("master", {"grant_type": "password", "client_id": "admin-cli"} | _ADMIN)
        answer = httpx.request(
            method,
            f"{self.url}/admin/realms/{REALM}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer

    def _token(self, realm: str, form: Mapping[str, str]) -> str:
        url = f"{self.url}/realms/{realm}/protocol/openid-connect/token"
        answer = httpx.post(url, data=dict(form), timeout=30, trust_env=False)
        assert answer.is_success, answer.text
        return str(answer.json()["access_token"])


@contextmanager
def running_keycloak(folder: Path, realm: Path) -> Iterator[Keycloak]:
    """Start one in `folder`, with the realm of a file; it is stopped at the end."""
    home = _unpacked(folder)
    imports = home / "data" / "import"
    imports.mkdir(parents=True)
    shutil.copy(realm, imports)
    port = _free_port()
    command = [
        *(str(home / "bin" / "kc.sh"), "start-dev", "--import-realm", "--http-host", LOOPBACK),
        *("--http-port", str(port), "--features-disabled", "impersonation"),
    ]
    environ = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
        "KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN["username"],
        "KC_BOOTSTRAP_ADMIN_PASSWORD": _ADMIN["password"],
    }
    log = folder / "keycloak.log"
    process = spawn_tethered(command, log, environ=environ)
    try:
        keycloak = Keycloak(port)
        _wait_for(keycloak, process, log)
        yield keycloak
    finally:
        process.stop(20)


def _wait_for(keycloak: Keycloak, process: Process, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.is_running, f"Keycloak has ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"Keycloak does not answer:\n{log.read_text()}"
        try:
            if httpx.get(keycloak.jwks_url, timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


def _unpacked(folder: Path) -> Path:
    with zipfile.ZipFile(_fetched()) as archive:
        archive.extractall(folder)
    home = folder / f"keycloak-{VERSION}"
    (home / "bin" / "kc.sh").chmod(0o755)
    return home


def _fetched() -> Path:
    """The distribution (160 MB), brought once by Maven; there as a whole or not at all."""
    home = cache_dir() / "keycloak"
    found = home / f"keycloak-quarkus-dist-{VERSION}.zip"
    if found.is_file():
        return found
    maven, java = shutil.which("mvn"), shutil.which("java")
    if maven is None or java is None:
        tier_is_missing("Keycloak needs Java 17 and Maven: apt-get install maven")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as work:
        log = Path(work) / "maven.log"
        goal = [_COPY, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={work}"]
        process = spawn_tethered([maven, "--quiet", "--batch-mode", "-C", *goal], log)
        if not process.wait(FETCH_SECONDS) or not (Path(work) / found.name).is_file():
            process.kill()
            tier_is_missing(f"Maven could not bring {_ARTIFACT}: {log.read_text()[-300:]}")
        (Path(work) / found.name).rename(found)
    return found
