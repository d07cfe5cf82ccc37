import { h } from "./dom.js";

const SHOWN_MS = 5000;

/** Takes away what is shown. */
export const clearToasts = () => document.getElementById("toasts").replaceChildren();

/** Shows a sentence for a few seconds; one of the same subject takes the place of the last. */
export function toast(text, subject = text) {
  const toasts = document.getElementById("toasts");
  const element = h("div.toast", { "data-subject": subject }, text);
  [...toasts.children].find((other) => other.dataset.subject === subject)?.remove();
  toasts.append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}
