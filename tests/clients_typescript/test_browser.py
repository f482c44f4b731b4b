"""The TypeScript client where it is at home: in a page and in a worker of a real browser.

A real relay and a real Kafka are behind it, and a network that fails, or lets no WebSocket through.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.chromium import PATIENCE_MS, running_chromium
from tests.clients.python.crossing import Crossing
from tests.relay.live import LOOPBACK, RunningRelay
from tests.relay.past import events
from tests.relay.topics import MEMBERS, Topics
from tests.support.kafka import Kafka

pytestmark = [pytest.mark.browser, pytest.mark.kafka]

LISTEN = """
import { Client } from './index.js';
export function listen(api, tell) {
  Math.random = () => 0.02;
  const client = new Client({ api, organizations: ['page'] });
  client.on('event', ({ id }) => tell({ id }));
  client.on('status', ({ state }) => tell({ state }));
  void client.connect();
}
"""
WORKER = """
import { listen } from './listen.js';
onmessage = ({ data }) => listen(data, (said) => postMessage(said));
"""
PAGE = """<!doctype html><title>a client</title><script type="module">
import { listen } from './listen.js';
window.ids = [];
window.states = [];
const tell = ({ id, state }) => (id ? ids.push(id) : states.push(state));
const [kind, api] = location.hash.slice(1).split('|');
if (kind === 'page') listen(api, tell);
else {
  const worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => tell(data);
  worker.postMessage(api);
}
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves the files of a folder, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name there
        """Nothing."""


@pytest.fixture
def site(typescript_client: Path, tmp_path: Path) -> Iterator[str]:
    """The built client and a page, at an address of their own."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.js").write_bytes((typescript_client / "dist" / "index.js").read_bytes())
    for name, text in {"listen.js": LISTEN, "worker.js": WORKER, "index.html": PAGE}.items():
        (folder / name).write_text(text, encoding="utf-8")
    server = ThreadingHTTPServer((LOOPBACK, 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium of this test's own."""
    async with running_chromium() as one:
        yield one


@pytest.fixture
def topics(kafka: Kafka, topic_prefix: str) -> Topics:
    made = Topics(kafka.bootstrap_servers, topic_prefix)
    made.create()
    return made


@pytest.fixture
def pod(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        yield relay.wait_until_ready()


async def until(page: Page, holds: str) -> None:
    await page.wait_for_function(holds, timeout=PATIENCE_MS)


async def write(topics: Topics, *numbers: int) -> None:
    await asyncio.to_thread(topics.write, MEMBERS, events("page", *numbers), partition=0)


@pytest.mark.parametrize("kind", ["page", "worker"])
async def test_it_takes_events_and_misses_none_when_its_connection_is_cut(
    browser: Browser, site: str, topics: Topics, pod: RunningRelay, kind: str
) -> None:
    async with Crossing.open(pod.port) as crossing:
        page = await browser.new_page()
        await page.goto(f"{site}/index.html#{kind}|{crossing.base}")
        await until(page, "states.at(-1) === 'live'")
        await write(topics, *range(20))
        await until(page, "ids.length >= 10")
        crossing.cut()
        await write(topics, *range(20, 40))
        await until(page, "ids.length >= 40")
        assert await page.evaluate("ids") == [f"page{number}" for number in range(40)]
        assert "offline" in await page.evaluate("states")


async def test_where_no_websocket_gets_through_a_page_has_the_events_as_server_sent_ones(
    browser: Browser, site: str, topics: Topics, pod: RunningRelay
) -> None:
    async with Crossing.open(pod.port) as crossing:
        crossing.lets_websockets_through = False
        page = await browser.new_page()
        await page.goto(f"{site}/index.html#page|{crossing.base}")
        await until(page, "states.at(-1) === 'live'")
        await write(topics, *range(10))
        await until(page, "ids.length >= 5")
        crossing.cut()
        await write(topics, *range(10, 20))
        await until(page, "ids.length >= 20")
        assert await page.evaluate("ids") == [f"page{number}" for number in range(20)]
