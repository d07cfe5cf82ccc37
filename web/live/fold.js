// Events to workout state: the pages' twin of WorkoutState in Sources/Protocol/Workout, held to it by
// spec/fold-vectors.json. Inside, everything is a whole number: grams, milliseconds, millimetres, tenths.

/** Kilograms, seconds or metres from the wire as thousandths; null when absent. */
export const thousandths = (value) => (value === undefined || value === null ? null : Math.round(value * 1000));
const tenths = (value) => (value === undefined || value === null ? null : Math.round(value * 10));
const orNull = (value) => (value === undefined ? null : value);

/** A workout without events. */
export function emptyState() {
  return {
    status: "new", name: null, visibility: null, plannedFor: null, startedAt: null, endedAt: null, pausedAt: null,
    pausedMs: 0, restingMs: 0, rpeTenths: null, lastAt: 0, rest: null, note: null, entries: [],
  };
}

/** The state in a snapshot's `state` member. */
export function stateFromSnapshot(json) {
  return {
    status: json.status, name: orNull(json.name), visibility: orNull(json.visibility),
    plannedFor: orNull(json.plannedFor), startedAt: orNull(json.startedAt), endedAt: orNull(json.endedAt),
    pausedAt: orNull(json.pausedAt), pausedMs: thousandths(json.pausedSeconds) ?? 0,
    restingMs: thousandths(json.restingSeconds) ?? 0, rpeTenths: tenths(json.rpe), lastAt: json.lastAt,
    rest: json.rest ? { startedAt: json.rest.startedAt, endsAt: json.rest.endsAt, isRunning: json.rest.running === true } : null,
    note: noteFrom(json.note),
    entries: (json.entries ?? []).map((entry) => ({
      ...newEntry(entry),
      note: noteFrom(entry.note),
      isRemoved: entry.removed === true,
      sets: entry.sets.map((set) => ({
        id: set.setId, values: setValues(set), loggedAt: set.loggedAt, changedAt: set.changedAt ?? set.loggedAt,
        isDeleted: set.deleted === true,
      })),
    })),
  };
}

const noteFrom = (note) => (note ? { text: orNull(note.text), isShared: note.shared === true } : null);

/** What was done in one set, from the wire's decimals. */
export function setValues(set) {
  return {
    type: set.type ?? "normal", weightGrams: thousandths(set.weightKg), reps: orNull(set.reps),
    rpeTenths: tenths(set.rpe), rir: orNull(set.rir), durationMs: thousandths(set.durationSeconds),
    distanceMm: thousandths(set.distanceMeters), side: orNull(set.side),
  };
}

function newEntry(details) {
  return {
    id: details.entryId, exerciseId: orNull(details.exerciseId), name: details.name ?? "",
    primaryMuscles: details.primaryMuscles ?? [], secondaryMuscles: details.secondaryMuscles ?? [],
    supersetGroup: orNull(details.supersetGroup), restMs: thousandths(details.restSeconds),
    bodyLoadGrams: thousandths(details.bodyLoadKg), note: null, isRemoved: false, sets: [],
  };
}

/** Folds one event (as the wire carries it) into the state, in place; unknown kinds and targets change nothing. */
export function apply(state, event) {
  if (!event.automatic) state.lastAt = Math.max(state.lastAt, event.at);
  if (event.superseded) return state;
  actions[event.kind]?.(state, event);
  return state;
}

/** Without a prototype, of which a kind could name a member. */
const actions = {
  __proto__: null,
  "workout.plan": (state, event) => { state.status = "planned"; change(state, event); },
  "workout.start": (state, event) => {
    state.status = "active";
    change(state, event);
    state.startedAt = event.startedAt ?? event.at;
  },
  "workout.pause": (state, event) => { endRest(state, event.at); state.status = "paused"; state.pausedAt = event.at; },
  "workout.resume": (state, event) => { endPause(state, event.at); state.status = "active"; },
  "workout.complete": (state, event) => {
    end(state, event.at);
    state.status = "completed";
    state.rpeTenths = tenths(event.rpe);
  },
  "workout.abandon": (state, event) => { end(state, event.at); state.status = "abandoned"; },
  "workout.delete": (state) => { state.status = "deleted"; },
  "workout.update": change,
  "exercise.add": (state, event) => { state.entries.push(newEntry(event)); },
  "exercise.update": (state, event) => {
    const entry = findEntry(state, event.entryId);
    if (!entry) return;
    entry.supersetGroup = orNull(event.supersetGroup);
    entry.restMs = thousandths(event.restSeconds);
  },
  "exercise.remove": (state, event) => {
    const entry = findEntry(state, event.entryId);
    if (entry) entry.isRemoved = true;
  },
  "exercise.reorder": (state, event) => {
    const ids = event.entryIds ?? [];
    const first = ids.map((id) => findEntry(state, id)).filter(Boolean);
    state.entries = [...first, ...state.entries.filter((entry) => !ids.includes(entry.id))];
  },
  "set.log": (state, event) => {
    endRest(state, event.at);
    findEntry(state, event.entryId)?.sets.push({
      id: event.setId, values: setValues(event.set), loggedAt: event.at, changedAt: event.at, isDeleted: false,
    });
  },
  "set.update": (state, event) => {
    const set = findSet(state, event.setId)?.set;
    if (!set) return;
    set.values = setValues(event.set);
    set.changedAt = event.at;
  },
  "set.delete": (state, event) => {
    const set = findSet(state, event.setId)?.set;
    if (!set) return;
    set.isDeleted = true;
    set.changedAt = Math.max(event.at, set.changedAt);
  },
  "rest.start": (state, event) => {
    if (isBeforeRest(state, event.at)) return;
    endRest(state, event.at);
    state.rest = {
      startedAt: event.at, endsAt: event.restEndsAt ?? event.at + thousandths(event.seconds),
      isRunning: event.restEndsAt !== undefined && event.restEndsAt !== null,
    };
  },
  "rest.skip": (state, event) => endRest(state, event.at),
  note: (state, event) => {
    const note = event.text === "" ? null : { text: orNull(event.text), isShared: event.shared === true };
    const target = event.entryId ? findEntry(state, event.entryId) : state;
    if (target) target.note = note;
  },
};

