import { h } from "./dom.js";

const SHOWN_MS = 5000;

/** Shows a sentence for a few seconds. */
export function toast(text) {
  const element = h("div.toast", text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}
