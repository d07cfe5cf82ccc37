// Sets a new password by the link of a mail.

import { ApiError, call } from "../rest/api.js";
import { followLink, forget } from "../parts/link-token.js";

/** Where this tab keeps the token until it is used, for a reload. */
const KEPT = "fitai.reset-token";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const password = byId("password");
let token = null;

/** Begins with the link that was opened. */
function begin(given) {
  token = given;
  if (!token) return end("This link is incomplete. Open it from the mail again.", { canAskAgain: true });
  password.value = "";
  blame(null);
  form.hidden = false;
  byId("message").hidden = byId("again").hidden = true;
}

function end(text, { canAskAgain }) {
  forget(KEPT, canAskAgain ? null : text);
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

followLink(KEPT, begin, (said) => end(said, { canAskAgain: false }));
