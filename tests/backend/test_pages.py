"""The dashboard's files as the backend serves them, and what browsers are told of every answer."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from unionflow_backend.adapters.rest.application import create_application
from unionflow_backend.adapters.rest.edge import Edge
from unionflow_backend.adapters.rest.pages import Pages, read_pages
from unionflow_backend.adapters.rest.site import Site
from unionflow_backend.app import application_of
from unionflow_backend.errors import InvalidPages
from unionflow_backend.settings import PAGES, read_settings
from unionflow_runtime.errors import SettingsError

SCRIPT = b"export const greeting = 'Bonjour';\n" * 40
BUILD: Mapping[str, bytes] = {
    "index.html": b'<!doctype html><script type="module" src="./assets/index-B3xY.js"></script>'
    + b" " * 200,
    "assets/index-B3xY.js": SCRIPT,
    "assets/logo-9c0a.woff2": b"wOF2",
    "manifest.webmanifest": b"{}",
    "sw.js": b"self.skipWaiting()",
}
ZIPPED = {"Accept-Encoding": "br, gzip"}
PLAIN = {"Accept-Encoding": "gzip;q=0, identity"}


def written(folder: Path, files: Mapping[str, bytes] = BUILD) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@asynccontextmanager
async def browsing(site: Site, pages: Pages) -> AsyncIterator[httpx.AsyncClient]:
    served = Edge(create_application(site, pages), lambda *_: None)
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as http:
        yield http


async def test_the_page_is_asked_for_each_time_and_not_sent_again_while_it_is_the_same(
    tmp_path: Path,
) -> None:
    async with browsing(Site(), read_pages(written(tmp_path))) as http:
        page = await http.get("/", headers=ZIPPED)
        assert (page.status_code, page.content) == (200, BUILD["index.html"])
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        tag = page.headers["etag"]
        for said in (tag, f'W/{tag}, "other"', "*"):
            again = await http.get("/", headers={**ZIPPED, "If-None-Match": said})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        head = await http.head("/")
        assert head.status_code == 200
        assert (await http.get("/index.html")).status_code == 404


async def test_hashed_names_are_kept_for_ever_and_no_others(tmp_path: Path) -> None:
    async with browsing(Site(), read_pages(written(tmp_path))) as http:
        kept = {
            name: (await http.get(f"/{name}")).headers["cache-control"]
            for name in BUILD
            if name != "index.html"
        }
    assert {name for name, said in kept.items() if "immutable" in said} == {
        "assets/index-B3xY.js",
        "assets/logo-9c0a.woff2",
    }
    assert set(kept.values()) == {"no-cache", "public, max-age=31536000, immutable"}


async def test_text_is_zipped_for_who_takes_it(tmp_path: Path) -> None:
    at = "/assets/index-B3xY.js"
    async with browsing(Site(), read_pages(written(tmp_path))) as http:
        zipped, plain = [await http.get(at, headers=said) for said in (ZIPPED, PLAIN)]
        font = await http.get("/assets/logo-9c0a.woff2", headers=ZIPPED)
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(SCRIPT) / 10
    assert zipped.content == plain.content == SCRIPT
    assert "content-encoding" not in plain.headers
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in font.headers
    assert "vary" not in font.headers


async def test_what_the_build_has_zipped_itself_is_sent_as_it_is(tmp_path: Path) -> None:
    better = gzip.compress(SCRIPT, 1)
    files = {**BUILD, "assets/index-B3xY.js.gz": better}
    async with browsing(Site(), read_pages(written(tmp_path, files))) as http:
        answer = await http.get("/assets/index-B3xY.js", headers=ZIPPED)
        assert int(answer.headers["content-length"]) == len(better)
        assert (await http.get("/assets/index-B3xY.js.gz")).status_code == 404


async def test_below_a_path_everything_is_below_it(tmp_path: Path) -> None:
    async with browsing(Site("/u"), read_pages(written(tmp_path))) as http:
        moved = await http.get("/u?code=1")
        assert (moved.status_code, moved.headers["location"]) == (308, "/u/?code=1")
        assert (await http.get("/u/")).status_code == 200
        assert (await http.get("/u/assets/index-B3xY.js")).content == SCRIPT
        for elsewhere in ("/", "/assets/index-B3xY.js"):
            assert (await http.get(elsewhere)).status_code == 404


async def test_the_page_may_load_from_here_and_ask_the_api_the_relay_and_the_issuer(
    tmp_path: Path,
) -> None:
    site = Site(
        public_websocket_url="wss://live.example/ws/dashboard",
        oidc_issuer="https://id.example:8443/realms/u",
    )
    async with browsing(site, read_pages(written(tmp_path))) as http:
        page = await http.get("/", headers={"X-Forwarded-Proto": "https"})
        script = await http.get("/sw.js")
        told = await http.get("/config.json", headers={"X-Forwarded-Proto": "https"})
    asked = ["https://app.example", "wss://live.example", "https://live.example"]
    asked.append("https://id.example:8443")
    assert page.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        f"connect-src 'self' {' '.join(asked)}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    # By its own script's policy a service worker lives: it fetches the shell, and nothing else.
    worker = script.headers["content-security-policy"].split("; ")
    assert worker == ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"]
    assert told.json()["apiBase"] == "https://app.example"
    assert told.headers["cache-control"] == "no-store"
    for answer in (page, script):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("host", ["a; script-src *", "a/b", "", "a b", "[::1]x"])
async def test_a_host_that_is_none_gets_into_no_policy(tmp_path: Path, host: str) -> None:
    async with browsing(Site(), read_pages(written(tmp_path))) as http:
        page = await http.get("/", headers={"Host": host})
    sources = "connect-src 'self' http://localhost ws://localhost;"
    assert sources in page.headers["content-security-policy"]


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with browsing(Site(), ()) as http:
        page = await http.get("/")
        assert page.status_code == 404
        assert "<code>make dashboard</code>" in page.text
        assert (await http.get("/config.json")).status_code == 200
    with pytest.raises(InvalidPages, match="it is no build of the dashboard"):
        read_pages(tmp_path)


async def test_what_is_no_file_of_the_build_is_a_problem(tmp_path: Path) -> None:
    written(tmp_path / "build")
    (tmp_path / "secret").write_text("s3cret")
    async with browsing(Site(), read_pages(tmp_path / "build")) as http:
        for path in ("/nothing", "/assets/", "/%2e%2e/secret", "/..%2fsecret", "/api/v1/nothing"):
            answer = await http.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"
        assert (await http.post("/")).status_code == 405


def test_the_folder_is_the_one_that_is_set_and_it_has_to_hold_a_build(tmp_path: Path) -> None:
    named = read_settings({"UNIONFLOW_PAGES": str(tmp_path)})
    assert named.pages_folder == tmp_path
    with pytest.raises(SettingsError, match=r"^UNIONFLOW_PAGES: .* has no index\.html"):
        application_of(named)
    built = [folder for folder in PAGES if (folder / "index.html").is_file()]
    assert read_settings({}).pages_folder == (built[0] if built else None)


def test_a_folder_that_is_no_build_at_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unionflow_backend.adapters.rest.pages.MAX_BYTES", 100)
    with pytest.raises(InvalidPages, match="more than 100 bytes"):
        read_pages(written(tmp_path))
