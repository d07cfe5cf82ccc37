// A device with the pages' client and no page: Tests/browser/test_order_fuzz.py tells it what its athlete does, and reloads it at
// any moment.
import { faultOf } from "../live/bounds.js";
import { Connection } from "../live/connection.js";
import { Outbox } from "../live/outbox.js";
import { Room } from "../live/room.js";
import { Sender } from "../live/sender.js";
import { stateHash } from "../live/state-hash.js";
import { Training } from "../live/training.js";

// Pauses are a tenth as long, but not the patience with the server.
const later = window.setTimeout.bind(window);
window.setTimeout = (body, milliseconds = 0, ...rest) => (
  later(body, milliseconds < 10_000 ? milliseconds / 10 : milliseconds, ...rest));

// What the client complains of is kept over a reload.
const complaints = () => JSON.parse(sessionStorage.getItem("complaints") ?? "[]");
console.error = (...words) => sessionStorage.setItem("complaints", JSON.stringify([...complaints(), words.join(" ")]));

const name = (workout) => `workout:${workout}`;

/** Settles when what it looks at is as wanted, after a change of the target. */
const until = (target, isReached) => new Promise((resolve) => {
  const look = () => {
    if (!isReached()) return;
    target.removeEventListener("change", look);
    resolve();
  };
  target.addEventListener("change", look);
  look();
});

class Device {
  #connection;
  #outbox;
  #sender;
  #userId;
  #token;
  #trainings = new Map();

  constructor({ url, token, userId }) {
    const session = { token: async () => ({ token: this.#token, expiresAt: Date.now() + 3_600_000 }) };
    this.#userId = userId;
    this.#token = token;
    this.#connection = new Connection({ url, session });
    this.#outbox = new Outbox(userId);
    this.#sender = new Sender(this.#connection, this.#outbox);
    this.#connection.start();
  }

  /** Another token, before the one it has runs out. */
  take(token) { this.#token = token; }

  follow(workout) {
    if (this.#trainings.has(workout)) return;
    const room = new Room(this.#connection, workout, { isOwn: true });
    const parts = { connection: this.#connection, outbox: this.#outbox, sender: this.#sender, room, userId: this.#userId };
    this.#trainings.set(workout, new Training(parts));
  }

  unfollow(workout) {
    this.#trainings.get(workout)?.leave();
    this.#trainings.delete(workout);
  }

  /** Queues the ops, also those of an older client that knew no bounds. */
  submit(workout, ops, isChecked = true) {
    for (const op of ops) {
      const fault = isChecked ? faultOf(op) : null;
      if (fault) throw fault;
      this.#outbox.add(name(workout), op);
      this.#sender.pump(name(workout));
    }
  }

  status() {
    const refused = [...this.#refusedRooms()].flatMap((room) => this.#outbox.refusedOf(room));
    return {
      refused: refused.map(({ room, op, code }) => ({ workout: room.split(":")[1], opId: op.opId, code })),
      complaints: complaints(),
    };
  }

  /** The ids of ops on their way, by workout. */
  pending() {
    const ids = (room) => this.#outbox.of(room).map(({ op }) => op.opId);
    return Object.fromEntries(this.#outbox.rooms.map((room) => [room.split(":")[1], ids(room)]));
  }

  #refusedRooms() {
    const records = Object.keys(localStorage).filter((key) => key.startsWith(`fitai.refused.${this.#userId}.`));
    return new Set(records.map((key) => JSON.parse(localStorage.getItem(key)).room));
  }

  /** Waits until no op is on its way. */
  settle() {
    this.#connection.hurry();
    return until(this.#outbox, () => this.#outbox.rooms.length === 0);
  }

  /** Waits until the own fold stands at this event. */
  async reach(workout, seq) {
    this.follow(workout);
    const { room } = this.#trainings.get(workout);
    await until(room, () => room.position?.seq === seq);
    return { hash: stateHash(room.state) };
  }

  hurry() { this.#connection.hurry(); }
}

window.begin = (settings) => { window.device = new Device(settings); };
