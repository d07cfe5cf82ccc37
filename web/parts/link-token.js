// The token of a mailed link. It stands behind #, so that no server sees it in an address.

/** Where a tab keeps what was said when the token was used. */
const saidKey = (key) => `${key}.said`;

/**
 * Calls `begin(token)` with the token of the link that was opened, also in a tab that shows the page already; null when there is
 * none. This tab keeps the token over a reload until `forget` is called; what was said then is said again by `end(text)`.
 */
export function followLink(key, begin, end) {
  function read() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given) {
      sessionStorage.setItem(key, given);
      sessionStorage.removeItem(saidKey(key));
    }
    // Out of the address bar and the history as well.
    if (location.hash) history.replaceState(null, "", location.pathname);
    const said = sessionStorage.getItem(saidKey(key));
    if (said) end(said);
    else begin(sessionStorage.getItem(key));
  }
  addEventListener("hashchange", () => { if (location.hash) read(); });
  read();
}

/** The token is of no more use; with `said`, it has done its work and the page says so, also after a reload. */
export function forget(key, said = null) {
  sessionStorage.removeItem(key);
  if (said) sessionStorage.setItem(saidKey(key), said);
}
