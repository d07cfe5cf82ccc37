// Numbers and times as people read them.

import { weightUnit } from "./units.js";

const number = (digits) => new Intl.NumberFormat(undefined, { maximumFractionDigits: digits });
const fine = number(2);
const whole = number(0);

/** Grams as a weight, "82.5 kg" or "181.88 lb". */
export function weight(grams) {
  const { name, grams: each } = weightUnit();
  return `${fine.format(grams / each)} ${name}`;
}

/** An estimated weight, to a tenth: "93.3 kg". */
export function roughWeight(grams) {
  const { name, grams: each } = weightUnit();
  return `${fine.format(Math.round(grams / each * 10) / 10)} ${name}`;
}

/** A tonnage in gram-repetitions, "4,320 kg". */
export function tonnage(gramReps) {
  const { name, grams } = weightUnit();
  return `${whole.format(gramReps / grams)} ${name}`;
}

/** Milliseconds as a clock, "4:05" or "1:04:05". */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** A rest that still runs, rounded up, so that it ends at 0:00. */
export const countdown = (milliseconds) => clock(Math.ceil(Math.max(0, milliseconds) / 1000) * 1000);

/** What was done in a set, "82.5 kg × 8". */
export function setText({ weightGrams, reps, durationMs, distanceMm }) {
  const parts = [];
  if (weightGrams !== null && weightGrams > 0) parts.push(weight(weightGrams));
  if (reps !== null) parts.push(parts.length > 0 ? `× ${reps}` : counted(reps, "rep"));
  if (durationMs !== null) parts.push(clock(durationMs));
  if (distanceMm !== null) parts.push(`${fine.format(distanceMm / 1000)} m`);
  return parts.join(" ");
}

export const setTypes = {
  normal: "Working set", warmup: "Warm-up", dropset: "Drop set", failure: "To failure", amrap: "AMRAP", myo: "Myo-reps",
  partial: "Partials", forced: "Forced reps", tut: "Time under tension", iso: "Isometric", jump: "Jumps",
};

/** Half sets, "3" or "1.5". */
export const halves = (count) => fine.format(count / 2);

const minutesAgo = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** "5 min. ago", for times of today; a date otherwise. */
export function ago(time, now) {
  const minutes = Math.round((time - now) / 60_000);
  if (minutes > -1) return "just now";
  if (minutes > -60) return minutesAgo.format(minutes, "minute");
  if (minutes > -24 * 60) return minutesAgo.format(Math.round(minutes / 60), "hour");
  return new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

export const timeOfDay = (time) => new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

/** "Jo", "Jo and Kim", "Jo, Kim and 3 others". */
export function names(list, total = list.length) {
  const others = total - list.length;
  const parts = [...list, ...others > 0 ? [others === 1 ? "1 other" : `${others} others`] : []];
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** "1 set", "3 sets". */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** "1 change", "3 changes". */
export const changes = (count) => counted(count, "change");
