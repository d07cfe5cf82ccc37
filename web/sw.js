// Opens the pages without a connection: always the network first, what was kept when that is away. Only the files that
// the pages are made of are kept, which are the same for everybody; nothing of /v1 ever is.

const SHELL = "fitai-shell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page tells what it was made of; those files are kept.
self.addEventListener("message", ({ data }) => keep(data.keep));

/** Whether a path is one of the pages' own files. */
const isFile = (url) => url.origin === location.origin && !url.pathname.startsWith("/v1/")
  && !url.pathname.startsWith("/tests/");

async function keep(asked) {
  const urls = asked.filter((url) => isFile(new URL(url, location.href)));
  const shell = await caches.open(SHELL);
  const old = await shell.keys();
  await Promise.all(urls.map(async (url) => {
    try {
      const response = await fetch(url, { cache: "no-cache", credentials: "omit" });
      const isForAll = !/private|no-store/.test(response.headers.get("cache-control") ?? "");
      if (response.ok && isForAll) await shell.put(url, response);
    } catch {
      // Out of reach just now; the older copy stays.
    }
  }));
  await Promise.all(old.filter(({ url }) => !urls.includes(url)).map((request) => shell.delete(request)));
}

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && isFile(new URL(event.request.url))) event.respondWith(answer(event.request));
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
