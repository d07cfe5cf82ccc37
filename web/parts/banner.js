import { h } from "./dom.js";
import { changes } from "./format.js";

// A reconnect that is done within this is nobody's business.
const PATIENCE_MS = 700;

/** Says when the connection is away and what that means for what was logged. */
export function connectionBanner(element) {
  let connection = null;
  let outbox = null;
  let timer = null;

  const show = () => {
    clearTimeout(timer);
    if (!connection || connection.state === "open" || connection.state === "offline") return hide();
    timer = setTimeout(fill, element.classList.contains("shown") ? 0 : PATIENCE_MS);
  };

  const hide = () => {
    element.classList.remove("shown");
    element.replaceChildren();
  };

  const fill = () => {
    if (!connection || connection.state === "open") return;
    const unsafe = outbox.rooms.reduce((count, room) => count + outbox.of(room).length, 0);
    const kept = unsafe > 0 ? ` ${changes(unsafe)} ${unsafe === 1 ? "is" : "are"} kept on this device.` : "";
    element.classList.add("shown");
    element.replaceChildren(...message(connection, kept));
  };

  return {
    follow(next, box = null) {
      connection?.removeEventListener("state", show);
      outbox?.removeEventListener("change", refresh);
      connection = next;
      outbox = box;
      connection?.addEventListener("state", show);
      outbox?.addEventListener("change", refresh);
      show();
    },
  };

  function refresh() { if (element.classList.contains("shown")) fill(); }
}

function message(connection, kept) {
  const again = (label, onclick) => h("button.small", { type: "button", onclick }, label);
  if (connection.state === "stopped") {
    return [h("span", "This page no longer matches the server."), again("Reload", () => location.reload())];
  }
  if (!navigator.onLine) return [h("span.dot"), h("span", `You are offline.${kept || " Keep going, nothing gets lost."}`)];
  return [h("span.dot"), h("span", `Reconnecting…${kept}`)];
}
