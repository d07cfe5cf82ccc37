import { h } from "./dom.js";

/** A card for what is not there, or not for this person, with a way back. */
export const nothingHere = (title, text) => h("section.card.gone",
  h("h2", title), h("p.muted", text), h("a.button.primary", { href: "#/" }, "Back to start"));
