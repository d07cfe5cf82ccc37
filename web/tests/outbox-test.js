// Holds outbox and sender to the rules of the two acknowledgements, against a scripted connection.
import { Refusal } from "../live/connection.js";
import { Outbox } from "../live/outbox.js";
import { Sender } from "../live/sender.js";
import { uuid7 } from "../live/uuid7.js";

const ROOM = "workout:019a8b3c-7000-7abc-8def-0123456789ab";
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

class ScriptedConnection extends EventTarget {
  state = "open";
  asked = [];
  restarts = 0;
  restart() { this.restarts += 1; }
  request(type, members) {
    return new Promise((resolve, reject) => this.asked.push({ type, members, resolve, reject }));
  }
  /** Waits until so many requests were made. */
  asks(count) {
    return new Promise((resolve) => {
      const look = () => (this.asked.length >= count ? resolve() : setTimeout(look, 10));
      look();
    });
  }
  /** The ops that were sent. */
  get sent() { return this.asked.map(({ members: { room, ...op } }) => op); }
  get ids() { return this.asked.map(({ members }) => members.opId); }
  async push(frame) {
    this.dispatchEvent(new CustomEvent("push", { detail: { room: ROOM, ...frame } }));
    await settle();
  }
  async reopen() {
    this.asked = [];
    this.dispatchEvent(new Event("open"));
    await settle();
  }
  async answer(index, answer) {
    this.asked[index].resolve(answer);
    await settle();
  }
  async refuse(index, code, temporary, retryAfterMs = 1) {
    this.asked[index].reject(new Refusal({ code, message: code, temporary, retryAfterMs }));
    await settle();
  }
}

/** Runs something while the device takes nothing more. */
async function onFullDevice(body) {
  const own = Object.getOwnPropertyDescriptor(Storage.prototype, "setItem");
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
  try {
    await body();
  } finally {
    Object.defineProperty(Storage.prototype, "setItem", own);
  }
}

let user = 0;
function scene(count) {
  const connection = new ScriptedConnection();
  const outbox = new Outbox(`test-${(user += 1)}`);
  const sender = new Sender(connection, outbox);
  const ops = Array.from({ length: count }, (_, index) => ({ opId: uuid7(), at: index, kind: "rest.skip" }));
  for (const op of ops) {
    outbox.add(ROOM, op);
    sender.pump(ROOM);
  }
  return { connection, outbox, sender, ids: ops.map(({ opId }) => opId) };
}

/** A set with a typing error and two corrections. */
function corrections(outbox) {
  const ops = [
    { opId: uuid7(), at: 1, kind: "set.log", setId: "s", entryId: "e", set: { weightKg: 1225, reps: 5 } },
    { opId: uuid7(), at: 2, kind: "set.update", setId: "s", set: { weightKg: 12.25, reps: 5 } },
    { opId: uuid7(), at: 3, kind: "set.update", setId: "s", set: { weightKg: 122.5, reps: 5 } },
  ];
  for (const op of ops) outbox.add(ROOM, op);
  return ops;
}

/** An exercise that the server does not take, and what is done with it. */
const liftedExercise = () => [
  { opId: uuid7(), at: 1, kind: "exercise.add", entryId: "e", exerciseId: "x" },
  { opId: uuid7(), at: 2, kind: "set.log", entryId: "e", setId: "s", set: { weightKg: 100, reps: 5 } },
  { opId: uuid7(), at: 3, kind: "set.update", setId: "s", set: { weightKg: 100, reps: 6 } },
  { opId: uuid7(), at: 4, kind: "note", entryId: "e", text: "heavy" },
];

/** Such an exercise after the server's answers, and a correction that is not made yet. */
async function refusedExercise(code = "invalid", ...more) {
  const { connection, outbox, sender } = scene(0);
  const ops = [...liftedExercise(), ...more.map((op) => ({ opId: uuid7(), at: 5, ...op }))];
  for (const op of ops) outbox.add(ROOM, op);
  sender.pump(ROOM);
  await connection.refuse(0, code, false);
  for (const index of ops.keys()) if (index > 0) await connection.refuse(index, "dependsOnRefused", false);
  expect("set apart", outbox.refusedOf(ROOM).length, ops.length);
  connection.sender = sender;
  const fix = { opId: uuid7(), at: 60, kind: "exercise.update", entryId: "e", supersetGroup: 2 };
  return { connection, outbox, ops, fix };
}

