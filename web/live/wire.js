// What comes over the socket, and what this device has kept, is looked at once, here: whoever uses it relies on its shape.
// Members that nobody knows, and kinds of frames and events of a newer server, are let through.

/** A frame, or something kept, of which nobody can make sense. */
export class WireFault extends Error {}

/** No server is waited for longer, in milliseconds; timers of browsers end at once for more than 24 days. */
const LONGEST_WAIT_MS = 86_400_000;

/** How long a server asks to wait, within bounds. */
export const boundedWait = (milliseconds) => Math.min(Math.max(0, milliseconds), LONGEST_WAIT_MS);

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isGiven = (value) => value !== undefined && value !== null;
const text = (value) => typeof value === "string";
const flag = (value) => typeof value === "boolean";
const integer = Number.isSafeInteger;
const place = (value) => integer(value) && value >= 0;
/** Whose thousandths, or tenths, are whole numbers still. */
const number = (value) => typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER / 1000;
const list = (check) => (value) => Array.isArray(value) && value.every(check);

/** Members that are there have to be right, and those that are required have to be there. */
const shape = (members, required = []) => (value) => (
  isObject(value) && required.every((name) => isGiven(value[name]))
  && Object.entries(members).every(([name, check]) => !isGiven(value[name]) || check(value[name])));

// What Action and Event are in spec/asyncapi.yaml.
const setMembers = {
  type: text, weightKg: number, reps: integer, rpe: number, rir: integer, durationSeconds: number, distanceMeters: number,
  side: text,
};
const entryMembers = {
  entryId: text, exerciseId: text, name: text, primaryMuscles: list(text), secondaryMuscles: list(text),
  supersetGroup: integer, restSeconds: number, bodyLoadKg: number,
};
const detailMembers = { name: text, visibility: text, plannedFor: text, startedAt: integer, endedAt: integer };
const record = shape({ kind: text, exerciseId: text, setId: text, weightKg: number, previousKg: number });
const opMembers = {
  ...detailMembers, ...entryMembers, opId: text, kind: text, at: integer, setId: text, set: shape(setMembers), rpe: number,
  entryIds: list(text), seconds: number, text, shared: flag,
};
const eventMembers = {
  ...opMembers, epoch: place, seq: place, receivedAt: integer, restEndsAt: integer, superseded: flag, automatic: flag,
  summary: shape({ tonnageKg: number, workingSets: integer, workingSeconds: number, restingSeconds: number }),
  hardSets: isObject, estimatedOneRepMaxKg: number, records: list(record), recordsTakenBack: list(record),
};
/** Without these an op of the kind makes no sense. */
const requiredByKind = new Map(Object.entries({
  "exercise.add": ["entryId"], "exercise.update": ["entryId"], "exercise.remove": ["entryId"],
  "exercise.reorder": ["entryIds"], "set.log": ["setId", "entryId", "set"], "set.update": ["setId", "set"],
  "set.delete": ["setId"], "rest.start": ["seconds"],
}));
const isOfItsKind = (value) => (requiredByKind.get(value.kind) ?? []).every((name) => isGiven(value[name]));
const hasEventShape = shape(eventMembers, ["epoch", "seq", "opId", "at", "kind"]);
const event = (value) => hasEventShape(value) && isOfItsKind(value);
const hasOpShape = shape(opMembers, ["opId", "at", "kind"]);
const op = (value) => hasOpShape(value) && isOfItsKind(value);

const note = shape({ text, shared: flag });
const rest = shape({ startedAt: integer, endsAt: integer, running: flag }, ["startedAt", "endsAt"]);
const sentSet = shape(
  { ...setMembers, setId: text, loggedAt: integer, changedAt: integer, deleted: flag }, ["setId", "loggedAt"]);
const sentState = shape({
  ...detailMembers, status: text, pausedAt: integer, pausedSeconds: number, restingSeconds: number, rpe: number,
  lastAt: integer, rest, note,
  entries: list(shape({ ...entryMembers, note, removed: flag, sets: list(sentSet) }, ["entryId", "sets"])),
}, ["status", "lastAt"]);
const member = shape({ userId: text, name: text }, ["userId"]);
const snapshot = shape(
  { epoch: place, seq: place, durable: place, athlete: member, stateHash: text, state: sentState },
  ["epoch", "seq", "durable", "athlete", "stateHash", "state"]);
const presenceMembers = { watching: place, joined: list(member), left: list(text) };

