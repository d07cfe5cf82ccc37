import { h, icons, openDialog, reconcile, setText } from "./dom.js";
import { names } from "./format.js";
import { toast } from "./toasts.js";

/** Who watches, for the athlete: a button that opens the list with what can be done about each. */
export function watchersButton(room, connection) {
  const text = h("span");
  const element = h("button.small.watching", { type: "button", onclick: () => manage(room, connection) }, icons.eye(), text);
  element.update = () => {
    element.hidden = room.status !== "live";
    setText(text, room.watching === 0 ? "Nobody watches" : names([...room.watchers.values()].slice(0, 2), room.watching));
    element.setAttribute("aria-label", `${text.textContent}; watchers`);
  };
  return element;
}

function manage(room, connection) {
  const act = async (action, userId, done) => {
    try {
      await connection.request("moderate", { room: room.name, action, ...userId && { userId } });
      toast(done);
    } catch {
      toast("That needs a connection. Please try again.");
    }
  };
  const list = h("ul.people");
  const empty = h("p.muted", "Nobody watches right now.");
  const fill = () => {
    const watchers = [...room.watchers].map(([id, name]) => ({ id, name }));
    empty.hidden = watchers.length > 0;
    reconcile(list, watchers, ({ id }) => id, ({ id, name }) => h("li.person", h("strong.person-name", name),
      h("button.small", { type: "button", onclick: () => act("mute", id, `${name}'s cheers are muted.`) }, "Mute"),
      h("button.small.danger", { type: "button", onclick: () => act("remove", id, `${name} no longer watches.`) }, "Remove")));
  };
  room.addEventListener("change", fill);
  fill();
  return openDialog("Watching", () => h("div.stack", empty, list, h("div.row",
    h("button", { type: "button", onclick: () => act("close", null, "Nobody can watch now.") }, "Close to everyone"),
    h("button", { type: "button", onclick: () => act("open", null, "Open again.") }, "Open again"))))
    .finally(() => room.removeEventListener("change", fill));
}

/** Who watches, for a watcher: a count and the names of own friends. */
export function watchersLine(room) {
  const element = h("p.muted.watching-line", { "aria-live": "polite" });
  element.update = () => {
    const list = [...room.watchers.values()];
    // One alone is the reader.
    if (room.watching < 2) setText(element, "");
    else setText(element, list.length === 0 ? `${room.watching} watching` : `${names(list, room.watching)} watching`);
  };
  return element;
}
