import { h, openDialog } from "./dom.js";
import { counted } from "./format.js";
import { toast } from "./toasts.js";
import { refusal } from "./verify-email.js";

/** Tells whether the second factor is on, and turns it on or off; `load` asks again. */
export function secondFactorCard(session) {
  const state = h("div.stack", h("p.muted", "One moment…"));
  const element = h("section.card.stack",
    h("h2", "Second factor"),
    h("p.muted", "With it, signing in takes a code of an authenticator app as well as your password."),
    state);
  // Whether the answer with the recovery codes was lost on its way.
  let isUnseen = false;

  async function load() {
    try {
      show(await session.get("/users/second-factor"));
    } catch (error) {
      state.replaceChildren(h("p", error.message), h("div.row", h("button", { type: "button", onclick: load }, "Try again")));
      return false;
    }
    return true;
  }

  function show({ isOn, recoveryCodesLeft }) {
    isUnseen &&= isOn;
    const standing = isUnseen
      ? [h("strong", "It is on, but you have not seen your recovery codes."), " Get new ones while you have the app."]
      : [h("strong", isOn ? "It is on." : "It is off."), isOn && ` ${counted(recoveryCodesLeft, "recovery code")} left.`];
    state.replaceChildren(
      h("p", { role: isUnseen && "alert" }, ...standing),
      h("div.row", ...isOn
        ? [button("Turn off", turnOff), button("Get new recovery codes", getNewCodes)] : [button("Turn on", turnOn)]));
  }

  function button(label, act) {
    const onclick = async () => {
      isUnseen = await act(session, isUnseen);
      load();
    };
    return h("button", { type: "button", onclick }, label);
  }

  return { element, load };
}

/** Answers whether it is on with recovery codes that were not seen, as the other two do. */
async function turnOn(session) {
  const setup = await ask("Turn on the second factor", session, [password()], "Next", ({ password }) =>
    session.request("POST", "/users/second-factor", { password }));
  if (!setup) return false;
  return getCodes("Add FitAI to your app", session, [
    h("p", "Open ", h("a", { href: setup.uri }, "this link"), " on the device with the app, or type this key into it:"),
    h("p", h("code", setup.secret.replace(/(.{4})(?=.)/g, "$1 "))),
    code("The code that the app shows"),
  ], "Turn on", ({ code }) => confirm(session, code), false);
}

/** Sends the first code. When an answer was lost, now or before, and it is on, nobody has seen the codes: then answers none. */
async function confirm(session, code) {
  try {
    return await session.request("POST", "/users/second-factor/confirm", { code });
  } catch (error) {
    if (!error.isOutOfReach && error.code !== "wrongState") throw error;
    // Out of reach as well: it shows when the code is sent again.
    const now = await session.get("/users/second-factor").catch(() => null);
    if (!now?.isOn) throw error;
    return { recoveryCodes: null };
  }
}

const getNewCodes = (session, isUnseen) => getCodes("Get new recovery codes", session, [
  h("p", "The ones that you have end at once."), password(), code("A code of the app, or a recovery code"),
], "Get new codes", (members) => session.request("POST", "/users/second-factor/recovery-codes", members), isUnseen);

/** Shows the codes that `send` answers. An answer that was lost may have made some, and then those before count no more. */
async function getCodes(title, session, parts, action, send, wasUnseen) {
  let isUnseen = wasUnseen;
  const codes = await ask(title, session, parts, action, async (members) => {
    try {
      return await send(members);
    } catch (error) {
      isUnseen ||= error.isOutOfReach;
      throw error;
    }
  });
  if (!codes) return isUnseen;
  if (codes.recoveryCodes === null) return true;
  await showCodes(codes.recoveryCodes);
  toast("The second factor is on.");
  return false;
}

/** The only time that they are shown: neither the dialog nor the page is left by accident. */
async function showCodes(codes) {
  const hold = (event) => event.preventDefault();
  addEventListener("beforeunload", hold);
  const question = h("div.stack", { role: "alert" });
  let close;
  const leave = () => {
    question.replaceChildren(
      h("p", h("strong", "Have you kept them? "), "Without the app and these codes you cannot sign in any more."),
      h("div.row",
        h("button", { type: "button", onclick: () => question.replaceChildren() }, "Back to the codes"),
        h("button.danger", { type: "button", onclick: () => close() }, "Yes, close")));
    question.querySelector("button").focus();
  };
  await openDialog("Keep your recovery codes", (closing) => {
    close = closing;
    return h("div.stack",
      h("p", "Each of them signs you in once without the app. They are not shown again."),
      h("pre", codes.join("\n")),
      h("button.primary", { type: "button", autofocus: true, onclick: () => close() }, "I have kept them"),
      question);
  }, { leave });
  removeEventListener("beforeunload", hold);
}

async function turnOff(session, isUnseen) {
  const isOff = await ask("Turn off the second factor", session,
    [password(), code("A code of the app, or a recovery code")], "Turn off", async (members) => {
      await session.request("DELETE", "/users/second-factor", members);
      return true;
    });
  if (isOff) toast("The second factor is off.");
  return isUnseen && !isOff;
}

const password = () => input("Password", { name: "password", type: "password", autocomplete: "current-password" });
const code = (label) => input(label, { name: "code", autocomplete: "one-time-code", autocapitalize: "none" });

function input(label, attributes) {
  return h("label.field", h("span", label), h("input", { required: true, ...attributes }));
}

/**
 * A dialog with a form, whose first field has the focus; resolves to what `send` answered, or undefined when it was closed,
 * which it cannot be while an answer is on its way.
 */
function ask(title, session, parts, action, send) {
  return openDialog(title, (close, hold) => {
    const fault = h("p.form-fault", { role: "alert" });
    const submit = h("button.primary", { type: "submit" }, action);
    const form = h("form.stack", { onsubmit }, ...parts, fault, submit);
    form.querySelector("input").autofocus = true;
    return form;

    async function onsubmit(event) {
      event.preventDefault();
      submit.disabled = true;
      hold(true);
      fault.replaceChildren();
      try {
        close(await send(Object.fromEntries(new FormData(event.target))));
      } catch (error) {
        fault.replaceChildren(...refusal(error, session));
      } finally {
        submit.disabled = false;
        hold(false);
      }
    }
  });
}
