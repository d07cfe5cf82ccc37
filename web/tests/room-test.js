// Holds the room's mirror to the rules of epoch and seq, against a scripted connection.
import { Room } from "../live/room.js";
import { emptyState } from "../live/fold.js";
import { keepRoom } from "../live/room-keeper.js";
import { stateHash } from "../live/state-hash.js";

const ID = "019a8b3c-7000-7abc-8def-0123456789ab";
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

class ScriptedConnection extends EventTarget {
  state = "open";
  asked = [];
  request(type, members) {
    return new Promise((resolve, reject) => this.asked.push({ type, members, resolve, reject }));
  }
  async push(frame) {
    this.dispatchEvent(new CustomEvent("push", { detail: { room: `workout:${ID}`, ...frame } }));
    await settle();
  }
}

const wireState = { status: "new", lastAt: 0, entries: [] };
const snapshot = (epoch, seq) => ({
  epoch, seq, durable: seq, athlete: { userId: ID, name: "Ada" }, stateHash: stateHash(emptyState()), state: wireState,
});

async function joined() {
  const connection = new ScriptedConnection();
  const room = new Room(connection, ID);
  await settle();
  connection.asked[0].resolve({ epoch: 1, seq: 2, durable: 2, snapshot: snapshot(1, 2), members: { watching: 0 } });
  await settle();
  return { connection, room };
}

const event = (epoch, seq) => ({ type: "event", epoch, seq, at: seq, opId: `${epoch}-${seq}`, kind: "rest.skip" });
const faults = [];
let checks = 0;
function expect(what, actual, expected) {
  checks += 1;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

const tests = {
  async "passes over an event that it has"() {
    const { connection, room } = await joined();
    await connection.push(event(1, 3));
    await connection.push(event(1, 3));
    expect("position", room.position, { epoch: 1, seq: 3 });
    expect("asked", connection.asked.length, 1);
  },

  async "asks again when a later epoch has given a known seq anew"() {
    const { connection, room } = await joined();
    await connection.push(event(1, 3));
    await connection.push(event(2, 3));
    expect("asked", connection.asked.slice(1).map(({ members }) => members.since), [{ epoch: 1, seq: 3 }]);
    connection.asked[1].resolve({ epoch: 2, seq: 3, durable: 3, reset: true, snapshot: snapshot(2, 3), members: { watching: 0 } });
    await settle();
    expect("position", room.position, { epoch: 2, seq: 3 });
  },

  async "begins afresh where nobody can read what was kept of it"() {
    const connection = new ScriptedConnection();
    const good = { state: emptyState(), position: { epoch: 1, seq: 2 }, epoch: 1, athlete: { userId: ID }, records: [] };
    const key = `fitai.room.${ID}.workout:${ID}`;
    const restored = (kept) => {
      localStorage.setItem(key, JSON.stringify(kept).slice(0, kept === good ? undefined : 900));
      const room = new Room(connection, ID);
      keepRoom(room, ID)();
      const isKept = localStorage.getItem(key) !== null;
      localStorage.removeItem(key);
      return [isKept, room.position];
    };
    expect("whole", restored(good), [true, good.position]);
    const bad = [
      null, [], {}, { ...good, state: null }, { ...good, state: { ...good.state, entries: [{ id: "e" }] } },
      { ...good, position: { epoch: 1 } }, { ...good, records: [7] }, { ...good, padding: "x".repeat(1000) },
    ];
    for (const kept of bad) expect(JSON.stringify(kept)?.slice(0, 60), restored(kept), [false, null]);
  },

  async "asks again when an event is missing"() {
    const { connection } = await joined();
    await connection.push(event(1, 4));
    expect("asked", connection.asked.slice(1).map(({ members }) => members.since), [{ epoch: 1, seq: 2 }]);
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

const passed = checks > 0 && faults.length === 0;
document.getElementById("result").textContent = `${passed ? "passed" : "failed"}: ${checks} checks\n${faults.join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
