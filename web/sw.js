// Opens the pages without a connection: always the network first, what was kept when that is away.

const SHELL = "fitai-shell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page tells what it was made of; those files are kept.
self.addEventListener("message", ({ data }) => keep(data.keep));

async function keep(urls) {
  const shell = await caches.open(SHELL);
  const old = await shell.keys();
  await Promise.all(urls.map(async (url) => {
    try {
      const response = await fetch(url, { cache: "no-cache" });
      if (response.ok) await shell.put(url, response);
    } catch {
      // Out of reach just now; the older copy stays.
    }
  }));
  await Promise.all(old.filter(({ url }) => !urls.includes(url)).map((request) => shell.delete(request)));
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isPage = event.request.method === "GET" && url.origin === location.origin && !url.pathname.startsWith("/v1/")
    && !url.pathname.startsWith("/tests/");
  if (isPage) event.respondWith(answer(event.request));
});

async function answer(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { cacheName: SHELL, ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
