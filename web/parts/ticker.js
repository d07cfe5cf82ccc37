// One heartbeat for everything on the page that counts seconds.

const PERIOD_MS = 250;
const bodies = new Set();
let timer = null;

/** Calls `body` now and four times a second until the returned function is called. */
export function onTick(body) {
  bodies.add(body);
  timer ??= setInterval(() => { for (const each of bodies) each(); }, PERIOD_MS);
  body();
  return () => {
    bodies.delete(body);
    if (bodies.size > 0) return;
    clearInterval(timer);
    timer = null;
  };
}
