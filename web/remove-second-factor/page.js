// Removes a second factor by the link of a mail. It takes a button: programs that open links in mails must not do it.

import { ApiError, call } from "../rest/api.js";
import { followLink, forget } from "../parts/link-token.js";

/** Where this tab keeps the token until it is used. */
const KEPT = "fitai.remove-factor-token";

const byId = (id) => document.getElementById(id);
const form = byId("form");
let token = null;

function show(text, { isOver, isDone = false }) {
  form.hidden = byId("words").hidden = isOver;
  byId("message").textContent = text;
  if (isOver) forget(KEPT, isDone ? text : null);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await call("POST", "/auth/remove-second-factor", { body: { token } });
    show("The second factor is removed. We have mailed you a link to set a new password.", { isOver: true, isDone: true });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "linkInvalid") {
      show("This link no longer works: it has expired, was used, or the second factor is already off.", { isOver: true });
    } else show(error.message, { isOver: false });
  } finally {
    button.disabled = false;
  }
});

followLink(KEPT, (given) => {
  token = given;
  if (token) show("", { isOver: false });
  else show("This link is incomplete. Open it from the mail again.", { isOver: true });
}, (said) => show(said, { isOver: true, isDone: true }));
