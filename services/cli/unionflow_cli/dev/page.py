"""Loads the dashboard's page as a browser does: the page, what it names, its configuration."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx

from unionflow_cli.core.visit import Loaded, Visit, loaded_by
from unionflow_cli.errors import Unavailable

SECONDS = 5.0


async def visit(site_url: str) -> Visit:
    """site_url: of the page, with a slash at its end.

    Raises:
        Unavailable: nobody answers there.
    """
    try:
        async with httpx.AsyncClient(
            trust_env=False, timeout=SECONDS, headers={"Accept-Encoding": "gzip"}
        ) as client:
            page = await client.get(site_url)
            if not page.is_success:
                return Visit(_loaded(page))
            named = [urljoin(site_url, address) for address in loaded_by(page.text)]
            parts = [_loaded(await client.get(address)) for address in named]
            told = await client.get(urljoin(site_url, "config.json"))
            base = told.json().get("apiBase", "") if told.is_success else ""
            found = await client.get(f"{base}/api/v1/organizations?limit=1") if base else told
    except (httpx.HTTPError, ValueError) as problem:
        raise Unavailable(f"no page at {site_url}: {type(problem).__name__}") from problem
    # Whoever must log in first is told so by the API itself.
    return Visit(_loaded(page), [*parts, _loaded(told)], found.status_code in {200, 401})


def _loaded(answer: httpx.Response) -> Loaded:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return Loaded(str(answer.url), answer.status_code, kind, answer.num_bytes_downloaded)
