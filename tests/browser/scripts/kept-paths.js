// The paths of all that the page's service worker keeps.
async () => {
  const stores = await Promise.all((await caches.keys()).map((key) => caches.open(key)));
  const requests = await Promise.all(stores.map((store) => store.keys()));
  return requests.flat().map((request) => new URL(request.url).pathname);
}
