// Sets a new password by the link of a mail. The token stands behind #, so that no server sees it in an address.

import { ApiError, call } from "../rest/api.js";

/** Where this tab keeps the token until it is used, for a reload. */
const KEPT = "fitai.reset-token";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const password = byId("password");
let token = null;

/** Begins with the link that was opened, also in a tab that shows this page already. */
function begin() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) sessionStorage.setItem(KEPT, given);
  // Out of the address bar and the history as well.
  if (location.hash) history.replaceState(null, "", location.pathname);
  token = sessionStorage.getItem(KEPT);
  if (!token) return end("This link is incomplete. Open it from the mail again.", { canAskAgain: true });
  password.value = "";
  blame(null);
  form.hidden = false;
  byId("message").hidden = byId("again").hidden = true;
}

function end(text, { canAskAgain }) {
  sessionStorage.removeItem(KEPT);
  form.hidden = true;
  byId("again").hidden = !canAskAgain;
  byId("message").hidden = false;
  byId("message").textContent = text;
}

/** Shows what is wrong with the password, or what else was refused; null clears both. */
function blame(error) {
  const fault = error?.faults?.find(({ pointer }) => pointer === "/password");
  byId("fault").textContent = fault ? `The password ${fault.detail[0].toLowerCase()}${fault.detail.slice(1)}` : error?.message ?? "";
  password.toggleAttribute("aria-invalid", Boolean(fault));
  if (fault) password.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  blame(null);
  try {
    await call("POST", "/auth/reset-password", { body: { token, password: password.value } });
    end("Your password is set. Sign in with it.", { canAskAgain: false });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "linkInvalid") {
      end("This link no longer works: it has expired, was used, or a newer one has taken its place.", { canAskAgain: true });
    } else blame(error);
  } finally {
    button.disabled = false;
  }
});

addEventListener("hashchange", () => { if (location.hash) begin(); });
begin();
