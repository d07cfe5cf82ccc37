/** Keeps the files this page was made of on the device, so that it opens without a connection. */
export async function keepPage() {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register("/sw.js");
    const { active } = await navigator.serviceWorker.ready;
    const made = performance.getEntriesByType("resource").map(({ name }) => name)
      .filter((name) => /\.(js|css|svg|webmanifest)$/.test(new URL(name).pathname));
    active.postMessage({ keep: [...new Set([`${location.origin}/`, ...made])] });
  } catch {
    // Private windows forbid it; the page works with a connection all the same.
  }
}