const inRoom = (members, required = []) => shape({ room: text, ...members }, ["room", ...required]);
const frames = new Map(Object.entries({
  welcome: shape({ id: integer }, ["id"]),
  time: shape({ id: integer, t0: number, t1: number, t2: number }, ["id", "t0", "t1", "t2"]),
  ok: shape({
    id: integer, room: text, epoch: place, seq: place, durable: (value) => flag(value) || place(value), snapshot,
    events: list(event), members: shape(presenceMembers, ["watching"]),
  }, ["id"]),
  error: shape({ id: integer, code: text, message: text, temporary: flag, retryAfterMs: number }, ["code", "message"]),
  page: inRoom({ id: integer, events: list(event) }, ["id", "events"]),
  event: (value) => text(value.room) && event(value),
  durable: inRoom({ epoch: place, seq: place }, ["epoch", "seq"]),
  rejected: inRoom({ opId: text, message: text }, ["opId", "message"]),
  reset: inRoom({ snapshot }, ["snapshot"]),
  ended: inRoom({}),
  presence: inRoom(presenceMembers, ["watching"]),
  cheer: inRoom({ kind: text, from: member }, ["kind"]),
  heart: inRoom({ bpm: number, at: integer }, ["bpm", "at"]),
  friend: shape({ userId: text, name: text, online: flag, live: shape({ workoutId: text }) }, ["userId"]),
  notice: shape({ noticeId: text, kind: text, title: text, percent: number }, ["noticeId", "kind"]),
  goodbye: shape({ retryAfterMs: number }, ["retryAfterMs"]),
}));

/** The frame in a message; null for one of a type that is not known here. Throws `WireFault`. */
export function readFrame(message) {
  const frame = parse(message);
  if (!isObject(frame) || !text(frame.type)) throw new WireFault("no frame");
  const check = frames.get(frame.type);
  if (!check) return null;
  if (!check(frame)) throw new WireFault(`a ${frame.type} frame of the wrong shape`);
  return frame;
}

const answers = new Map(Object.entries({
  op: shape({}, ["epoch", "seq"]),
  subscribe: shape({ durable: place }, ["epoch", "seq", "durable", "members"]),
  time: ({ type }) => type === "time",
}));

/** Whether a frame that is no error can be the answer to a request of this type. */
export const isAnswer = (type, frame) => answers.get(type)?.(frame) ?? true;

const keptRecord = shape({
  order: number, room: text, op, local: isObject, epoch: place, seq: place, code: text, message: text,
  corrects: list(text), following: list(text),
}, ["order", "room", "op"]);

/** What an outbox has kept of an op. Throws `WireFault`. */
export function readRecord(kept, opId) {
  const value = parse(kept);
  if (!keptRecord(value) || value.op.opId !== opId || isGiven(value.corrects) !== isGiven(value.following)) {
    throw new WireFault("no record of an op");
  }
  return value;
}

// As fold.js has them.
const keptNote = shape({ text, isShared: flag });
const keptValues = shape({
  type: text, weightGrams: integer, reps: integer, rpeTenths: integer, rir: integer, durationMs: integer,
  distanceMm: integer, side: text,
}, ["type"]);
const keptSet = shape(
  { id: text, values: keptValues, loggedAt: integer, changedAt: integer, isDeleted: flag },
  ["id", "values", "loggedAt", "changedAt"]);
const keptEntry = shape({
  id: text, exerciseId: text, name: text, primaryMuscles: list(text), secondaryMuscles: list(text),
  supersetGroup: integer, restMs: integer, bodyLoadGrams: integer, note: keptNote, isRemoved: flag, sets: list(keptSet),
}, ["id", "name", "primaryMuscles", "secondaryMuscles", "sets"]);
const keptState = shape({
  ...detailMembers, status: text, pausedAt: integer, pausedMs: integer, restingMs: integer, rpeTenths: integer,
  lastAt: integer, rest: shape({ startedAt: integer, endsAt: integer, isRunning: flag }, ["startedAt", "endsAt"]),
  note: keptNote, entries: list(keptEntry),
}, ["status", "pausedMs", "restingMs", "lastAt", "entries"]);
const keptRoom = shape({
  state: keptState, position: shape({ epoch: place, seq: place }, ["epoch", "seq"]), epoch: place, athlete: member,
  records: list((pair) => Array.isArray(pair) && text(pair[0]) && record(pair[1])),
}, ["state", "position", "epoch", "athlete", "records"]);

/** What was kept of a room. Throws `WireFault`. */
export function readRoom(kept) {
  const value = parse(kept);
  if (!keptRoom(value)) throw new WireFault("no room");
  return value;
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    throw new WireFault("no JSON");
  }
}
