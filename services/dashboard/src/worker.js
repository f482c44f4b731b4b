/**
 * Keeps the page's shell, so that it opens at once and without a network. Never data: what a society
 * has is asked for anew, and is on no device that was only looked at.
 */
const SHELL = 'unionflow-shell-@version@';
const FILES = '@files@';
const WAIT_MS = 3000;

addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(['./', ...FILES].map((name) => new Request(name, { cache: 'reload' }))))
      .then(() => skipWaiting()),
  );
});

addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('unionflow-shell-') && name !== SHELL)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => clients.claim()),
  );
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const root = new URL('./', location.href);
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== root.origin) return;
  const name = url.pathname.slice(root.pathname.length);
  if (request.mode === 'navigate' && url.pathname === root.pathname) event.respondWith(page(request));
  else if (url.pathname.startsWith(root.pathname) && FILES.includes(name)) event.respondWith(file(name, request));
});

/** The page as the server has it now; the kept one where that takes too long or fails. */
async function page(request) {
  const kept = (await caches.open(SHELL)).match('./');
  const fresh = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, WAIT_MS)).then(() => kept);
  try {
    return (await Promise.race([fresh, late])) ?? (await fresh);
  } catch (error) {
    const found = await kept;
    if (found) return found;
    throw error;
  }
}

/** A file with its hash in its name never changes. */
async function file(name, request) {
  return (await (await caches.open(SHELL)).match(name)) ?? fetch(request);
}
