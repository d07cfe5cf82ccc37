import { hardSets, summary } from "../live/fold.js";
import { clock, halves, tonnage } from "./format.js";
import { h, reconcile, setText } from "./dom.js";

/** Working and resting time up to now, while the workout runs; as of its end afterwards. */
export function runningTimes(state, now) {
  if (state.startedAt === null) return { elapsedMs: 0, workingMs: 0, restingMs: 0 };
  const until = state.endedAt ?? state.pausedAt ?? Math.max(now, state.lastAt);
  const elapsedMs = Math.max(0, until - state.startedAt - state.pausedMs);
  const { rest } = state;
  const open = rest ? Math.max(0, Math.min(until, rest.endsAt) - rest.startedAt) : 0;
  const restingMs = Math.min(elapsedMs, state.restingMs + open);
  return { elapsedMs, workingMs: elapsedMs - restingMs, restingMs };
}

/** The running numbers: volume, sets, working and resting time. `tick(state)` keeps them right. */
export function totals(now) {
  const cell = (label) => {
    const value = h("dd", "–");
    return { value, element: h("div.figure", h("dt", label), value) };
  };
  const cells = [cell("Volume"), cell("Sets"), cell("Working"), cell("Resting")];
  const element = h("dl.figures", ...cells.map((each) => each.element));
  element.tick = (state) => {
    const sums = summary(state);
    const times = runningTimes(state, now());
    const texts = [
      tonnage(sums.tonnage), String(sums.workingSets), clock(times.workingMs), clock(times.restingMs),
    ];
    texts.forEach((text, index) => setText(cells[index].value, text));
  };
  return element;
}

/** Hard sets by muscle as bars, the most trained first. `update(state)` keeps them right. */
export function muscleBars() {
  const list = h("ul.bars");
  const empty = h("p.muted", "Muscles show up with the first set.");
  const element = h("section.card.muscles", { "aria-label": "Hard sets per muscle" }, h("h2", "Hard sets"), empty, list);
  element.update = (state) => {
    const counts = hardSets(state).sort((a, b) => b.halves - a.halves || a.muscle.localeCompare(b.muscle));
    const most = Math.max(8, ...counts.map((count) => count.halves));
    empty.hidden = counts.length > 0;
    reconcile(list, counts, (count) => count.muscle, ({ muscle }) => {
      const value = h("span.bar-value");
      const fill = h("span.bar-fill");
      const item = h("li", h("span.bar-name", muscle), h("span.bar", fill), value);
      item.update = ({ halves: count }) => {
        setText(value, halves(count));
        fill.style.setProperty("--share", String(count / most));
      };
      return item;
    });
  };
  return element;
}
