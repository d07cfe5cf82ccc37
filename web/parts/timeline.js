import { estimatedOneRepMax, liveSets } from "../live/fold.js";
import { h, icons, reconcile, setText } from "./dom.js";
import { roughWeight, setText as describe, setTypes, timeOfDay } from "./format.js";

const SHOWN = 80;
const turns = {
  __proto__: null,
  "workout.start": "Started", "workout.pause": "Paused", "workout.resume": "Back at it",
  "workout.complete": "Finished", "workout.abandon": "Stopped",
};

/** What happened, the newest first. `update(room)` keeps it right. */
export function timeline() {
  const list = h("ol.timeline-list");
  const empty = h("p.muted", "The first set is about to come.");
  const element = h("section.card.timeline", { "aria-label": "Timeline" }, h("h2", "Timeline"), empty, list);
  element.update = (room) => {
    const items = [...moments(room), ...sets(room)].sort((a, b) => b.at - a.at || b.order - a.order).slice(0, SHOWN);
    empty.hidden = items.length > 0;
    reconcile(list, items, (item) => item.key, (item) => item.make(item));
  };
  return element;
}

/** Turns of the workout itself, as far as its events were seen. */
function moments(room) {
  return room.history.filter((event) => turns[event.kind] && !event.superseded).map((event) => ({
    key: `${event.seq} ${event.kind}`, at: event.at, order: event.seq,
    make: () => h("li.moment", h("time", timeOfDay(event.at)), h("span", turns[event.kind])),
  }));
}

/** Sets with their present values, so that a correction shows in its place. */
function sets(room) {
  let order = 0;
  return [...liveSets(room.state)].map(({ entry, set }) => ({
    key: set.id, at: set.loggedAt, order: (order += 1), entry, set,
    records: [...room.records.values()].filter((record) => record.setId === set.id),
    make: setItem,
  }));
}

function setItem({ set: first }) {
  const name = h("strong");
  const text = h("span.set-text");
  const extra = h("span.muted.set-extra");
  const record = h("span.record", { hidden: true }, icons.trophy(), h("span"));
  const item = h("li.set-item", h("time", timeOfDay(first.loggedAt)), h("div", h("div", name, record), h("div", text, extra)));
  item.update = ({ entry, set, records }) => {
    setText(name, entry.name);
    setText(text, describe(set.values));
    const estimate = estimatedOneRepMax(set.values);
    const notes = [];
    if (set.values.type !== "normal") notes.push(setTypes[set.values.type]);
    if (set.values.rpeTenths !== null) notes.push(`RPE ${set.values.rpeTenths / 10}`);
    if (estimate && set.values.reps > 1) notes.push(`1RM ≈ ${roughWeight(estimate)}`);
    setText(extra, notes.join(" · "));
    record.hidden = records.length === 0;
    setText(record.lastElementChild, records.some(({ kind }) => kind === "heaviestWeight") ? "Heaviest ever" : "Best 1RM");
  };
  return item;
}
