import { estimatedOneRepMax, isWorking } from "../live/fold.js";
import { h, icons, openDialog, reconcile, setText } from "./dom.js";
import { roughWeight, setText as describe, setTypes } from "./format.js";
import { setPad } from "./set-pad.js";

const standings = {
  waiting: ["Waiting to be sent", icons.waiting],
  applied: ["Live, being saved", icons.check],
  durable: ["Saved", icons.doubleCheck],
};

const rests = [[0, "No rest"], [30, "30 s"], [60, "1 min"], [90, "1:30"], [120, "2 min"], [180, "3 min"], [300, "5 min"]];

/**
 * One exercise of the running workout. `actions`: log(entry, values), update(set, values), remove(set),
 * rest(entry, seconds), drop(entry), standing(setId), record(setId), isOpen(entry), open(entry), memory(entry).
 */
export function entryCard(entry, actions) {
  let current = entry;
  const name = h("h2", entry.name);
  const muscles = h("span.muted", entry.primaryMuscles.join(", "));
  const best = h("span.best");
  const head = h("button.entry-head", { type: "button", onclick: () => actions.open(current) },
    h("span", name, muscles), best);
  const sets = h("ol.sets");
  const pad = setPad(lastValues(entry) ?? actions.memory(entry) ?? emptyValues());
  const fault = h("p.form-fault", { role: "alert" });
  const repeat = h("button.big.repeat", { type: "button", onclick: once(logAgain) });
  const rest = h("select", {
    "aria-label": "Rest after each set", onchange: ({ target }) => actions.rest(current, Number(target.value)),
  }, ...rests.map(([value, label]) => h("option", { value: String(value) }, label)));
  const body = h("div.entry-body", pad.element, fault,
    h("div.log-buttons",
      h("button.primary.big", { type: "button", onclick: once(log) }, "Log set"), repeat),
    h("div.entry-foot", h("label.rest-choice", "Rest", rest),
      h("button.link.danger", { type: "button", onclick: () => actions.drop(current) }, "Remove exercise")));
  const element = h("article.card.entry", { "aria-label": entry.name }, head, sets, body);

  function log() {
    fault.textContent = pad.fault ?? "";
    if (!pad.fault) actions.log(current, pad.values);
  }

  function logAgain() {
    const last = lastValues(current);
    if (!last) return;
    pad.set(last);
    log();
  }

  element.update = (next) => {
    current = next;
    const live = next.sets.filter((set) => !set.isDeleted);
    const isOpen = actions.isOpen(next);
    element.classList.toggle("open", isOpen);
    head.setAttribute("aria-expanded", String(isOpen));
    body.hidden = !isOpen;
    setText(name, next.name);
    const estimate = Math.max(0, ...live.map((set) => estimatedOneRepMax(set.values) ?? 0));
    setText(best, estimate > 0 ? `1RM ≈ ${roughWeight(estimate)}` : "");
    let working = 0;
    const numbered = live.map((set) => ({ set, label: isWorking(set.values) ? String((working += 1)) : "W" }));
    reconcile(sets, numbered, ({ set }) => set.id, ({ set }) => setRow(set, actions));
    const last = lastValues(next);
    repeat.hidden = !last;
    if (last) repeat.replaceChildren(icons.repeat(), h("span", `Repeat ${describe(last)}`));
    rest.value = String(nearestRest(next.restMs));
  };
  return element;
}

/** Not for the second tap of a double one: the first has moved another button under the finger. */
const once = (act) => ({ detail }) => { if (detail < 2) act(); };

const nearestRest = (restMs) => rests.map(([value]) => value)
  .reduce((best, value) => (Math.abs(value * 1000 - (restMs ?? 0)) < Math.abs(best * 1000 - (restMs ?? 0)) ? value : best));

const lastValues = (entry) => entry.sets.findLast((set) => !set.isDeleted)?.values ?? null;

const emptyValues = () => ({
  type: "normal", weightGrams: 20_000, reps: 8, rpeTenths: null, rir: null, durationMs: null, distanceMm: null, side: null,
});

function setRow(set, actions) {
  let current = set;
  const number = h("span.set-number");
  const text = h("span.set-text");
  const extra = h("span.muted.set-extra");
  const record = h("span.record", icons.trophy(), "Record");
  const standing = h("span.standing");
  const row = h("li", h("button.set-row", { type: "button", onclick: edit }, number, h("span", text, extra), record, standing));
  let shown = null;

  async function edit() {
    const change = await editSet(current);
    if (change?.remove) actions.remove(current);
    else if (change) actions.update(current, change.values);
  }

  row.update = ({ set: next, label }) => {
    current = next;
    setText(number, label);
    setText(text, describe(next.values));
    const notes = [];
    if (next.values.type !== "normal") notes.push(setTypes[next.values.type]);
    if (next.values.rpeTenths !== null) notes.push(`RPE ${next.values.rpeTenths / 10}`);
    setText(extra, notes.join(" · "));
    record.hidden = !actions.record(next.id);
    const now = actions.standing(next.id);
    if (now === shown) return;
    shown = now;
    const [label2, draw] = standings[now];
    standing.className = `standing ${now}`;
    standing.replaceChildren(draw(), h("span.visually-hidden", label2));
    standing.title = label2;
  };
  return row;
}

/** Resolves to {values}, {remove: true}, or undefined when nothing is to change. */
export function editSet(set) {
  return openDialog("Change set", (close) => {
    const pad = setPad(set.values);
    const fault = h("p.form-fault", { role: "alert" });
    const save = () => {
      fault.textContent = pad.fault ?? "";
      // What the pad does not show stays as it was.
      const kept = { ...set.values.rir !== null && { rir: set.values.rir }, ...set.values.side && { side: set.values.side } };
      if (!pad.fault) close({ values: { ...kept, ...pad.values } });
    };
    return h("div.stack", pad.element, fault,
      h("button.primary.big", { type: "button", autofocus: true, onclick: save }, "Save"),
      h("button.danger", { type: "button", onclick: () => close({ remove: true }) }, "Delete set"));
  });
}