function change(state, details) {
  for (const member of ["name", "visibility", "plannedFor", "startedAt", "endedAt"]) {
    state[member] = details[member] ?? state[member];
  }
}

function end(state, time) {
  // Nobody rests in a workout that is over, whenever the rest began.
  if (state.rest) endRest(state, Math.max(time, state.rest.startedAt));
  endPause(state, time);
  state.endedAt = Math.max(time, state.startedAt ?? time);
}

function endPause(state, time) {
  if (state.pausedAt === null) return;
  state.pausedMs += Math.max(0, time - state.pausedAt);
  state.pausedAt = null;
}

/** Whether a time lies before the running rest: what another device did then tells nothing of the rest. */
const isBeforeRest = (state, time) => state.rest !== null && time < state.rest.startedAt;

function endRest(state, time) {
  if (!state.rest || isBeforeRest(state, time)) return;
  state.restingMs += Math.max(0, Math.min(time, state.rest.endsAt) - state.rest.startedAt);
  state.rest = null;
}

export const findEntry = (state, id) => state.entries.find((entry) => entry.id === id);

/** The set and its entry, or undefined. */
export function findSet(state, id) {
  for (let index = state.entries.length - 1; index >= 0; index -= 1) {
    const entry = state.entries[index];
    const set = entry.sets.findLast((candidate) => candidate.id === id);
    if (set) return { entry, set };
  }
  return undefined;
}

/** Every type but warm-up counts for tonnage, hard sets, records and estimates. */
export const isWorking = (values) => values.type !== "warmup";

/** (Weight + what a repetition lifts of the body) × repetitions of a working set, in gram-repetitions. */
export const tonnageOf = (values, bodyLoadGrams) => (
  isWorking(values) ? ((values.weightGrams ?? 0) + (bodyLoadGrams ?? 0)) * (values.reps ?? 0) : 0
);

/** Estimated one-repetition maximum in grams (Epley 1985, rounded half up), or null. */
export function estimatedOneRepMax({ type, weightGrams, reps }) {
  if (type === "warmup" || !weightGrams || !reps) return null;
  return reps === 1 ? weightGrams : Math.floor((weightGrams * (30 + reps) + 15) / 30);
}

/** Sets that count: neither deleted nor of a removed entry. */
export function* liveSets(state) {
  for (const entry of state.entries) {
    if (entry.isRemoved) continue;
    for (const set of entry.sets) if (!set.isDeleted) yield { entry, set };
  }
}

/** The totals as of the last event: gram-repetitions, sets and milliseconds. */
export function summary(state) {
  const totals = { tonnage: 0, workingSets: 0, workingMs: 0, restingMs: 0 };
  for (const { entry, set } of liveSets(state)) {
    totals.tonnage += tonnageOf(set.values, entry.bodyLoadGrams);
    totals.workingSets += isWorking(set.values) ? 1 : 0;
  }
  if (state.startedAt === null) return totals;
  const until = state.endedAt ?? state.pausedAt ?? state.lastAt;
  const elapsed = Math.max(0, until - state.startedAt - state.pausedMs);
  totals.restingMs = Math.min(elapsed, state.restingMs);
  totals.workingMs = elapsed - totals.restingMs;
  return totals;
}

/** Hard sets by muscle in halves, sorted by name: a working set counts 2 for a primary and 1 for a secondary muscle. */
export function hardSets(state) {
  const halves = new Map();
  for (const entry of state.entries) {
    const working = entry.isRemoved ? 0 : entry.sets.filter((set) => !set.isDeleted && isWorking(set.values)).length;
    if (working === 0) continue;
    for (const muscle of entry.primaryMuscles) halves.set(muscle, (halves.get(muscle) ?? 0) + 2 * working);
    for (const muscle of entry.secondaryMuscles) halves.set(muscle, (halves.get(muscle) ?? 0) + working);
  }
  return [...halves].sort(([a], [b]) => (a < b ? -1 : 1)).map(([muscle, count]) => ({ muscle, halves: count }));
}
