import { h, icons } from "./dom.js";
import { setTypes } from "./format.js";
import { weightUnit } from "./units.js";

/** Number fields and steppers for one set; `values` in the wire's units. */
export function setPad(initial) {
  const unit = weightUnit();
  const weight = stepper("Weight", unit.name, { step: unit.step, max: unit.max, inputmode: "decimal" });
  const reps = stepper("Reps", "", { step: 1, max: 1000, inputmode: "numeric" });
  const type = choice("Type", Object.entries(setTypes));
  const rpe = choice("Effort (RPE)", [["", "–"], ...halfSteps(6, 10)]);
  const seconds = plain("Time (s)", "decimal", 86_400);
  const meters = plain("Distance (m)", "decimal", 1_000_000);
  const element = h("div.pad",
    h("div.steppers", weight.element, reps.element),
    h("details.more", h("summary", "More"),
      h("div.more-fields", type.element, rpe.element, seconds.element, meters.element)));

  const pad = {
    element,
    /** What stands in the fields, as the wire's `set`; members without a value are left out. */
    get values() {
      const values = { type: type.input.value };
      if (weight.value) values.weightKg = Math.round(weight.value * unit.grams) / 1000;
      if (reps.value !== null) values.reps = Math.round(reps.value);
      if (rpe.input.value) values.rpe = Number(rpe.input.value);
      if (seconds.value) values.durationSeconds = seconds.value;
      if (meters.value) values.distanceMeters = meters.value;
      return values;
    },
    /** Why these values are no set, or null. */
    get fault() {
      const inputs = [weight.input, reps.input, seconds.input, meters.input];
      const wrong = inputs.find((input) => !input.validity.valid);
      if (wrong) return wrong.validationMessage;
      const { reps: count, durationSeconds, distanceMeters } = pad.values;
      return count === undefined && !durationSeconds && !distanceMeters ? "Give reps, a time or a distance." : null;
    },
    set(values) {
      // To a hundredth: 225 lb are kept as 102,058 g and stand there as 225 again.
      weight.value = values.weightGrams === null ? null : Math.round(values.weightGrams / unit.grams * 100) / 100;
      reps.value = values.reps;
      type.input.value = values.type;
      rpe.input.value = values.rpeTenths === null ? "" : String(values.rpeTenths / 10);
      seconds.value = values.durationMs === null ? null : values.durationMs / 1000;
      meters.value = values.distanceMm === null ? null : values.distanceMm / 1000;
    },
  };
  pad.set(initial);
  return pad;
}

let lastId = 0;

function stepper(label, unit, { step, max, inputmode }) {
  const id = `pad-${(lastId += 1)}`;
  const input = h("input", { id, type: "number", inputmode, min: 0, max, step: "any", placeholder: "–" });
  const field = numeric(input);
  const move = (direction) => {
    // To the next multiple, so that 81 goes to 82.5 and not to 83.5.
    const from = (field.value ?? 0) / step;
    const to = direction > 0 ? Math.floor(from + 1 + 1e-9) : Math.ceil(from - 1 - 1e-9);
    field.value = Math.min(max, Math.max(0, to * step));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const name = unit ? `${label} (${unit})` : label;
  field.element = h("div.stepper",
    h("label", { for: id }, name),
    h("div.stepper-row",
      h("button.round", { type: "button", "aria-label": `Less ${label.toLowerCase()}`, onclick: () => move(-1) }, icons.minus()),
      input,
      h("button.round", { type: "button", "aria-label": `More ${label.toLowerCase()}`, onclick: () => move(1) }, icons.plus())));
  return field;
}

function plain(label, inputmode, max) {
  const id = `pad-${(lastId += 1)}`;
  const input = h("input", { id, type: "number", inputmode, min: 0, max, step: "any", placeholder: "–" });
  const field = numeric(input);
  field.element = h("div.field", h("label", { for: id }, label), input);
  return field;
}

function numeric(input) {
  return {
    input,
    get value() { return input.value === "" ? null : Math.round(Number(input.value) * 1000) / 1000; },
    set value(value) { input.value = value === null || value === undefined ? "" : String(value); },
  };
}

function choice(label, options) {
  const id = `pad-${(lastId += 1)}`;
  const input = h("select", { id }, ...options.map(([value, text]) => h("option", { value }, text)));
  return { input, element: h("div.field", h("label", { for: id }, label), input) };
}

function halfSteps(from, to) {
  const steps = [];
  for (let value = from; value <= to; value += 0.5) steps.push([String(value), String(value)]);
  return steps;
}
