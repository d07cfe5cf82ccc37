// What ops make, what they build on, and what a correction makes of one that was refused: the pages' twin of OpTargets and
// OpCorrection in Swift.

/** Stands for the workout itself among the ids of what ops make. */
export const WORKOUT = "workout";

/** What an op makes: `WORKOUT`, the id of an exercise entry or a set, or null. */
export function madeBy(op) {
  switch (op.kind) {
    case "workout.plan":
    case "workout.start": return WORKOUT;
    case "exercise.add": return op.entryId;
    case "set.log": return op.setId;
    default: return null;
  }
}

/** The exercise entries and sets that have to be known before. */
export function targets(op) {
  switch (op.kind) {
    case "exercise.update":
    case "exercise.remove":
    case "set.log": return [op.entryId];
    case "set.update":
    case "set.delete": return [op.setId];
    case "exercise.reorder": return op.entryIds ?? [];
    case "note": return op.entryId ? [op.entryId] : [];
    default: return [];
  }
}

/** Whether an op builds on one of the missing things, so that it cannot work without them. */
export function buildsOn(op, missing) {
  if (madeBy(op) === WORKOUT) return false;
  return missing.has(WORKOUT) || targets(op).some((id) => missing.has(id));
}

/** Whether what a refused op was to make is missing now; it is not where another op has made it. */
export function leavesMissing(code, op) {
  const made = madeBy(op);
  if (made === null || ["opIdReused", "invalidState", "deleted"].includes(code)) return false;
  return code !== "idTaken" || made === WORKOUT;
}

/** The op as a later op changes it, still under its own id; null when that one changes nothing that this one makes. */
export function corrected(op, correction) {
  switch (`${op.kind} ${correction.kind}`) {
    case "set.log set.update":
      return op.setId === correction.setId ? { ...op, set: correction.set } : null;
    case "exercise.add exercise.update": {
      if (op.entryId !== correction.entryId) return null;
      const { supersetGroup, restSeconds, ...kept } = op;
      return { ...kept, ...given(correction, ["supersetGroup", "restSeconds"]) };
    }
    case "workout.start workout.update":
    case "workout.plan workout.update":
      if (isGiven(correction.endedAt)) return null;
      return { ...op, ...given(correction, ["name", "visibility", "plannedFor", "startedAt"]) };
    default: return null;
  }
}

/** Whether an op takes back what another one makes. */
export function takesBack(op, made) {
  switch (op.kind) {
    case "set.delete": return op.setId === made;
    case "exercise.remove": return op.entryId === made;
    case "workout.delete":
    case "workout.abandon": return made === WORKOUT;
    default: return false;
  }
}

/**
 * What takes the place of a refused op when the athlete has corrected it: the op under the id of the last correction, so that
 * doing this twice does it once, and the ids of earlier corrections that are in it. Null when it was not corrected.
 */
export function correctionOf(lost, behind) {
  const made = madeBy(lost);
  if (made === null || behind.some((op) => takesBack(op, made))) return null;
  let mended = lost;
  const ids = [];
  for (const op of [...behind].sort((a, b) => a.at - b.at)) {
    const next = corrected(mended, op);
    if (!next) continue;
    mended = next;
    ids.push(op.opId);
  }
  if (ids.length === 0) return null;
  const opId = ids.pop();
  return { op: { ...mended, opId }, merged: ids };
}

/** What refused ops were to make and none of those that wait makes. */
export function missingBy(refused, waiting) {
  const missing = new Set(refused.filter(({ code, op }) => leavesMissing(code, op)).map(({ op }) => madeBy(op)));
  for (const { op } of waiting) missing.delete(madeBy(op));
  return missing;
}

/**
 * What goes out again behind an op that makes this after all: records that were refused for it and those that wait and build on
 * it, in the order in which they can be taken. What builds on something else that is missing stays.
 */
export function followingOf(made, refused, waiting) {
  let rest = [...refused.filter(({ code }) => code === "dependsOnRefused"), ...waiting.filter(({ seq }) => seq === null)];
  const reached = new Set([made]);
  for (let found = 0; found < reached.size;) {
    found = reached.size;
    for (const { op } of rest) if (buildsOn(op, reached)) reached.add(madeBy(op));
  }
  rest = rest.filter(({ op }) => buildsOn(op, reached));
  // What they make is missing until they have their places.
  const missing = missingBy(refused, waiting);
  for (const { op } of rest) missing.add(madeBy(op));
  missing.delete(made);
  const present = new Set([made]);
  const placed = [];
  // Again, since what an op builds on may stand behind it, when that was corrected in between.
  for (let found = -1; found < placed.length;) {
    found = placed.length;
    rest = rest.filter((record) => {
      if (!buildsOn(record.op, present) || buildsOn(record.op, missing)) return true;
      placed.push(record);
      present.add(madeBy(record.op));
      missing.delete(madeBy(record.op));
      return false;
    });
  }
  return placed;
}

const isGiven = (value) => value !== undefined && value !== null;

function given(members, names) {
  return Object.fromEntries(names.filter((name) => isGiven(members[name])).map((name) => [name, members[name]]));
}
