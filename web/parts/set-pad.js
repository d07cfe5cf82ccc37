import { h, icons } from "./dom.js";
import { setTypes } from "./format.js";
import { weightUnit } from "./units.js";

/** Number fields and steppers for one set; `values` in the wire's units. */
export function setPad(initial) {
  const unit = weightUnit();
  const weight = stepper("Weight", unit.name, { step: unit.step, max: unit.max });
  const reps = stepper("Reps", "", { step: 1, max: 1000, isWhole: true });
  const type = choice("Type", Object.entries(setTypes));
  const rpe = choice("Effort (RPE)", [["", "–"], ...halfSteps(6, 10)]);
  const seconds = plain("Time", "s", 86_400);
  const meters = plain("Distance", "m", 1_000_000);
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
      if (reps.value !== null) values.reps = reps.value;
      if (rpe.input.value) values.rpe = Number(rpe.input.value);
      if (seconds.value) values.durationSeconds = seconds.value;
      if (meters.value) values.distanceMeters = meters.value;
      return values;
    },
    /** Why these values are no set, or null. */
    get fault() {
      const wrong = [weight, reps, seconds, meters].map((field) => field.fault).find(Boolean);
      if (wrong) return wrong;
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

function stepper(label, unit, { step, max, isWhole = false }) {
  const field = numeric(label, unit, max, isWhole);
  const { input } = field;
  const move = (direction) => {
    // To the next multiple, so that 81 goes to 82.5 and not to 83.5.
    const from = (field.value ?? 0) / step;
    const to = direction > 0 ? Math.floor(from + 1 + 1e-9) : Math.ceil(from - 1 - 1e-9);
    field.value = Math.min(max, Math.max(0, to * step));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  input.addEventListener("keydown", (event) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    move(direction);
  });
  field.element = h("div.stepper",
    field.label,
    h("div.stepper-row",
      h("button.round", { type: "button", "aria-label": `Less ${label.toLowerCase()}`, onclick: () => move(-1) }, icons.minus()),
      input,
      h("button.round", { type: "button", "aria-label": `More ${label.toLowerCase()}`, onclick: () => move(1) }, icons.plus())));
  return field;
}

function plain(label, unit, max) {
  const field = numeric(label, unit, max);
  field.element = h("div.field", field.label, field.input);
  return field;
}

/**
 * A field for a number from 0 to `max`, with a point or a comma before its decimals. Not of the type "number", which drops a
 * comma: "82,5" would be 825.
 */
function numeric(label, unit, max, isWhole = false) {
  const id = `pad-${(lastId += 1)}`;
  const input = h("input", {
    id, type: "text", inputmode: isWhole ? "numeric" : "decimal", autocomplete: "off", maxlength: 12, placeholder: "–",
  });
  let filled = "";
  const field = {
    input,
    label: h("label", { for: id }, unit ? `${label} (${unit})` : label),
    /** What stands there; null for nothing and for what is no number. */
    get value() {
      const value = readNumber(input.value);
      return Number.isFinite(value) ? value : null;
    },
    set value(value) { input.value = filled = value === null || value === undefined ? "" : String(value); },
    /** Why it is no value, or null. */
    get fault() {
      const text = input.value.trim();
      const value = readNumber(text);
      if (value === null) return null;
      // A comma before thousands and one before decimals look alike, and so do points where people write them before thousands.
      if (text !== filled && isAmbiguous(text)) {
        return `${label}: write ${text.replace(/[.,]/, "")} or ${value} in place of ${text}.`;
      }
      if (Number.isNaN(value)) return `${label}: ${text} is not a number. Write it like ${isWhole ? "8" : "82.5"}.`;
      if (isWhole && !Number.isInteger(value)) return `${label}: write a whole number.`;
      return value > max ? `${label}: at most ${max}${unit && ` ${unit}`}.` : null;
    },
  };
  return field;
}

const thousandsMark = new Intl.NumberFormat().formatToParts(10_000).find(({ type }) => type === "group")?.value;

const isAmbiguous = (text) =>
  /^[1-9]\d{0,2},\d{3}$/.test(text) || (thousandsMark === "." && /^[1-9]\d{0,2}\.\d{3}$/.test(text));

/** A number to a thousandth as people type it; null for nothing, NaN for what is none. */
function readNumber(text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return /^(\d+([.,]\d*)?|[.,]\d+)$/.test(trimmed) ? Math.round(Number(trimmed.replace(",", ".")) * 1000) / 1000 : NaN;
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
