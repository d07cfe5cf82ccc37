import { countdown } from "./format.js";
import { h, setText } from "./dom.js";

/**
 * A ring that runs down with the room's rest; hidden without one. `tick(state)` keeps it right; `actions` stand beside it.
 */
export function restClock(clock, actions = []) {
  const time = h("span.rest-time", { "aria-hidden": "true" });
  const spoken = h("span.visually-hidden", { "aria-live": "polite" });
  const ring = h("div.rest-ring", time);
  const element = h("section.rest", { "aria-label": "Rest", hidden: true },
    ring, h("div.rest-text", h("strong", "Rest"), h("span.rest-until"), spoken), ...actions);
  const until = element.querySelector(".rest-until");
  let ended = null;

  element.tick = (state) => {
    const { rest } = state;
    const now = clock.now();
    const left = rest?.isRunning ? rest.endsAt - now : 0;
    // The end stays a moment, so that it is seen.
    const isOver = rest?.isRunning && left <= 0;
    const isShown = Boolean(rest?.isRunning) && left > -60_000 && state.status === "active";
    element.hidden = !isShown;
    if (!isShown) return;
    element.classList.toggle("over", isOver);
    const share = isOver ? 0 : left / Math.max(1, rest.endsAt - rest.startedAt);
    ring.style.setProperty("--left", String(Math.min(1, share)));
    setText(time, isOver ? "Go" : countdown(left));
    setText(until, isOver ? "Rest is over" : `of ${countdown(rest.endsAt - rest.startedAt)}`);
    if (isOver && ended !== rest.endsAt) {
      ended = rest.endsAt;
      setText(spoken, "Rest is over");
      navigator.vibrate?.(200);
    }
  };
  return element;
}
