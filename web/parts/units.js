// Kilograms or pounds: what the account prefers, kept on this device. The wire and the fold know grams alone.

import { keptKey } from "../rest/kept.js";

const GRAMS_A_POUND = 453.59237;
const systems = {
  metric: { name: "kg", grams: 1000, step: 2.5, max: 1000 },
  imperial: { name: "lb", grams: GRAMS_A_POUND, step: 5, max: 2204 },
};

let key = null;

/** Whose preference counts from now on; null for nobody's. */
export function useUnitsOf(userId) { key = userId && keptKey("unit", userId); }

/** How weights show and are typed: `name`, `grams` of one, `step` of the steppers, `max`. */
export const weightUnit = () => systems[key && localStorage.getItem(key)] ?? systems.metric;

/** Takes the account's preference, "metric" or "imperial"; true when it is another than before. */
export function setUnit(unit) {
  const before = weightUnit();
  if (key && unit in systems) localStorage.setItem(key, unit);
  return weightUnit() !== before;
}

/** Which of "metric" and "imperial" it is. */
export const unitName = () => (weightUnit() === systems.imperial ? "imperial" : "metric");
