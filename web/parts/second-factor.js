import { h, openDialog } from "./dom.js";
import { toast } from "./toasts.js";

/** Turns the second factor on and off. */
export function secondFactorCard(session) {
  return h("section.card.stack",
    h("h2", "Second factor"),
    h("p.muted", "With it, signing in takes a code of an authenticator app as well as your password."),
    h("div.row",
      h("button", { type: "button", onclick: () => turnOn(session) }, "Turn on"),
      h("button.quiet", { type: "button", onclick: () => turnOff(session) }, "Turn off")));
}

async function turnOn(session) {
  const setup = await ask("Turn on the second factor", [password()], "Next", ({ password }) =>
    session.request("POST", "/users/second-factor", { password }));
  if (!setup) return;
  const codes = await ask("Add FitAI to your app", [
    h("p", "Open ", h("a", { href: setup.uri }, "this link"), " on the device with the app, or type this key into it:"),
    h("p", h("code", setup.secret.replace(/(.{4})(?=.)/g, "$1 "))),
    code("The code that the app shows"),
  ], "Turn on", ({ code }) => session.request("POST", "/users/second-factor/confirm", { code }));
  if (!codes) return;
  await openDialog("Keep your recovery codes", (close) => h("div.stack",
    h("p", "Each of them signs you in once without the app. They are not shown again."),
    h("pre", codes.recoveryCodes.join("\n")),
    h("button.primary", { type: "button", onclick: () => close() }, "I have kept them")));
  toast("The second factor is on.");
}

async function turnOff(session) {
  const isOff = await ask("Turn off the second factor", [password(), code("A code of the app, or a recovery code")],
    "Turn off", async (members) => {
      await session.request("DELETE", "/users/second-factor", members);
      return true;
    });
  if (isOff) toast("The second factor is off.");
}

const password = () => input("Password", { name: "password", type: "password", autocomplete: "current-password" });
const code = (label) => input(label, { name: "code", autocomplete: "one-time-code", autocapitalize: "none" });

function input(label, attributes) {
  return h("label.field", h("span", label), h("input", { required: true, ...attributes }));
}

/** A dialog with a form; resolves to what `send` answered, or undefined when it was closed. */
function ask(title, parts, action, send) {
  return openDialog(title, (close) => {
    const fault = h("p.form-fault", { role: "alert" });
    const submit = h("button.primary", { type: "submit" }, action);
    return h("form.stack", { onsubmit }, ...parts, fault, submit);

    async function onsubmit(event) {
      event.preventDefault();
      submit.disabled = true;
      fault.textContent = "";
      try {
        close(await send(Object.fromEntries(new FormData(event.target))));
      } catch (error) {
        fault.textContent = error.faults?.[0]?.detail ?? error.message;
      } finally {
        submit.disabled = false;
      }
    }
  });
}
