// Feeds what reads frames, kept ops and kept rooms with inputs that are nearly right: each is read or refused, in little
// time, and what was read folds. The twin of DecoderFuzz in Swift.
import { Refusal } from "../live/connection.js";
import { apply, emptyState, hardSets, stateFromSnapshot, summary } from "../live/fold.js";
import { Outbox } from "../live/outbox.js";
import { stateHash } from "../live/state-hash.js";
import { isAnswer, readFrame, readRecord, readRoom, WireFault } from "../live/wire.js";

const MOST_MS = 100;
const ROOM = "workout:019a8b3c-7000-7abc-8def-0123456789ab";
const USER = "fuzz";

/** Mulberry32: a seed names one sequence for ever. */
class Random {
  #state;
  constructor(seed) { this.#state = seed >>> 0; }
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  below(bound) { return this.next() % bound; }
  of(values) { return values[this.below(values.length)]; }
}

const odd = [
  null, true, false, 0, -0, -1, 0.5, 1e-7, 1e15, 9007199254740991, 9007199254740993, 1e308, -1e308, 2 ** 31, 2 ** 32, "", "x",
  "\ud83d", "__proto__", "constructor", [], {}, [[]], [null], [{}], { length: 4294967295 }, { toString: 1 },
];
const pieces = [
  "", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", "-", ".", "null", "true", "1e400", "-1e400", "NaN", "\\ud83d", "\u0000",
  "9223372036854775807", "\"__proto__\":{},", "[[[[[[[[[[[[", "\"at\":", "\"kind\":\"set.log\",", "\"type\":\"reset\",",
];

/** A sample's text with a few changes in what it says, or in its letters. */
function changed(samples, random) {
  let text = random.of(samples);
  if (random.below(2) === 0) {
    const value = JSON.parse(text);
    for (let count = random.below(3); count >= 0; count -= 1) changeValue(value, random, samples);
    return JSON.stringify(value);
  }
  for (let count = random.below(4); count > 0; count -= 1) {
    const place = random.below(text.length + 1);
    const end = place + random.below(8);
    switch (random.below(4)) {
      case 0: text = text.slice(0, place) + text.slice(end); break;
      case 1: text = text.slice(0, place) + random.of(pieces) + text.slice(place); break;
      case 2: text = text.slice(0, place); break;
      default: text = text.slice(0, place) + String.fromCharCode(random.below(65536)) + text.slice(place + 1);
    }
  }
  return text;
}

function changeValue(root, random, samples) {
  let parent = root;
  let key = random.of(Object.keys(root));
  while (typeof parent[key] === "object" && parent[key] !== null && random.below(4) > 0) {
    const keys = Object.keys(parent[key]);
    if (keys.length === 0) break;
    parent = parent[key];
    key = random.of(keys);
  }
  switch (random.below(5)) {
    case 0: delete parent[key]; break;
    case 1: parent[key] = [parent[key]]; break;
    // A member of another sample.
    case 2: Object.assign(parent, pick(JSON.parse(random.of(samples)), random)); break;
    // Its own, which later changes may change.
    default: parent[key] = structuredClone(random.of(odd));
  }
}

function pick(object, random) {
  const key = random.of(Object.keys(object));
  return { [key]: object[key] };
}

/** Everything that is reckoned of a state. */
function reckon(state) {
  summary(state);
  hardSets(state);
  const hash = stateHash(state);
  if (!/^[0-9a-f]{16}$/.test(hash)) throw new Error(`the hash is ${hash}`);
}

/** What each decoder reads, and what is done with what it has read; null for an input that is refused. */
function decoders(vectors) {
  const { steps, state } = vectors.sequences[0];
  const events = steps.map(({ event }) => event);
  const begun = events.slice(0, 6).reduce(apply, emptyState());
  const kept = JSON.stringify(begun);
  const snapshot = {
    epoch: 1, seq: 9, durable: 9, athlete: { userId: "a", name: "Ada" }, stateHash: "66e7277e51e6f5a9", state,
  };
  const members = { watching: 1, joined: [{ userId: "b", name: "Ben" }], left: ["c"] };
  const frames = [
    ...events.slice(0, 30).map((event) => ({ type: "event", room: ROOM, ...event })),
    { type: "welcome", id: 1, session: "s", userId: "a", serverTime: 1795366800012 },
    { type: "time", id: 2, t0: 1795366800000, t1: 1795366800031, t2: 1795366800031 },
    { type: "ok", id: 23, epoch: 3, seq: 42, durable: true },
    { type: "ok", id: 3, room: ROOM, epoch: 3, seq: 1, durable: 1, snapshot, members },
    { type: "ok", id: 4, room: ROOM, epoch: 3, seq: 43, durable: 42, events: events.slice(0, 3), members },
    { type: "page", id: 4, room: ROOM, events: events.slice(3, 6) },
    { type: "error", id: 23, code: "busy", message: "wait", temporary: true, retryAfterMs: 1000 },
    { type: "durable", room: ROOM, epoch: 3, seq: 42 }, { type: "rejected", room: ROOM, opId: "o", message: "no" },
    { type: "reset", room: ROOM, snapshot }, { type: "ended", room: ROOM }, { type: "presence", room: ROOM, ...members },
    { type: "cheer", room: ROOM, kind: "fire", from: { userId: "b", name: "Ben" } },
    { type: "heart", room: ROOM, bpm: 120, at: 1795366800000 }, { type: "goodbye", retryAfterMs: 1000 },
    { type: "friend", userId: "b", name: "Ben", online: true, live: { workoutId: "w" } },
    { type: "notice", noticeId: "n", kind: "goalMilestone", title: "Squat", percent: 50 },
  ];
  const records = events.filter(({ kind }) => kind !== "workout.abandon").slice(0, 40).map((event, order) => {
    const { epoch, seq, receivedAt, summary: totals, ...op } = event;
    return { order, room: ROOM, op, local: {}, epoch: null, seq: null };
  });
  records.push({ ...records[2], epoch: 1, seq: 3 }, { ...records[3], code: "invalid", message: "too heavy" });
  records.push({ ...records[4], corrects: [records[3].op.opId], following: [] });
  const outbox = new Outbox(USER);
  const texts = (values) => values.map((value) => JSON.stringify(value));
  return {
    frames: { samples: texts(frames), read: readFrame, use: (frame) => useFrame(frame, kept) },
    "kept ops": {
      samples: texts(records), read: (text) => readRecord(text, idOf(text)), use: (record, text) => useRecord(outbox, record, text),
    },
    "kept rooms": {
      samples: texts([{ state: begun, position: { epoch: 1, seq: 6 }, epoch: 1, athlete: snapshot.athlete, records: [] }]),
      read: readRoom,
      use: (room) => {
        reckon(room.state);
        reckon(apply(room.state, events[6]));
      },
    },
  };
}

function useFrame(frame, kept) {
  if (frame === null) return;
  for (const type of ["op", "subscribe", "time"]) isAnswer(type, frame);
  if (frame.type === "error") {
    const { message, retryAfterMs } = new Refusal(frame);
    if (typeof message !== "string" || !(retryAfterMs === undefined || (retryAfterMs >= 0 && retryAfterMs <= 86_400_000))) {
      throw new Error(`it waits for ${retryAfterMs}`);
    }
  }
  // Of other types they are members that nobody knows.
  const snapshot = ["ok", "reset"].includes(frame.type) ? frame.snapshot : null;
  if (snapshot) reckon(stateFromSnapshot(snapshot.state));
  const events = frame.type === "event" ? [frame] : ["ok", "page"].includes(frame.type) ? frame.events ?? [] : [];
  if (events.length > 0) reckon(events.reduce(apply, JSON.parse(kept)));
}

/** The id under which a record would be kept. */
function idOf(text) {
  try {
    return JSON.parse(text)?.op?.opId;
  } catch {
    return null;
  }
}

/** As another tab that has kept it, and as the server that refuses it. */
function useRecord(outbox, record, text) {
  const { op: { opId }, room } = record;
  const tell = (prefix, newValue) => dispatchEvent(new StorageEvent("storage", { key: `fitai.${prefix}.${USER}.${opId}`, newValue }));
  tell(record.code ? "refused" : "op", text);
  outbox.of(room);
  outbox.refusedOf(room);
  if (outbox.get(opId)) {
    outbox.buildsOnRefused(record);
    outbox.waitsForMaker(record);
    outbox.refuse(opId, { code: "invalid", message: "no" });
  }
  for (const refused of outbox.refusedOf(room)) outbox.dismiss(refused.op.opId);
  tell("op", null);
}

/** Milliseconds that an input takes at best: what else the machine does is not held against it. */
function quickest(work) {
  let best = Infinity;
  for (let round = 0; round < 5 && best > MOST_MS; round += 1) {
    const began = performance.now();
    work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

/** Runs every decoder over so many inputs; how many of each were read, and what went wrong into `faults`. */
export async function fuzz({ seed, inputs, vectors, faults, pause }) {
  const counts = {};
  // Refusals of the outbox are told on the console.
  const { error } = console;
  console.error = () => {};
  // Most inputs are refused, and nobody asks where.
  Error.stackTraceLimit = 1;
  for (const [name, { samples, read, use }] of Object.entries(decoders(vectors))) {
    const random = new Random(seed);
    const count = (counts[name] = { read: 0 });
    for (let index = 0; index < inputs && faults.length < 20; index += 1) {
      if (index % 1000 === 0) await pause();
      const text = changed(samples, random);
      const before = faults.length;
      let isRead = false;
      try {
        const taken = quickest(() => {
          isRead = false;
          const value = read(text);
          isRead = true;
          use(value, text);
        });
        if (taken > MOST_MS) faults.push(`${taken} ms`);
      } catch (fault) {
        if (isRead || !(fault instanceof WireFault)) faults.push(String(fault.stack));
      }
      count.read += isRead ? 1 : 0;
      for (let place = before; place < faults.length; place += 1) faults[place] = `${name}, ${JSON.stringify(text)}: ${faults[place]}`;
    }
  }
  Error.stackTraceLimit = 10;
  console.error = error;
  return counts;
}
