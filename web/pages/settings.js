import { topBar } from "../parts/bar.js";
import { h, openDialog } from "../parts/dom.js";
import { changes } from "../parts/format.js";
import { oneAtATime } from "../parts/one-at-a-time.js";
import { toast } from "../parts/toasts.js";
import { setUnit, unitName } from "../parts/units.js";
import { isDeveloper, setDeveloper } from "../parts/developer.js";
import { secondFactorCard } from "../parts/second-factor.js";

const audiences = {
  live: {
    legend: "Who may watch you train",
    note: "In effect at once, on workouts that are running too.",
    choices: [["private", "Nobody"], ["friends", "Friends"], ["public", "Everyone signed in"]],
  },
  heartRate: {
    legend: "Who may see your heart rate",
    note: "Off until you allow it. Never more people than may watch you.",
    choices: [["nobody", "Nobody"], ["friends", "Friends"], ["public", "Everyone who may watch"]],
  },
};

const NEEDS_CONNECTION = "Signing out needs a connection, since the server ends your session.";

/** Consent, the account, and signing out. */
export function settingsPage(app) {
  const { session } = app;
  const privacy = privacyForm(session);
  const developer = location.hash.includes("developer") || isDeveloper() ? developerCard() : null;
  const factor = secondFactorCard(session);
  const account = h("p");
  const fillAccount = () => {
    const { displayName, username, email } = session.user;
    account.replaceChildren(h("strong", displayName), h("br"), h("span.muted", `@${username} · ${email}`));
  };
  const element = h("div.page", topBar("Settings"), privacy.element, h("section.card.stack", unitChoice(session)),
    h("section.card.stack",
      h("h2", "Account"),
      account,
      h("button", { type: "button", onclick: signOut }, "Sign out")),
    factor.element,
    developer);

  async function signOut() {
    if (!navigator.onLine) return toast(NEEDS_CONNECTION);
    const count = app.outbox.rooms.reduce((sum, room) => sum + app.outbox.of(room).length, 0);
    if (count > 0 && !(await confirmSignOut(count))) return;
    try {
      await session.signOut();
    } catch (error) {
      toast(error.isOutOfReach ? NEEDS_CONNECTION : error.message);
    }
  }

  let isFactorLoaded = false;
  const loadFactor = async () => { isFactorLoaded = await factor.load(); };
  // What could not be read comes with the connection.
  const back = () => {
    if (!privacy.isLoaded) privacy.load();
    if (!isFactorLoaded) loadFactor();
  };

  app.connection.addEventListener("open", back);
  session.addEventListener("change", fillAccount);
  fillAccount();
  privacy.load();
  loadFactor();
  // It may have changed elsewhere, by the link of a mail for one. Out of reach, what is known stays.
  session.reload().catch(() => {});
  return {
    element, title: "Settings",
    leave() {
      app.connection.removeEventListener("open", back);
      session.removeEventListener("change", fillAccount);
    },
  };
}

/** Who may see what. `load` asks for it, `isLoaded` tells whether what shows is what the server has. */
function privacyForm(session) {
  const element = h("form.card.stack", h("p.muted", "One moment…"));
  const form = { element, isLoaded: false, load };
  // As the server has it; null before the first answer.
  let stored = null;
  let begun = 0;
  let underWay = 0;

  async function load() {
    const before = begun - underWay;
    try {
      const { privacy } = await session.get("/users/preferences");
      // What is chosen meanwhile is newer, and tells itself what came of it.
      if (begun !== before) return;
      show(privacy);
      form.isLoaded = true;
    } catch (error) {
      if (stored) return;
      element.replaceChildren(h("p", error.message), h("button", { type: "button", onclick: load }, "Try again"));
    }
  }

  function show(privacy) {
    if (!stored) fill();
    stored = privacy;
    for (const member of Object.keys(audiences)) mark(member);
  }

  function mark(member) {
    for (const input of element.querySelectorAll(`input[name=${member}]`)) input.checked = stored[member] === input.value;
  }

  function fill() {
    element.replaceChildren(h("h2", "Privacy"), ...Object.entries(audiences).map(([member, { legend, note, choices }]) => {
      const save = oneAtATime((value, isLast) => write(member, value, isLast));
      return segments(legend, member, choices, save, h("p.note", note));
    }));
  }

  async function write(member, value, isLast) {
    begun += 1;
    underWay += 1;
    const fault = await session.request("PUT", "/users/preferences", { privacy: { [member]: value } })
      .then(() => null, (error) => error);
    underWay -= 1;
    if (!fault) stored = { ...stored, [member]: value };
    if (!isLast()) return;
    toast(fault ? fault.message : "Saved.");
    if (!fault) return;
    mark(member);
    // Perhaps it is stored and the answer was lost.
    form.isLoaded = false;
    load();
  }

  return form;
}

/** A choice of one; `save(value)` is called with each. */
const segments = (legend, name, choices, save, ...more) => h("fieldset", h("legend", legend),
  h("div.segments", ...choices.map(([value, label]) => h("label.segment",
    h("input", { type: "radio", name, value, onchange: () => save(value) }), h("span", label)))), ...more);

/** Asks before a sign-out that leaves something unsent; answers whether to go on. */
const confirmSignOut = (count) => openDialog("Sign out?", (close) => h("div.stack",
  h("p", `${changes(count)} of your workout did not reach the server yet. ${count === 1 ? "It stays on this device and is" : "They stay on this device and are"} sent when you sign in here again.`),
  h("button.primary.big", { type: "button", autofocus: true, onclick: () => close(false) }, "Stay signed in"),
  h("button.danger", { type: "button", onclick: () => close(true) }, "Sign out")));

/** Kilograms or pounds, for this account on every device. */
function unitChoice(session) {
  const save = oneAtATime(async (unit, isLast) => {
    try {
      await session.request("PUT", "/users/profile", { unit });
      setUnit(unit);
      if (isLast()) toast("Saved.");
    } catch (error) {
      if (!isLast()) return;
      toast(error.message);
      show();
    }
  });
  const element = segments("Weights", "unit", [["metric", "Kilograms"], ["imperial", "Pounds"]], save);
  const show = () => {
    for (const input of element.querySelectorAll("input")) input.checked = unitName() === input.value;
  };
  show();
  return element;
}

function developerCard() {
  return h("section.card.stack", h("h2", "Developer"), h("label.check",
    h("input", { type: "checkbox", checked: isDeveloper(), onchange: ({ target }) => setDeveloper(target.checked) }),
    "Offer a simulated heart rate during workouts"));
}
