import { h, icon } from "./dom.js";

/** The cheers there are, in the order of their buttons. */
export const cheers = {
  __proto__: null,
  clap: { label: "Clap", draw: () => icon("M8 14V7.5a1.5 1.5 0 0 1 3 0V12M11 12V5.5a1.5 1.5 0 0 1 3 0V12M14 12V7a1.5 1.5 0 0 1 3 0v8a6 6 0 0 1-6 6c-2.5 0-4-1-5.2-3L4 14.5c-.6-1.2 1-2.3 2-1.3l2 2", "M19 3.5l1-1.5M20.5 6.5h1.8") },
  fire: { label: "Fire", draw: () => icon("M12 3c1 4 6 6 6 11a6 6 0 0 1-12 0c0-2 1-4 2.5-5 .5 2 1.5 2.5 2 2.5C10 8 11 5 12 3z") },
  strong: { label: "Strong", draw: () => icon("M6 8v8M3.5 10v4M18 8v8M20.5 10v4M6 12h12") },
  heart: { label: "Love", draw: () => icon("M12 20S3 14.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 14.5 12 20 12 20z") },
  wow: { label: "Wow", draw: () => icon("M12 3l2.6 6 6.4.6-4.9 4.2 1.5 6.3L12 16.8 6.4 20.1l1.5-6.3L3 9.6 9.4 9z") },
};

/** Buttons for every kind; `send(kind)` is called for each press. */
export function cheerButtons(send) {
  return h("div.cheer-buttons", { role: "group", "aria-label": "Cheer" },
    ...Object.entries(cheers).map(([kind, { label, draw }]) =>
      h(`button.cheer-button.${kind}`, { type: "button", "aria-label": label, title: label, onclick: () => send(kind) }, draw())));
}

const SHOWN_MS = 2600;

/** A layer in which cheers rise. `show({kind, from})` adds one. */
export function cheerLayer() {
  const layer = h("div.cheer-layer", { "aria-hidden": "true" });
  const spoken = h("div.visually-hidden", { "aria-live": "polite" });
  const element = h("div", layer, spoken);
  let count = 0;
  element.show = ({ kind, from }) => {
    const cheer = cheers[kind];
    if (!cheer) return;
    count += 1;
    const bubble = h(`div.cheer.${kind}`, cheer.draw(), from ? h("span", from.name) : null);
    bubble.style.setProperty("--lane", String((count * 37) % 100 / 100));
    layer.append(bubble);
    spoken.textContent = `${from?.name ?? "Someone"}: ${cheer.label}`;
    setTimeout(() => bubble.remove(), SHOWN_MS);
  };
  return element;
}
