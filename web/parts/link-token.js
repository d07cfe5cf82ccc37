// The token of a mailed link. It stands behind #, so that no server sees it in an address.

/**
 * Calls `begin(token)` with the token of the link that was opened, also in a tab that shows the page already; null when there is
 * none. This tab keeps the token over a reload until `forget` is called.
 */
export function followLink(key, begin) {
  function read() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given) sessionStorage.setItem(key, given);
    // Out of the address bar and the history as well.
    if (location.hash) history.replaceState(null, "", location.pathname);
    begin(sessionStorage.getItem(key));
  }
  addEventListener("hashchange", () => { if (location.hash) read(); });
  read();
}

export const forget = (key) => sessionStorage.removeItem(key);
