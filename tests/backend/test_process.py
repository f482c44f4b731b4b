"""The process: its settings, its commands, its start and end, and what it serves beside the API."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.backend.asking import DAKAR, calling
from tests.backend.tokens import SECRET_CALLERS
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.rest.site import Site, configuration
from unionflow_backend.app import now_ms
from unionflow_backend.main import main, main_script
from unionflow_backend.settings import Settings, read_configuration, read_settings
from unionflow_runtime.access import AuthMode
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.settings import described_settings

PATIENCE_SECONDS = 30.0
OPEN = {"UNIONFLOW_AUTH": "none"}


@dataclass(frozen=True, slots=True)
class Running:
    """A process that listens."""

    process: subprocess.Popen[bytes]
    api: str
    management: str
    log: Path

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if "UNIONFLOW" not in name}
    return {
        **inherited,
        "UNIONFLOW_AUTH": "none",
        "UNIONFLOW_HOST": "127.0.0.1",
        "UNIONFLOW_PORT": "0",
        "UNIONFLOW_MANAGEMENT_PORT": "0",
        "UNIONFLOW_DATABASE_URL": f"sqlite:///{folder}/unionflow.db",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        **settings,
    }


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "unionflow_backend", *arguments],
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Running]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "unionflow_backend"],
            env=environment(folder, **settings),
            stderr=output,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r'.*"backend listening".*', log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        said = json.loads(found.group())
        api, management = (f"http://127.0.0.1:{said[name]}" for name in ("port", "management_port"))
        yield Running(process, api, management, log)
    finally:
        process.kill()
        process.wait()


def eventually(url: str, status: int) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = httpx.get(url)
        if answer.status_code == status:
            return answer
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def test_it_migrates_serves_counts_and_ends_when_told(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/index.html").write_text("<!doctype html><title>Tableau de bord</title>")
    settings = {
        "UNIONFLOW_DATABASE_MIGRATE": "true",
        "UNIONFLOW_BASE_PATH": "/unionflow",
        "UNIONFLOW_PAGES": str(tmp_path / "dist"),
    }
    with serving(tmp_path, **settings) as backend:
        eventually(f"{backend.management}/readyz", 200)
        body = {"id": DAKAR, "name": "Dakar", "currency": "XOF"}
        url = f"{backend.api}/unionflow/api/v1/organizations"
        made = httpx.post(url, json=body)
        assert (made.status_code, made.headers["location"]) == (
            201,
            f"/unionflow/api/v1/organizations/{DAKAR}",
        )
        assert httpx.get(f"{backend.api}/api/v1/organizations").status_code == 404
        page = httpx.get(f"{backend.api}/unionflow", follow_redirects=True)
        assert (page.status_code, "Tableau de bord" in page.text) == (200, True)
        metrics = httpx.get(f"{backend.management}/metrics").text
        asked = 'unionflow_backend_requests_total{operation="create_organization",status="201"} 1.0'
        assert asked in metrics
        for name in ("ready", "outbox_depth", "request_seconds_bucket", "loop_delay_seconds"):
            assert f"\nunionflow_backend_{name}" in metrics
        assert httpx.get(f"{backend.management}/livez").status_code == 200
        assert backend.end() == 0
    assert sqlite3.connect(tmp_path / "unionflow.db").execute(
        "SELECT count(*) FROM outbox WHERE status = 'PENDING'"
    ).fetchone() == (1,)


def test_a_start_on_an_older_database_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    ended = run(tmp_path)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.splitlines()[-1].endswith(
        "run `unionflow-backend migrate`, or set UNIONFLOW_DATABASE_MIGRATE=true"
    )


def test_migrate_says_what_it_did_and_the_second_time_nothing(tmp_path: Path) -> None:
    first, second = run(tmp_path, "migrate"), run(tmp_path, "migrate")
    assert (first.returncode, first.stdout) == (0, "0001\n0002\n"), first.stderr
    assert (second.returncode, second.stdout) == (0, "up to date\n")


def test_a_database_that_cannot_be_had_is_one_line_without_a_password(tmp_path: Path) -> None:
    secret = {"UNIONFLOW_DATABASE_URL": "postgresql://unionflow:s3cret@127.0.0.1:1/unionflow"}
    ended = run(tmp_path, "migrate", **secret)
    assert ended.returncode == 2
    assert "UNIONFLOW_DATABASE_URL: the database refuses" in ended.stderr
    assert "s3cret" not in ended.stderr + ended.stdout


def test_openapi_is_written_without_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNIONFLOW_BASE_PATH", "/x")
    assert main(["openapi"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert "/x/api/v1/finance/approvals" in written["paths"]


def test_the_console_command_explains_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["unionflow-backend", "--help"])
    with pytest.raises(SystemExit) as ended:
        main_script()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "usage: unionflow-backend" in told
    assert "unionflow-backend migrate" in told
    assert "UNIONFLOW_DATABASE_URL" in told


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "UNIONFLOW_JWT_JWKS_URL"),
        ({"UNIONFLOW_DATABASE_URL": "mysql://root:pw@host/x"}, "UNIONFLOW_DATABASE_URL"),
        ({"UNIONFLOW_JWT_ROLES_CLAIM": "a..b"}, "UNIONFLOW_JWT_ROLES_CLAIM"),
        ({"UNIONFLOW_STATS_SECONDS": "0"}, "UNIONFLOW_STATS_SECONDS"),
        ({"UNIONFLOW_TOPIC_PREFIX": "ä"}, "UNIONFLOW_TOPIC_PREFIX"),
        ({"UNIONFLOW_OIDC_ISSUER": "id.example"}, "UNIONFLOW_OIDC_ISSUER"),
        ({"UNIONFLOW_DATABASE_MIGRATE": "perhaps"}, "UNIONFLOW_DATABASE_MIGRATE"),
    ],
)
def test_a_wrong_setting_is_named_and_no_password_repeated(
    settings: dict[str, str], named: str
) -> None:
    environ = {**OPEN, **settings} if settings else {}
    with pytest.raises(SettingsError) as refused:
        read_configuration(environ)
    assert str(refused.value).startswith(named)
    assert "root:pw" not in str(refused.value)


def test_settings_are_read_with_their_defaults_and_shown_without_secrets() -> None:
    settings = read_settings({**OPEN, "UNIONFLOW_JWT_ROLES_CLAIM": "realm_access.roles"})
    assert settings.token_rules().roles_claim == "realm_access.roles"
    assert str(settings.database_url) == "sqlite+aiosqlite:///unionflow.db"
    described = dict(described_settings(Settings, kafka=True))
    assert {str(field.alias) for field in Settings.model_fields.values()} <= set(described)
    assert "[8080]" in described["UNIONFLOW_PORT"]


def test_pages_are_told_where_everything_is() -> None:
    here = configuration(Site("/unionflow"), "https://api.example:8443")
    assert here.model_dump(by_alias=True) == {
        "apiBase": "https://api.example:8443/unionflow",
        "webSocketUrl": "wss://api.example:8443/unionflow/ws/dashboard",
        "auth": "jwt",
        "oidc": None,
    }
    elsewhere = configuration(
        Site(
            "",
            "http://api/x/",
            "ws://relay/ws/dashboard",
            "https://id.example",
            "web",
            AuthMode.NONE,
        ),
        "http://a",
    )
    assert elsewhere.model_dump(by_alias=True) == {
        "apiBase": "http://api/x",
        "webSocketUrl": "ws://relay/ws/dashboard",
        "auth": "none",
        "oidc": {
            "issuer": "https://id.example",
            "clientId": "web",
            "scope": "openid profile",
            "rolesClaim": "roles",
        },
    }


async def test_swagger_is_served_without_the_internet_and_lets_people_log_in(
    sqlite_copy: str,
) -> None:
    database = Database(database_url(sqlite_copy), now_ms)
    site = Site("/u", oidc_issuer="https://id.example/realms/u", oidc_client_id="web")
    async with calling(database, SECRET_CALLERS, site) as api:
        page = await api.http.get("/u/docs")
        assert page.status_code == 200
        loaded = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
        assert len(loaded) == 3
        assert "//" not in re.sub(r"<!doctype[^>]*>", "", page.text)
        for name in loaded:
            assert (await api.http.get(f"/u/{name}")).status_code == 200
        assert '"clientId":"web"' in (await api.http.get("/u/docs/start.js")).text
        policy = page.headers["content-security-policy"]
        assert "connect-src 'self' http://backend ws://backend https://id.example;" in policy
        assert "script-src 'self';" in policy
        document = (await api.http.get("/u/openapi.json")).json()
        assert set(document["components"]["securitySchemes"]) == {"token", "login"}
        told = await api.http.get("/u/config.json")
        assert told.json()["oidc"]["issuer"] == "https://id.example/realms/u"
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        allowed = await api.http.options("/u/api/v1/organizations", headers=asked)
        assert allowed.headers["access-control-allow-origin"] == "*"
    await database.close()
