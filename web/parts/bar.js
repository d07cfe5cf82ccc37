import { h, icons } from "./dom.js";

/** A page's top bar: a way back, its title, and what stands at the right. */
export function topBar(title, { back = "#/", right = [] } = {}) {
  return h("header.bar",
    h("a.round.quiet.back", { href: back, "aria-label": "Back" }, icons.back()),
    h("h1.bar-title", title), ...right);
}

/** The first letters of a name in a disc; with a dot for somebody who is online. */
export function avatar(name, { isOnline = false } = {}) {
  const letters = name.trim().split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
  return h("span.avatar", { "aria-hidden": "true" }, letters || "?", isOnline ? h("span.online") : null);
}

export const liveMark = () => h("span.live-mark", h("span.dot"), "Live");
