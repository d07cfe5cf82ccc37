import { waitingCount } from "../rest/kept.js";
import { h } from "./dom.js";
import { changes } from "./format.js";

const reasons = {
  ended: "Your session has ended. Sign in to go on.",
  otherAccount: "Somebody else signed in on this browser, so this page signed you out.",
};

/** Says why nobody is signed in any more, who else is, and what waits on this device for its athlete. */
export function farewell(signIns) {
  const element = h("section.notice.farewell", { role: "status" });

  const fill = () => {
    const count = waitingCount();
    const { other } = signIns;
    const kept = count > 0
      && `${changes(count)} made on this device did not reach the server yet. ${count === 1 ? "It is kept, and sent when whoever made it" : "They are kept, and sent when whoever made them"} signs in here.`;
    const lines = [reasons[signIns.farewell], kept].filter(Boolean).map((line) => h("p", line));
    element.replaceChildren(h("div.stack", ...lines, other
      ? h("button.small", { type: "button", onclick: () => signIns.goOn() }, `Go on as ${other.displayName}`) : null));
    element.hidden = lines.length === 0 && !other;
  };

  signIns.addEventListener("change", fill);
  fill();
  return { element, leave: () => signIns.removeEventListener("change", fill) };
}
