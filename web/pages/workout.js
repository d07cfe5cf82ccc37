import { Room } from "../live/room.js";
import { topBar } from "../parts/bar.js";
import { h, setText } from "../parts/dom.js";
import { nothingHere } from "../parts/nothing-here.js";
import { athletePage } from "./athlete.js";

/** A workout by its id: one's own is logged, a friend's is watched, and what is neither is said to be neither. */
export function workoutPage(app, id) {
  if (app.knowsAsOwn(id)) return athletePage(app, id);
  let own = null;
  const room = new Room(app.connection, id);
  const opening = h("p.muted.loading", { role: "status" });
  const place = h("div.page", topBar("Workout"), opening);
  const element = h("div", place);

  function look() {
    if (own) return;
    if (room.status === "gone") {
      return place.replaceChildren(topBar("Workout"), nothingHere("Nothing to see here",
        "This workout was deleted, is private, or never was."));
    }
    const isAway = app.connection.state !== "open" && app.connection.state !== "connecting";
    setText(opening, isAway ? "Waiting for a connection…" : "Opening…");
    if (!room.position) return;
    leaveRoom();
    if (room.athlete.userId !== app.session.user.id) return location.replace(`#/watch/${id}`);
    own = athletePage(app, id);
    element.replaceChildren(own.element);
  }

  function leaveRoom() {
    room.removeEventListener("change", look);
    app.connection.removeEventListener("state", look);
    room.leave();
  }

  room.addEventListener("change", look);
  app.connection.addEventListener("state", look);
  look();
  return {
    element, title: "Workout",
    leave() {
      if (own) own.leave();
      else leaveRoom();
    },
  };
}
