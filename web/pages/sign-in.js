import { ApiError } from "../rest/api.js";
import { h, openDialog } from "../parts/dom.js";
import { farewell } from "../parts/farewell.js";
import { wrongCode } from "../parts/verify-email.js";

/** What the page asks for, and of whom. */
const modes = {
  "sign-in": {
    name: "Sign in", action: "Sign in", question: "New here?", other: ["register", "Create an account"],
    fields: (login) => [
      field("Email or username", "login", { autocomplete: "username", autocapitalize: "none", value: login }),
      field("Password", "password", { type: "password", autocomplete: "current-password" }),
    ],
  },
  register: {
    name: "Create account", action: "Create account", question: "Have an account?", other: ["sign-in", "Sign in"],
    fields: () => [
      field("Name", "displayName", { autocomplete: "name", maxlength: 50, hint: "What friends see" }),
      field("Email", "email", { type: "email", autocomplete: "email" }),
      field("Username", "username", {
        autocomplete: "username", pattern: "[A-Za-z0-9_]{3,30}", autocapitalize: "none",
        hint: "3–30 letters, digits or _",
      }),
      field("Password", "password", {
        type: "password", autocomplete: "new-password", minlength: 8, hint: "At least 8 characters",
      }),
    ],
  },
  forgot: {
    name: "Forgot password", action: "Send the link", question: "Remembered it?", other: ["sign-in", "Sign in"],
    fields: (login) => [
      field("Email", "email", {
        type: "email", autocomplete: "username", autocapitalize: "none", value: login.includes("@") ? login : "",
        hint: "We mail you a link that sets a new password",
      }),
    ],
  },
};

/** Sign in, make an account, or have a link mailed that sets a new password; `signIns` makes the session. */
export function signInPage(signIns) {
  const element = h("div.welcome");
  const notice = farewell(signIns);
  if (location.hash.startsWith("#/second-factor")) askForCode(null);
  else show(location.hash.startsWith("#/forgot-password") ? "forgot" : "sign-in");
  return { element, title: null, leave: notice.leave };

  /** Shows one of the modes; `login` is what was typed as such. */
  function show(mode, login = "") {
    const { name, action, question, other: [next, nextName], fields } = modes[mode];
    const fault = h("p.form-fault", { role: "alert" });
    const submit = h("button.primary.big", { type: "submit" }, action);
    const form = h("form.stack", { onsubmit: send, novalidate: false }, ...fields(login), fault, submit);
    element.replaceChildren(
      h("header.hero",
        h("p.brand", "FitAI"),
        h("h1", "Train live."),
        h("p.lead", "Log set by set. Friends watch as it happens. Nothing you log is ever lost.")),
      notice.element,
      h("section.card.sign-in", { "aria-label": name }, form,
        mode === "sign-in" && h("p.muted.switch", h("button.link", {
          type: "button", onclick: () => show("forgot", form.elements.namedItem("login").value.trim()),
        }, "Forgot your password?")),
        h("p.muted.switch", `${question} `,
          h("button.link", { type: "button", onclick: () => show(next) }, nextName))));

    async function send(event) {
      event.preventDefault();
      const members = Object.fromEntries(new FormData(form));
      clear(form, fault);
      submit.disabled = true;
      try {
        if (mode === "forgot") {
          await signIns.forgotPassword(members);
          form.replaceWith(mailed(members.email));
        } else welcome(await (mode === "register" ? signIns.register(members) : signIns.signIn(members)));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "secondFactorRequired") askForCode(error.challenge);
        else tell(form, fault, error, () => show("sign-in", members[takenField(error)]));
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
        const answer = await signIns.signInWithCode(challenge, form.elements.namedItem("code").value.trim());
        await welcome(answer);
        if (returnTo) location.replace(returnTo);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "challengeInvalid") {
          show("sign-in");
          element.querySelector(".form-fault").textContent = error.message;
        } else if (error.code === "codeWrong") fault.textContent = wrongCode;
        else tell(form, fault, error);
      } finally {
        submit.disabled = false;
      }
    }
  }
}

/** The same for every address: whether it has an account is nobody else's business. */
const mailed = (email) => h("div.stack", { role: "status" },
  h("p", h("strong", "Look at your mail. "), `If ${email} has an account, a link that sets a new password is on its way.`),
  h("p.muted", "It works once, within an hour. No mail? Look among the unwanted ones, or check the address and try again."));

/** Says what the sign-in has changed beside the session: an account that was to be erased stays. */
async function welcome({ isKept }) {
  if (!isKept) return;
  await openDialog("Your account stays", (close) => h("div.stack",
    h("p", "It was to be erased. You have signed in, so it is kept, and your friends see you again."),
    h("button.primary", { type: "button", autofocus: true, onclick: () => close() }, "Good")));
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

/** The field whose value another account has, or perhaps one's own: the answer to an earlier try may have been lost. */
const takenField = (error) => ({ emailTaken: "email", usernameTaken: "username" })[error.code];

/** Shows each fault at its field, the rest above the button; `signIn` leads to where whoever has the account already belongs. */
function tell(form, fault, error, signIn) {
  const marked = error.faults.map(({ pointer, detail }) => mark(form, pointer.slice(1), detail));
  const taken = takenField(error);
  if (taken) {
    marked.push(mark(form, taken, error.message.replace(/\.?$/, "."), " Is it yours? ",
      h("button.link", { type: "button", onclick: signIn }, "Sign in")));
  }
  if (!marked.some(Boolean)) fault.textContent = error.message;
  form.querySelector("[aria-invalid]")?.focus();
}

function mark(form, name, ...detail) {
  const input = form.elements.namedItem(name);
  if (!input) return false;
  input.setAttribute("aria-invalid", "true");
  const note = form.querySelector(`#${input.id}-note`);
  note.replaceChildren(...detail);
  note.classList.add("fault");
  return true;
}
