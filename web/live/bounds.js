// The bounds of what ops may ask for: the pages' twin of WorkoutAction.checkBounds, held to it by tests/bounds-fixtures.json.
// What the server would never take is told before it is queued.

/** So many exercises and sets a workout holds, removed ones counted. */
export const ENTRY_LIMIT = 100;
export const SET_LIMIT = 1000;

const DAY_SECONDS = 86_400;
const EARLIEST = 946_684_800_000;

/** An op that the server would refuse whatever the workout: `code` as it would say, and a sentence. */
export class OpFault extends Error {
  constructor(code, message) {
    super(message);
    Object.assign(this, { name: "OpFault", code });
  }
}

/** Why the server would never take an op; null when it may. */
export function faultOf(op) {
  try {
    checks[op.kind]?.(op);
  } catch (fault) {
    if (fault instanceof OpFault) return fault;
    throw fault;
  }
  return null;
}

/** Why a workout takes no more of what the op adds; null when it does. */
export function fullnessFault(op, state) {
  if (op.kind === "exercise.add" && state.entries.length >= ENTRY_LIMIT) {
    return new OpFault("limitReached", `a workout holds at most ${ENTRY_LIMIT} exercises`);
  }
  if (op.kind === "set.log" && setCount(state) >= SET_LIMIT) {
    return new OpFault("limitReached", `a workout holds at most ${SET_LIMIT} sets`);
  }
  return null;
}

/** Without a prototype, of which a kind could name a member. */
const checks = {
  __proto__: null,
  "workout.plan": checkWorkout,
  "workout.start": checkWorkout,
  "workout.update": checkWorkout,
  "workout.complete": ({ rpe }) => checkEffort(rpe),
  "exercise.add": (op) => {
    if (!isGiven(op.exerciseId) && !isGiven(op.name)) throw new OpFault("badRequest", "exerciseId or name is missing");
    checkEntry(op);
  },
  "exercise.update": checkEntry,
  "exercise.reorder": ({ entryIds = [] }) => {
    if (entryIds.length > ENTRY_LIMIT) throw new OpFault("invalid", `entryIds must be at most ${ENTRY_LIMIT} ids`);
    if (new Set(entryIds).size < entryIds.length) throw new OpFault("invalid", "entryIds names an entry twice");
  },
  "set.log": ({ set }) => checkSet(set),
  "set.update": ({ set }) => checkSet(set),
  "rest.start": ({ seconds }) => {
    if (!isGiven(seconds)) throw new OpFault("badRequest", "seconds is missing");
    checkDecimal("seconds", seconds, 3);
    if (seconds < 0.001 || seconds > DAY_SECONDS) throw new OpFault("invalid", "seconds must be 0.001…86400");
  },
  note: ({ text }) => {
    if (!isGiven(text)) throw new OpFault("badRequest", "text is missing");
    if (length(text) > 2000 || hasControls(text.replaceAll(/[\n\t]/g, ""))) {
      throw new OpFault("invalid", "text must be at most 2000 characters without control characters");
    }
  },
};

function checkWorkout({ name, plannedFor, startedAt, endedAt }) {
  if (isGiven(name)) checkName(name);
  if (isGiven(plannedFor) && !isDate(plannedFor)) {
    throw new OpFault("invalid", "plannedFor must be a date, YYYY-MM-DD");
  }
  for (const time of [startedAt, endedAt]) {
    if (isGiven(time) && time < EARLIEST) throw new OpFault("invalid", "a time lies before 2000-01-01");
  }
}

function checkEntry({ name, supersetGroup, restSeconds }) {
  if (isGiven(restSeconds)) checkDecimal("restSeconds", restSeconds, 3);
  if (isGiven(supersetGroup)) checkDecimal("supersetGroup", supersetGroup, 0);
  if (isGiven(name)) checkName(name);
  if (isGiven(supersetGroup) && (supersetGroup < 1 || supersetGroup > 100)) {
    throw new OpFault("invalid", "supersetGroup must be 1…100");
  }
  if (isGiven(restSeconds) && (restSeconds < 0 || restSeconds > DAY_SECONDS)) {
    throw new OpFault("invalid", "restSeconds must be 0…86400");
  }
}

/** Of each member of a set: its name, places after the point, bounds and how they are said. */
const setMembers = [
  ["weightKg", 3, 0, 1000, "0…1000 kg"], ["reps", 0, 0, 1000, "0…1000"], ["rpe", 1, 1, 10, "1…10 in steps of 0.5"],
  ["rir", 0, 0, 10, "0…10"], ["durationSeconds", 3, 0, DAY_SECONDS, "0…86400 s"],
  ["distanceMeters", 3, 0, 1_000_000, "0…1000000 m"],
];

function checkSet(set) {
  for (const [name, places] of setMembers) if (isGiven(set[name])) checkDecimal(name, set[name], places);
  for (const [name, , least, most, bounds] of setMembers) {
    if (isGiven(set[name]) && (set[name] < least || set[name] > most)) throw new OpFault("invalid", `${name} must be ${bounds}`);
  }
  checkEffort(set.rpe);
  if (!["reps", "durationSeconds", "distanceMeters"].some((name) => isGiven(set[name]))) {
    throw new OpFault("invalid", "a set needs reps, a duration or a distance");
  }
}

function checkEffort(rpe) {
  if (!isGiven(rpe)) return;
  checkDecimal("rpe", rpe, 1);
  if (rpe < 1 || rpe > 10 || !Number.isInteger(rpe * 2)) throw new OpFault("invalid", "rpe must be 1…10 in steps of 0.5");
}

function checkDecimal(name, value, places) {
  if (typeof value !== "number" || (places === 0 && !Number.isInteger(value))) {
    throw new OpFault("badRequest", `${name} must be a ${places === 0 ? "whole " : ""}number`);
  }
  if (places > 0 && !new RegExp(`^-?\\d+(\\.\\d{1,${places}})?$`).test(String(value))) {
    throw new OpFault("invalid", `${name} may have at most ${places === 1 ? "one decimal" : `${places} decimals`}`);
  }
}

function checkName(name) {
  if (length(name) < 1 || length(name) > 100 || hasControls(name)) {
    throw new OpFault("invalid", "name must be 1…100 characters without control characters");
  }
}

const setCount = (state) => state.entries.reduce((count, entry) => count + entry.sets.length, 0);
const isGiven = (value) => value !== undefined && value !== null;
const length = (text) => [...text].length;
// Below the space, and the delete character.
const hasControls = (text) => [...text].some((character) => character < " " || character === "\x7f");

function isDate(text) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
