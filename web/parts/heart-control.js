import { h, icons, setText } from "./dom.js";
import { isDeveloper } from "./developer.js";
import { hasBluetooth, simulated, strap } from "./heart-sensor.js";
import { toast } from "./toasts.js";

/** Lets the athlete send a heart rate while the workout runs; nothing is measured before it is asked for. */
export function heartControl(room, app) {
  let stopSensor = null;
  let last = null;
  let hasLeft = false;
  const text = h("span");
  const element = h("button.small.heart", { type: "button", onclick: toggle }, icons.heart(), text);

  const beat = (bpm) => {
    last = bpm;
    app.connection.notify("heart", { room: room.name, bpm });
    label();
  };

  function label() { setText(text, stopSensor ? `${last ?? "–"} bpm` : "Heart rate"); }

  async function toggle() {
    if (stopSensor) return stop();
    try {
      const { privacy } = await app.session.get("/users/preferences");
      if (privacy.heartRate === "nobody") {
        return toast("First choose in Settings who may see your heart rate.");
      }
      const end = isDeveloper() ? simulated(beat) : await strap(beat);
      // Whoever asked for it may have left the page, or signed out, while the browser asked for the strap.
      if (hasLeft) return end();
      stopSensor = end;
      label();
    } catch (error) {
      // Closing the browser's own chooser is no fault.
      if (error.name !== "NotFoundError") toast(error.message);
    }
  }

  function stop() {
    stopSensor?.();
    stopSensor = null;
    last = null;
    label();
  }

  label();
  return {
    element, stop,
    leave() {
      hasLeft = true;
      stop();
    },
    update(state) { element.hidden = state.status === "new" || !(isDeveloper() || hasBluetooth()); },
  };
}
