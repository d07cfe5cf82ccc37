// What people are told of an op that the server did not take.

import { setValues } from "../live/fold.js";
import { setText as describe } from "./format.js";

/** What each kind was to do, as it stands behind "Not taken:". */
const kinds = {
  "workout.plan": () => "the plan for this workout",
  "workout.start": () => "the start of this workout",
  "workout.update": () => "a change of this workout",
  "workout.pause": () => "a pause",
  "workout.resume": () => "the end of a pause",
  "workout.complete": ({ rpe }) => (rpe ? `the end of this workout, with your rating ${rpe}` : "the end of this workout"),
  "workout.abandon": () => "discarding this workout",
  "workout.delete": () => "deleting this workout",
  "exercise.add": ({ name }) => (name ? `the exercise ${name}` : "an exercise"),
  "exercise.update": () => "a change of an exercise",
  "exercise.remove": () => "removing an exercise",
  "exercise.reorder": () => "a new order of the exercises",
  "set.log": ({ set }) => `set ${describe(setValues(set))}`.trim(),
  "set.update": ({ set }) => `the correction of a set to ${describe(setValues(set))}`,
  "set.delete": () => "deleting a set",
  "rest.start": () => "a rest",
  "rest.skip": () => "the end of a rest",
  note: ({ text }) => `the note “${text}”`,
};

const reasons = {
  invalidState: "This workout was over by then, or not begun.",
  deleted: "This workout was deleted.",
  limitReached: "This workout is full.",
  dependsOnRefused: "It belongs to something that was not taken.",
  unknownTarget: "What it belongs to is not there any more.",
  idTaken: "It is there already.",
  opIdReused: "It is there already.",
};

/** The members of ops as people call them. */
const members = {
  weightKg: "The weight", reps: "The number of reps", rpe: "The effort", rir: "The reps in reserve",
  durationSeconds: "The time", distanceMeters: "The distance", restSeconds: "The rest", seconds: "The rest",
  supersetGroup: "The superset", name: "The name", plannedFor: "The day", text: "The note", entryIds: "The order",
};

/** What a fault says of a member, in the athlete's words; null for one that names none. */
export function faultWords(message) {
  const [first, ...others] = message.split(" ");
  return members[first] ? `${members[first]} ${others.join(" ")}.` : null;
}

/** A refused op as {what, why}; null when nothing is lost with it and nobody needs to know. */
export function refusalWords({ op, code, message }) {
  if (code === "invalidState" && isMoot(op)) return null;
  // The rating is all that was lost when the workout had been finished before.
  if (code === "invalidState" && op.kind === "workout.complete") {
    return { what: `your rating ${op.rpe}`, why: "The workout had been ended before, on another device." };
  }
  if (code === "invalidState" && op.kind === "workout.abandon") {
    return { what: "discarding this workout", why: "It had been ended before, on another device." };
  }
  const why = reasons[code] ?? faultWords(message) ?? "The server could not use it.";
  return { what: kinds[op.kind]?.(op) ?? "a change", why };
}

/** Whether an op that came too late would have changed nothing that matters: the state it asks for is behind or there. */
function isMoot({ kind, rpe }) {
  return ["workout.plan", "workout.start", "workout.pause", "workout.resume", "rest.start", "rest.skip"].includes(kind)
    || (kind === "workout.complete" && !rpe);
}
