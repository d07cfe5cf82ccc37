import { topBar } from "../parts/bar.js";
import { h, openDialog } from "../parts/dom.js";
import { changes } from "../parts/format.js";
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

/** Consent, the account, and signing out. */
export function settingsPage(app) {
  const { session } = app;
  const form = h("form.card.stack", h("p.muted", "One moment…"));
  const developer = location.hash.includes("developer") || isDeveloper() ? developerCard() : null;
  const factor = secondFactorCard(session);
  const element = h("div.page", topBar("Settings"), form, h("section.card.stack", unitChoice(session)),
    h("section.card.stack",
      h("h2", "Account"),
      h("p", h("strong", session.user.displayName), h("br"),
        h("span.muted", `@${session.user.username} · ${session.user.email}`)),
      h("button", { type: "button", onclick: signOut }, "Sign out")),
    factor.element,
    developer);

  let isLoaded = false;

  async function load() {
    try {
      fill((await session.get("/users/preferences")).privacy);
      isLoaded = true;
    } catch (error) {
      form.replaceChildren(h("p", error.message), h("button", { type: "button", onclick: load }, "Try again"));
    }
  }

  function fill(privacy) {
    form.replaceChildren(h("h2", "Privacy"), ...Object.entries(audiences).map(([member, { legend, note, choices }]) =>
      h("fieldset", h("legend", legend), h("div.segments", ...choices.map(([value, label]) =>
        h("label.segment", h("input", {
          type: "radio", name: member, value, checked: privacy[member] === value, onchange: () => save(member, value),
        }), h("span", label)))), h("p.note", note))));
  }

  async function save(member, value) {
    try {
      await session.request("PUT", "/users/preferences", { privacy: { [member]: value } });
      toast("Saved.");
    } catch (error) {
      toast(error.message);
      load();
    }
  }

  async function signOut() {
    const count = app.outbox.rooms.reduce((sum, room) => sum + app.outbox.of(room).length, 0);
    if (count > 0 && !(await confirmSignOut(count))) return;
    try {
      await session.signOut();
    } catch (error) {
      toast(error.isOutOfReach ? "Signing out needs a connection, since the server ends your session." : error.message);
    }
  }

  let isFactorLoaded = false;
  const loadFactor = async () => { isFactorLoaded = await factor.load(); };
  // What could not be read comes with the connection.
  const back = () => {
    if (!isLoaded) load();
    if (!isFactorLoaded) loadFactor();
  };

  app.connection.addEventListener("open", back);
  load();
  loadFactor();
  return { element, title: "Settings", leave() { app.connection.removeEventListener("open", back); } };
}

/** Asks before a sign-out that leaves something unsent; answers whether to go on. */
const confirmSignOut = (count) => openDialog("Sign out?", (close) => h("div.stack",
  h("p", `${changes(count)} of your workout did not reach the server yet. They stay on this device and are sent when you sign in here again.`),
  h("button.primary.big", { type: "button", autofocus: true, onclick: () => close(false) }, "Stay signed in"),
  h("button.danger", { type: "button", onclick: () => close(true) }, "Sign out")));

/** Kilograms or pounds, for this account on every device. */
function unitChoice(session) {
  const save = async (unit) => {
    try {
      await session.request("PUT", "/users/profile", { unit });
      setUnit(unit);
      toast("Saved.");
    } catch (error) {
      toast(error.message);
    }
  };
  return h("fieldset", h("legend", "Weights"), h("div.segments", ...[["metric", "Kilograms"], ["imperial", "Pounds"]].map(
    ([value, label]) => h("label.segment", h("input", {
      type: "radio", name: "unit", value, checked: unitName() === value, onchange: () => save(value),
    }), h("span", label)))));
}

function developerCard() {
  return h("section.card.stack", h("h2", "Developer"), h("label.check",
    h("input", { type: "checkbox", checked: isDeveloper(), onchange: ({ target }) => setDeveloper(target.checked) }),
    "Offer a simulated heart rate during workouts"));
}