/** Does something on a page that ends after so many writes; whether it came to its end. */
function endsAfter(writes, body) {
  const { setItem, removeItem } = Storage.prototype;
  let done = 0;
  const unlessEnded = (write) => function (...values) {
    if (done === writes) throw new Error("the page has ended");
    done += 1;
    write.apply(this, values);
  };
  Object.assign(Storage.prototype, { setItem: unlessEnded(setItem), removeItem: unlessEnded(removeItem) });
  try {
    body();
  } catch {
    // The page has ended.
  } finally {
    Object.assign(Storage.prototype, { setItem, removeItem });
  }
  return done < writes;
}

const left = (outbox) => outbox.of(ROOM).map(({ op }) => op.opId);
const faults = [];
let checks = 0;
function expect(what, actual, expected) {
  checks += 1;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

/** What `body` tells on the console, which has to be clean otherwise. */
async function told(body) {
  const { error } = console;
  const lines = [];
  console.error = (line) => lines.push(line);
  try {
    await body();
  } finally {
    console.error = error;
  }
  return lines;
}

const tests = {
  async "sends what it can read of what is kept, and leaves the rest where it is"() {
    const name = `test-${(user += 1)}`;
    const op = { opId: uuid7(), at: 1, kind: "rest.skip" };
    const kept = {
      [op.opId]: JSON.stringify({ order: 1, room: ROOM, op, local: {}, epoch: null, seq: null }),
      torn: '{"order":2,"room":', null: "null", list: "[]", other: JSON.stringify({ order: 3, room: ROOM, op, local: {} }),
      bare: JSON.stringify({ order: 4, room: ROOM, op: { opId: "bare", at: 1, kind: "set.log" }, local: {} }),
      half: JSON.stringify({ order: 5, room: ROOM, op: { ...op, opId: "half" }, local: {}, corrects: ["x"] }),
    };
    for (const [opId, text] of Object.entries(kept)) localStorage.setItem(`fitai.op.${name}.${opId}`, text);
    let outbox;
    const lines = await told(() => {
      outbox = new Outbox(name);
      kept.late = "{";
      localStorage.setItem(`fitai.op.${name}.late`, kept.late);
      dispatchEvent(new StorageEvent("storage", { key: `fitai.op.${name}.late`, newValue: kept.late }));
    });
    expect("told", lines.length, 7);
    expect("read", left(outbox), [op.opId]);
    expect("kept", Object.keys(localStorage).filter((key) => key.startsWith(`fitai.op.${name}.`)).length, 8);
    for (const opId of Object.keys(kept)) localStorage.removeItem(`fitai.op.${name}.${opId}`);
  },

  async "keeps an op until it is durable"() {
    const { connection, outbox, ids } = scene(2);
    expect("sent", connection.ids, ids);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.answer(1, { epoch: 1, seq: 2 });
    expect("kept", left(outbox), ids);
    await connection.push({ type: "durable", epoch: 1, seq: 1 });
    expect("the first is safe", left(outbox), [ids[1]]);
    await connection.push({ type: "durable", epoch: 1, seq: 2 });
    expect("both are", left(outbox), []);
  },

  async "survives a reload"() {
    const { outbox, ids } = scene(3);
    expect("again", left(new Outbox(`test-${user}`)), ids);
    expect("same records", new Outbox(`test-${user}`).of(ROOM), outbox.of(ROOM));
  },

  async "does not take an old write of the page before a reload for news"() {
    const { connection, outbox, ids: [id] } = scene(1);
    const key = `fitai.op.test-${user}.${id}`;
    const old = localStorage.getItem(key);
    await connection.answer(0, { epoch: 1, seq: 1 });
    // The browser tells a page that was loaded anew of what the one before it wrote.
    dispatchEvent(new StorageEvent("storage", { key, newValue: old }));
    expect("as it was answered", outbox.get(id).seq, 1);
    await connection.push({ type: "durable", epoch: 1, seq: 1 });
    dispatchEvent(new StorageEvent("storage", { key, newValue: old }));
    expect("left", left(outbox), []);
  },

  async "sends what another tab has made and did not send"() {
    const { connection } = scene(0);
    const records = [2, 1].map((order) => ({
      order, room: ROOM, op: { opId: uuid7(), at: order, kind: "rest.skip" }, local: {}, epoch: null, seq: null,
    }));
    for (const record of records) {
      const key = `fitai.op.test-${user}.${record.op.opId}`;
      localStorage.setItem(key, JSON.stringify(record));
      dispatchEvent(new StorageEvent("storage", { key, newValue: JSON.stringify(record) }));
    }
    expect("leaves it to that tab", connection.ids, []);
    await connection.asks(2);
    expect("in order", connection.ids, records.reverse().map(({ op }) => op.opId));
  },

  async "shows what another tab has delivered until its own room has it, and what that tab has heard refused no more"() {
    const { outbox, ids } = scene(3);
    const refused = `fitai.refused.test-${user}.${ids[2]}`;
    localStorage.setItem(refused, JSON.stringify({ ...outbox.get(ids[2]), code: "invalid", message: "no" }));
    dispatchEvent(new StorageEvent("storage", { key: refused }));
    for (const id of ids) {
      const key = `fitai.op.test-${user}.${id}`;
      localStorage.removeItem(key);
      dispatchEvent(new StorageEvent("storage", { key }));
    }
    const passed = () => outbox.passedOf(ROOM).map(({ op }) => op.opId);
    expect("nothing waits", left(outbox), []);
    expect("shown", passed(), ids.slice(0, 2));
    outbox.settle(ROOM, ids[0]);
    expect("folded", passed(), [ids[1]]);
    localStorage.removeItem(refused);
    dispatchEvent(new StorageEvent("storage", { key: refused }));
    expect("dismissed", passed(), [ids[1]]);
    outbox.settle("workout:another");
    expect("another room", passed(), [ids[1]]);
    outbox.settle(ROOM);
    expect("joined", passed(), []);
  },

  async "leaves to another tab what it sends"() {
    const { connection } = scene(0);
    const record = { order: 1, room: ROOM, op: { opId: uuid7(), at: 1, kind: "rest.skip" }, local: {}, epoch: null, seq: null };
    const key = `fitai.op.test-${user}.${record.op.opId}`;
    const later = window.setTimeout;
    let look;
    window.setTimeout = (body) => { look = body; };
    localStorage.setItem(key, JSON.stringify(record));
    dispatchEvent(new StorageEvent("storage", { key }));
    window.setTimeout = later;
    localStorage.removeItem(key);
    dispatchEvent(new StorageEvent("storage", { key }));
    look();
    await settle();
    expect("sent", connection.ids, []);
  },

  async "orders by their ids what two tabs have given the same place"() {
    const { outbox } = scene(0);
    const [first, second, third] = Array.from({ length: 3 }, () => uuid7());
    for (const opId of [third, first, second]) {
      const record = { order: 7, room: ROOM, op: { opId, at: 1, kind: "rest.skip" }, local: {}, epoch: null, seq: null };
      localStorage.setItem(`fitai.op.test-${user}.${opId}`, JSON.stringify(record));
    }
    expect("order", left(new Outbox(`test-${user}`)), [first, second, third]);
    expect("nothing in memory yet", left(outbox), []);
  },

  async "sends again what another epoch answered, in order"() {
    const { connection, outbox, ids } = scene(3);
    for (const index of [0, 1, 2]) await connection.answer(index, { epoch: 1, seq: index + 1 });
    await connection.push({ type: "durable", epoch: 1, seq: 1 });
    await connection.push({ type: "reset", snapshot: { epoch: 2 } });
    expect("again", connection.ids.slice(3), ids.slice(1));
    await connection.push({ type: "durable", epoch: 2, seq: 9 });
    expect("a later epoch says nothing of the older answers", left(outbox), ids.slice(1));
    await connection.answer(3, { epoch: 1, seq: 2, durable: true });
    await connection.answer(4, { epoch: 2, seq: 3 });
    expect("one had survived, the other was durable before it was answered", left(outbox), []);
  },

  async "sends everything again on a new connection, once"() {
    const { connection, ids } = scene(3);
    await connection.answer(0, { epoch: 4, seq: 1 });
    await connection.reopen();
    expect("again", connection.ids, ids);
    await connection.answer(0, { epoch: 4, seq: 1, durable: true });
    await connection.answer(1, { epoch: 5, seq: 2 });
    expect("no more", connection.ids, ids);
  },

  async "sends again what a repeat's answer says of an epoch that had ended before the connection"() {
    const { connection, ids } = scene(2);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.reopen();
    await connection.answer(0, { epoch: 1, seq: 1, durable: false });
    await connection.answer(1, { epoch: 1, seq: 2, durable: false });
    await connection.push({ type: "durable", epoch: 2, seq: 0 });
    expect("again", connection.ids.slice(2), ids);
  },

  async "sends an op again for which the gate waits although an earlier sending of it was applied"() {
    const { connection, ids } = scene(2);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.push({ type: "reset", snapshot: { epoch: 2 } });
    expect("both once more", connection.ids, [...ids, ...ids]);
    await connection.answer(1, { epoch: 2, seq: 2 });
    await connection.answer(2, { epoch: 2, seq: 1 });
    await connection.refuse(3, "rateLimited", true, 1);
    await connection.asks(5);
    expect("again", connection.ids[4], ids[1]);
  },

  async "keeps the order after a temporary refusal"() {
    const { connection, ids } = scene(3);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.refuse(1, "busy", true, 500);
    await connection.refuse(2, "outOfOrder", true, 500);
    expect("waits", connection.ids, ids);
    await connection.asks(5);
    expect("from the refused one on", connection.ids.slice(3), ids.slice(1));
  },

  async "goes on behind an op that is never taken, and shows it"() {
    const { connection, outbox, ids } = scene(2);
    await connection.refuse(0, "invalid", false);
    await connection.answer(1, { epoch: 1, seq: 1 });
    expect("refused", outbox.refusedOf(ROOM).map(({ op, code }) => [op.opId, code]), [[ids[0], "invalid"]]);
    expect("left", left(outbox), [ids[1]]);
    expect("kept over a reload", new Outbox(`test-${user}`).refusedOf(ROOM).length, 1);
    outbox.dismiss(ids[0]);
    expect("seen", outbox.refusedOf(ROOM), []);
  },

  async "shows an op that was taken back"() {
    const { connection, outbox, ids } = scene(1);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.push({ type: "rejected", opId: ids[0], message: "refused by the database" });
    expect("refused", outbox.refusedOf(ROOM).map(({ op }) => op.opId), ids);
    expect("left", left(outbox), []);
  },

  async "does not wait for a set whose exercise was refused"() {
    const { connection, outbox, sender } = scene(0);
    outbox.add(ROOM, { opId: uuid7(), at: 1, kind: "exercise.add", entryId: "e" });
    outbox.add(ROOM, { opId: uuid7(), at: 2, kind: "set.log", entryId: "e", setId: "s" });
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    await connection.refuse(1, "unknownTarget", true);
    expect("both shown", outbox.refusedOf(ROOM).map(({ code }) => code), ["invalid", "dependsOnRefused"]);
    expect("the gate waits for an op that will not come", connection.restarts, 1);
  },

  async "keeps what builds on an op whose like is there already"() {
    const { connection, outbox, sender } = scene(0);
    outbox.add(ROOM, { opId: uuid7(), at: 1, kind: "workout.start" });
    outbox.add(ROOM, { opId: uuid7(), at: 2, kind: "rest.skip" });
    sender.pump(ROOM);
    await connection.refuse(0, "invalidState", false);
    expect("refused", outbox.refusedOf(ROOM).length, 1);
    expect("left", outbox.of(ROOM).length, 1);
  },

  async "settles an op whose durable comes before its answer"() {
    const { connection, outbox } = scene(2);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.push({ type: "durable", epoch: 1, seq: 2 });
    await connection.answer(1, { epoch: 1, seq: 2 });
    expect("left", left(outbox), []);
  },

  async "sends an op again whose answer is of an epoch that has ended"() {
    const { connection, ids } = scene(2);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.push({ type: "reset", snapshot: { epoch: 2 } });
    const sent = connection.ids.length;
    await connection.answer(1, { epoch: 1, seq: 2 });
    expect("again", connection.ids.slice(sent), [ids[1]]);
  },

  async "sends a refused set as the athlete has corrected it"() {
    const { connection, outbox, sender } = scene(0);
    const [create, first, last] = corrections(outbox);
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    await connection.refuse(1, "dependsOnRefused", false);
    await connection.refuse(2, "dependsOnRefused", false);
    expect("sent", connection.asked.slice(3).map(({ members: { room, ...op } }) => op), [
      { ...create, opId: last.opId, set: last.set },
    ]);
    expect("nothing to show", outbox.refusedOf(ROOM), []);
    expect("kept over a reload", new Outbox(`test-${user}`).of(ROOM).map(({ op }) => op.set), [last.set]);
    await connection.answer(3, { epoch: 1, seq: 1 });
    await connection.push({ type: "durable", epoch: 1, seq: 1 });
    expect("left", left(outbox), []);
    expect("the first is in it", outbox.get(first.opId), undefined);
  },

  async "takes a correction of a refused set as that set"() {
    const { connection, outbox, sender } = scene(0);
    const create = { opId: uuid7(), at: 1, kind: "set.log", setId: "s", entryId: "e", set: { weightKg: 1225, reps: 5 } };
    outbox.add(ROOM, create);
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    const update = { opId: uuid7(), at: 9, kind: "set.update", setId: "s", set: { weightKg: 122.5, reps: 5 } };
    outbox.add(ROOM, update);
    expect("taken", outbox.of(ROOM).map(({ op }) => op), [{ ...create, opId: update.opId, set: update.set }]);
    expect("nothing to show", outbox.refusedOf(ROOM), []);
  },

  async "shows a refused set that was deleted, with what builds on it"() {
    const { connection, outbox, sender } = scene(0);
    corrections(outbox);
    outbox.add(ROOM, { opId: uuid7(), at: 4, kind: "set.delete", setId: "s" });
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    expect("shown", outbox.refusedOf(ROOM).map(({ op }) => op.kind), ["set.log", "set.update", "set.update", "set.delete"]);
    expect("left", left(outbox), []);
  },

  async "sends an op again that an earlier connection applied and this one refuses"() {
    const { connection, ids } = scene(2);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.reopen();
    await connection.refuse(0, "unavailable", true);
    await connection.refuse(1, "outOfOrder", true);
    await connection.asks(4);
    expect("both, in order", connection.ids.slice(2), ids);
  },

  async "sends no more at once than the server takes, also of what an earlier connection applied"() {
    const { connection, ids } = scene(40);
    for (const index of Array(32).keys()) await connection.answer(index, { epoch: 1, seq: index + 1 });
    expect("all went", connection.ids.length, 40);
    await connection.reopen();
    expect("a window", connection.ids, ids.slice(0, 32));
    await connection.answer(0, { epoch: 1, seq: 1 });
    expect("and one more", connection.ids, ids.slice(0, 33));
  },

  async "sends again what was refused with an exercise, behind its correction"() {
    const { connection, outbox, ops, fix } = await refusedExercise();
    connection.asked = [];
    outbox.add(ROOM, fix);
    connection.sender.pump(ROOM);
    const mended = { ...ops[0], opId: fix.opId, supersetGroup: 2 };
    expect("sent in order", connection.sent, [mended, ...ops.slice(1)]);
    expect("nothing to show", outbox.refusedOf(ROOM), []);
    const again = new Outbox(`test-${user}`);
    expect("kept over a reload", [again.of(ROOM).map(({ op }) => op), again.refusedOf(ROOM)], [[mended, ...ops.slice(1)], []]);
  },

  async "sends it again also after a reload"() {
    const { ops, fix } = await refusedExercise();
    const again = new Outbox(`test-${user}`);
    again.add(ROOM, fix);
    expect("queued", left(again), [fix.opId, ...ops.slice(1).map(({ opId }) => opId)]);
    expect("nothing to show", again.refusedOf(ROOM), []);
  },

  async "misses nothing of a correction, wherever the page ends in between"() {
    for (let writes = 0, isWhole = false; !isWhole; writes += 1) {
      const { outbox, ops, fix } = await refusedExercise();
      isWhole = endsAfter(writes, () => outbox.add(ROOM, fix));
      const again = new Outbox(`test-${user}`);
      const others = ops.slice(1).map(({ opId }) => opId);
      if (writes === 0) expect("as before", again.refusedOf(ROOM).map(({ op }) => op.opId), ops.map(({ opId }) => opId));
      else expect(`after ${writes} writes`, [left(again), again.refusedOf(ROOM)], [[fix.opId, ...others], []]);
    }
  },

  async "takes an earlier correction that was refused as well into the new one"() {
    const { outbox, ops, fix } = await refusedExercise("limitReached", { kind: "exercise.update", entryId: "e", supersetGroup: 1 });
    outbox.add(ROOM, fix);
    expect("queued", left(outbox), [fix.opId, ...ops.slice(1, -1).map(({ opId }) => opId)]);
    expect("the latest holds", outbox.get(fix.opId).op.supersetGroup, 2);
    expect("nothing to show", outbox.refusedOf(ROOM), []);
  },

  async "takes an answer that was given before the correction went out as none"() {
    const { connection, outbox, sender } = scene(0);
    const [exercise, set] = liftedExercise();
    const fix = { opId: uuid7(), at: 9, kind: "exercise.update", entryId: "e", supersetGroup: 2 };
    for (const op of [exercise, set, fix]) outbox.add(ROOM, op);
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    await connection.refuse(1, "dependsOnRefused", false);
    await connection.refuse(2, "dependsOnRefused", false);
    expect("sent again", connection.sent.slice(3), [{ ...exercise, opId: fix.opId, supersetGroup: 2 }, set]);
    expect("nothing to show", outbox.refusedOf(ROOM), []);
  },

  async "sends what was corrected in steps in the order in which it can be taken"() {
    const { connection, outbox, ops, fix } = await refusedExercise();
    const update = { opId: uuid7(), at: 8, kind: "set.update", setId: "s", set: { weightKg: 90, reps: 5 } };
    outbox.add(ROOM, update);
    connection.sender.pump(ROOM);
    await connection.refuse(connection.asked.length - 1, "dependsOnRefused", false);
    expect("waits for its exercise", left(outbox), []);
    outbox.add(ROOM, fix);
    expect("queued", left(outbox), [fix.opId, ops[3].opId, update.opId]);
  },

  async "puts what comes back behind what was corrected before and waits"() {
    const { connection, outbox, sender } = scene(0);
    const start = { opId: uuid7(), at: 0, kind: "workout.start", name: "" };
    const ops = [start, ...liftedExercise()];
    for (const op of ops) outbox.add(ROOM, op);
    sender.pump(ROOM);
    await connection.refuse(0, "invalid", false);
    const fixes = [
      { opId: uuid7(), at: 20, kind: "exercise.update", entryId: "e", supersetGroup: 2 },
      { opId: uuid7(), at: 21, kind: "workout.update", name: "Legs" },
    ];
    for (const op of fixes) outbox.add(ROOM, op);
    expect("queued", left(outbox), [fixes[1].opId, fixes[0].opId, ...ops.slice(2).map(({ opId }) => opId)]);
  },

  async "puts behind the correction what was logged meanwhile and builds on what comes back"() {
    const { outbox, ops, fix } = await refusedExercise();
    const late = { opId: uuid7(), at: 20, kind: "set.delete", setId: "s" };
    outbox.add(ROOM, late);
    outbox.add(ROOM, fix);
    expect("queued", left(outbox), [fix.opId, ...ops.slice(1).map(({ opId }) => opId), late.opId]);
  },

  async "waits for nobody when the server has forgotten what it refused"() {
    const { connection, outbox } = await refusedExercise();
    const late = { opId: uuid7(), at: 20, kind: "set.log", entryId: "e", setId: "t", set: { reps: 1 } };
    outbox.add(ROOM, late);
    connection.sender.pump(ROOM);
    await connection.refuse(connection.asked.length - 1, "unknownTarget", true);
    expect("left", left(outbox), []);
    expect("shown", outbox.refusedOf(ROOM).at(-1).code, "dependsOnRefused");
    expect("the gate waits for an op that will not come", connection.restarts, 1);
  },

  async "gives up together what builds on something that no device brings"() {
    const { connection, outbox, sender } = scene(0);
    const sets = [1, 2, 3].map((at) => (
      { opId: uuid7(), at, kind: "set.log", entryId: "lost", setId: `s${at}`, set: { reps: 1 } }));
    for (const op of sets) outbox.add(ROOM, op);
    sender.pump(ROOM);
    await connection.refuse(0, "unknownTarget", true);
    for (const index of [1, 2]) await connection.refuse(index, "outOfOrder", true);
    const { now } = Date;
    Date.now = () => now() + 600_000;
    try {
      await connection.asks(6);
      await connection.refuse(3, "unknownTarget", true);
      for (const shown of [1, 2, 3]) {
        expect("shown", outbox.refusedOf(ROOM).length, shown);
        if (shown === 3) break;
        // The gate waits for what was given up.
        await connection.reopen();
        await connection.refuse(0, "unknownTarget", true);
      }
      expect("left", left(outbox), []);
    } finally {
      Date.now = now;
    }
  },

  async "starts a new connection when an earlier op has to go again than the one that is awaited"() {
    const { connection } = scene(3);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.push({ type: "reset", snapshot: { epoch: 2 } });
    await connection.refuse(1, "busy", true);
    expect("restarts", connection.restarts, 1);
  },

  async "starts a new connection when a new epoch has lost what stands before the awaited one"() {
    const { connection, ids } = scene(3);
    await connection.answer(0, { epoch: 1, seq: 1 });
    await connection.answer(1, { epoch: 1, seq: 2 });
    await connection.refuse(2, "busy", true, 60_000);
    expect("waits", connection.restarts, 0);
    await connection.push({ type: "durable", epoch: 2, seq: 1 });
    expect("restarts", connection.restarts, 1);
    await connection.reopen();
    expect("in order", connection.ids, ids);
  },

  async "keeps a refused op and goes on when the device is full"() {
    const { connection, outbox, sender } = scene(0);
    const [op, ...behind] = liftedExercise();
    const other = { opId: uuid7(), at: 5, kind: "rest.skip" };
    for (const next of [op, ...behind, other]) outbox.add(ROOM, next);
    sender.pump(ROOM);
    const isStored = ({ opId }) => Object.keys(localStorage).some((key) => key.endsWith(`.${opId}`));
    await onFullDevice(async () => {
      await connection.refuse(0, "limitReached", false);
      await connection.answer(4, { epoch: 1, seq: 3 });
      expect("left", left(outbox), [other.opId]);
      expect("shown", outbox.refusedOf(ROOM).map((record) => record.op.opId), [op, ...behind].map(({ opId }) => opId));
      expect("known as applied", outbox.get(other.opId).seq, 3);
      expect("stored", [op, ...behind, other].every(isStored), true);
      await connection.push({ type: "durable", epoch: 1, seq: 3 });
      expect("left", left(outbox), []);
      outbox.dismiss(op.opId);
      expect("dismissed", [isStored(op), isStored(behind[0])], [false, true]);
    });
  },

  async "gives up a correction that a full device has no room for, and shows what was refused"() {
    const { connection, outbox, sender } = scene(0);
    const ops = corrections(outbox);
    sender.pump(ROOM);
    await onFullDevice(() => connection.refuse(0, "invalid", false));
    expect("left", left(outbox), []);
    expect("shown", outbox.refusedOf(ROOM).map((record) => record.op.opId), ops.map(({ opId }) => opId));
  },

  async "makes ids that sort in the order of their making"() {
    const made = Array.from({ length: 9000 }, () => uuid7());
    expect("sorted", made.every((id, index) => index === 0 || made[index - 1] < id), true);
    expect("well formed", made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)), true);
  },
};

for (const [name, test] of Object.entries(tests)) {
  const before = faults.length;
  try {
    await test();
  } catch (error) {
    faults.push(String(error.stack));
  }
  for (let index = before; index < faults.length; index += 1) faults[index] = `${name}: ${faults[index]}`;
}
for (const key of Object.keys(localStorage)) if (key.includes(".test-")) localStorage.removeItem(key);

const passed = checks > 0 && faults.length === 0;
document.getElementById("result").textContent = `${passed ? "passed" : "failed"}: ${checks} checks\n${faults.join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
