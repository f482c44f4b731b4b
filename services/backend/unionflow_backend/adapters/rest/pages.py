"""The dashboard's files, as a build has made them: read once, and served from memory.

What lies in `assets` has its content's hash in its name and may be kept for ever; everything else
is asked for each time, and costs a 304 while it is the same.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from unionflow_backend.adapters.rest.site import Site, policy, seen_at
from unionflow_backend.errors import InvalidPages

INDEX: Final = "index.html"
HASHED: Final = "assets/"
MAX_BYTES: Final = 32 * 1024 * 1024
"""Of all files together: what is larger is not a page's build."""
_ZIPPED: Final = ".gz"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_TEXT: Final = frozenset({".css", ".html", ".js", ".json", ".map", ".svg", ".webmanifest"})
_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED: Final = "no-cache"
_HEADERS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# A service worker lives by its script's own policy: it fetches the shell, and nothing else.
_OF_A_WORKER: Final = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>UnionFlow</title>
</head>
<body>
<h1>The dashboard is not built</h1>
<p><code>make dashboard</code> builds it, in the folder of the sources; then start this process
again. A build that lies elsewhere is named by <code>UNIONFLOW_PAGES</code>.</p>
<p><a href="docs">The API</a> is served without it.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file. zipped: the same with gzip, where that is smaller. digest: of its content."""

    name: str
    kind: str
    content: bytes
    zipped: bytes | None
    digest: str


Pages = tuple[PageFile, ...]


def read_pages(folder: Path) -> Pages:
    """Every file of a build. `name.gz` beside `name` is taken for it, zipped.

    Raises:
        InvalidPages: it cannot be read, has no index.html, or is too large for a build.
    """
    if not (folder / INDEX).is_file():
        raise InvalidPages(f"{folder} has no {INDEX}: it is no build of the dashboard")
    try:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        if sum(path.stat().st_size for path in found) > MAX_BYTES:
            raise InvalidPages(f"{folder} has more than {MAX_BYTES:,} bytes: it is no build")
        return tuple(_read(folder, path) for path in found if path.suffix != _ZIPPED)
    except OSError as error:
        raise InvalidPages(f"{folder} cannot be read: {error.strerror}") from None


def install(app: FastAPI, site: Site, pages: Pages) -> None:
    """Serve them below the base path; without any, one page that says how to build them."""
    router = APIRouter(prefix=site.base_path, include_in_schema=False)
    for file in pages:
        at = "/" if file.name == INDEX else f"/{file.name}"
        router.add_api_route(at, _serving(site, file), methods=["GET", "HEAD"])
    if not pages:
        router.add_api_route("/", _not_built, methods=["GET", "HEAD"])
    app.include_router(router)
    if site.base_path:
        app.add_api_route(site.base_path, _with_slash(site), include_in_schema=False)


def _read(folder: Path, path: Path) -> PageFile:
    content = path.read_bytes()
    beside = path.with_name(path.name + _ZIPPED)
    zipped: bytes | None = None
    if beside.is_file():
        zipped = beside.read_bytes()
    elif path.suffix in _TEXT:
        zipped = gzip.compress(content, mtime=0)
    return PageFile(
        path.relative_to(folder).as_posix(),
        _TYPES.get(path.suffix, "application/octet-stream"),
        content,
        zipped if zipped is not None and len(zipped) < len(content) else None,
        hashlib.sha256(content).hexdigest()[:32],
    )


def _serving(site: Site, file: PageFile) -> Callable[[Request], Awaitable[Response]]:
    kept = file.name.startswith(HASHED)
    is_page = file.kind.startswith("text/html")

    async def page_file(request: Request) -> Response:
        zipped = file.zipped if _takes_gzip(request) else None
        tag = f'"{file.digest}{"" if zipped is None else "-gzip"}"'
        headers = {"Cache-Control": _KEPT if kept else _ASKED, "ETag": tag, **_HEADERS}
        if file.zipped is not None:
            headers["Vary"] = "Accept-Encoding"
        if is_page:
            headers["Content-Security-Policy"] = _policy(site, request)
        elif file.kind.startswith("text/javascript"):
            headers["Content-Security-Policy"] = _OF_A_WORKER
        if _has(request, tag):
            return Response(None, 304, headers)
        if zipped is not None:
            headers["Content-Encoding"] = "gzip"
        return Response(zipped or file.content, 200, headers, file.kind)

    return page_file


def _policy(site: Site, request: Request) -> str:
    """Everything from here: no script and no style within the page itself."""
    return policy(
        site,
        seen_at(request),
        script="'self'",
        style="'self'",
        img="'self' data:",
        font="'self'",
        manifest="'self'",
        worker="'self'",
    )


def _with_slash(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def with_slash(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{site.base_path}/{query}", 308)

    return with_slash


async def _not_built() -> Response:
    return HTMLResponse(_NOT_BUILT, 404)


def _takes_gzip(request: Request) -> bool:
    """RFC 9110 section 12.5.3, as far as browsers and proxies use it."""
    for part in request.headers.get("accept-encoding", "").split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _has(request: Request, tag: str) -> bool:
    said = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in {tag, "*"} for one in said.split(","))
