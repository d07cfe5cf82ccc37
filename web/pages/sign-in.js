import { ApiError } from "../rest/api.js";
import { h } from "../parts/dom.js";
import { farewell } from "../parts/farewell.js";

/** Sign in, or make an account; `signIns` makes the session. */
export function signInPage(signIns) {
  const element = h("div.welcome");
  const notice = farewell(signIns);
  if (location.hash.startsWith("#/second-factor")) askForCode(null);
  else show("sign-in");
  return { element, title: null, leave: notice.leave };

  function show(mode) {
    const isNew = mode === "register";
    const fields = isNew
      ? [
        field("Name", "displayName", { autocomplete: "name", maxlength: 50, hint: "What friends see" }),
        field("Email", "email", { type: "email", autocomplete: "email" }),
        field("Username", "username", {
          autocomplete: "username", pattern: "[A-Za-z0-9_]{3,30}", autocapitalize: "none",
          hint: "3–30 letters, digits or _",
        }),
        field("Password", "password", {
          type: "password", autocomplete: "new-password", minlength: 8, hint: "At least 8 characters",
        }),
      ]
      : [
        field("Email or username", "login", { autocomplete: "username", autocapitalize: "none" }),
        field("Password", "password", { type: "password", autocomplete: "current-password" }),
      ];
    const fault = h("p.form-fault", { role: "alert" });
    const submit = h("button.primary.big", { type: "submit" }, isNew ? "Create account" : "Sign in");
    const form = h("form.stack", { onsubmit: send, novalidate: false }, ...fields, fault, submit);
    element.replaceChildren(
      h("header.hero",
        h("p.brand", "FitAI"),
        h("h1", "Train live."),
        h("p.lead", "Log set by set. Friends watch as it happens. Nothing you log is ever lost.")),
      notice.element,
      h("section.card.sign-in", { "aria-label": isNew ? "Create account" : "Sign in" },
        form,
        h("p.muted.switch", isNew ? "Have an account? " : "New here? ",
          h("button.link", { type: "button", onclick: () => show(isNew ? "sign-in" : "register") },
            isNew ? "Sign in" : "Create an account"))));

    async function send(event) {
      event.preventDefault();
      const members = Object.fromEntries(new FormData(form));
      clear(form, fault);
      submit.disabled = true;
      try {
        await (isNew ? signIns.register(members) : signIns.signIn(members));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "secondFactorRequired") askForCode(error.challenge);
        else tell(form, fault, error);
      } finally {
        submit.disabled = false;
      }
    }
  }

  /** The second factor: a code of the authenticator app, or a recovery code. */
  function askForCode(challenge) {
    const fault = h("p.form-fault", { role: "alert" });
    const submit = h("button.primary.big", { type: "submit" }, "Go on");
    const form = h("form.stack", { onsubmit: send },
      field("Code", "code", {
        autocomplete: "one-time-code", autocapitalize: "none", maxlength: 40,
        hint: "From your authenticator app, or one of your recovery codes",
      }), fault, submit);
    element.replaceChildren(
      h("header.hero", h("p.brand", "FitAI"), h("h1", "One more step.")),
      h("section.card.sign-in", { "aria-label": "Second factor" }, form,
        h("p.muted.switch", h("button.link", { type: "button", onclick: () => show("sign-in") }, "Start again"))));
    form.elements.namedItem("code").focus();

    async function send(event) {
      event.preventDefault();
      clear(form, fault);
      submit.disabled = true;
      try {
        const returnTo = returnPath();
        await signIns.signInWithCode(challenge, form.elements.namedItem("code").value.trim());
        if (returnTo) location.replace(returnTo);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "challengeInvalid") {
          show("sign-in");
          element.querySelector(".form-fault").textContent = "That took too long. Sign in again.";
        } else tell(form, fault, error);
      } finally {
        submit.disabled = false;
      }
    }
  }
}

/** Where a sign-in elsewhere wanted to come back to: a path of this site, or null. */
function returnPath() {
  const path = new URLSearchParams(location.hash.split("?")[1] ?? "").get("returnTo");
  return path && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes("\\") ? path : null;
}

function field(label, name, { hint, ...attributes }) {
  const id = `field-${name}`;
  return h("div.field",
    h("label", { for: id }, label),
    h("input", { id, name, required: true, "aria-describedby": `${id}-note`, ...attributes }),
    h("p.note", { id: `${id}-note`, "data-hint": hint ?? "" }, hint ?? ""));
}

function clear(form, fault) {
  fault.textContent = "";
  for (const input of form.querySelectorAll("input")) {
    input.removeAttribute("aria-invalid");
    const note = form.querySelector(`#${input.id}-note`);
    note.textContent = note.dataset.hint;
    note.classList.remove("fault");
  }
}

/** Shows each fault at its field, the rest above the button. */
function tell(form, fault, error) {
  const marked = error.faults.map(({ pointer, detail }) => mark(form, pointer.slice(1), detail));
  const taken = { emailTaken: "email", usernameTaken: "username" }[error.code];
  if (taken) marked.push(mark(form, taken, error.message));
  if (!marked.some(Boolean)) fault.textContent = error.message;
  form.querySelector("[aria-invalid]")?.focus();
}

function mark(form, name, detail) {
  const input = form.elements.namedItem(name);
  if (!input) return false;
  input.setAttribute("aria-invalid", "true");
  const note = form.querySelector(`#${input.id}-note`);
  note.textContent = detail;
  note.classList.add("fault");
  return true;
}
