// The athlete's side of a workout: what the server confirmed, with the outbox's ops laid over it.

import { faultOf, fullnessFault } from "./bounds.js";
import { apply, emptyState, findEntry, findSet } from "./fold.js";
import { byOrder } from "./outbox.js";
import { keepRoom } from "./room-keeper.js";
import { uuid7 } from "./uuid7.js";

/** Events: `change` after every change of the state, of an op's standing or of the room. */
export class Training extends EventTarget {
  #connection;
  #outbox;
  #sender;
  #room;
  #userId;
  #view = null;
  #endKeeping;

  constructor({ connection, outbox, sender, room, userId }) {
    super();
    this.#connection = connection;
    this.#outbox = outbox;
    this.#sender = sender;
    this.#room = room;
    this.#userId = userId;
    outbox.addEventListener("change", this.#changed);
    room.addEventListener("change", this.#changed);
    room.addEventListener("reset", this.#observe);
    // Other tabs deliver too: what they have delivered stays shown until it is in this one's room.
    room.addEventListener("joined", () => outbox.settle(room.name));
    room.addEventListener("folded", ({ detail: { opId } }) => outbox.settle(room.name, opId));
    this.#endKeeping = keepRoom(room, userId);
  }

  get room() { return this.#room; }

  leave() {
    this.#outbox.removeEventListener("change", this.#changed);
    this.#endKeeping();
    this.#room.leave();
  }

  /**
   * Applies a change here at once, keeps it in the outbox and sends it. Throws an `OpFault` for what the server would never
   * take, and whatever else when the device has no room for it.
   */
  do(kind, members = {}, local = {}) {
    const op = { opId: uuid7(), at: this.#connection.clock.now(), kind, ...members };
    const fault = faultOf(op) ?? fullnessFault(op, this.state);
    if (fault) throw fault;
    this.#outbox.add(this.#room.name, op, local);
    this.#sender.pump(this.#room.name);
    return op;
  }

  /** The workout as the athlete made it, sent or not. */
  get state() {
    if (this.#view) return this.#view;
    const pending = this.#pending();
    if (pending.length === 0) return (this.#view = this.#room.state);
    const state = structuredClone(this.#room.state ?? emptyState());
    for (const { op, local } of pending) overlay(state, op, local, this.#connection.clock.now());
    return (this.#view = state);
  }

  #pending() {
    const { position } = this.#room;
    const { name } = this.#room;
    return [...this.#outbox.passedOf(name), ...this.#outbox.of(name)].sort(byOrder)
      .filter((record) => record.seq === null || !position || record.seq > position.seq);
  }

  /** `waiting` on this device, `applied` by the server, or `durable`. */
  standing(setId) {
    const records = this.#outbox.of(this.#room.name).filter(({ op }) => op.setId === setId);
    if (records.some((record) => record.seq === null)) return "waiting";
    return records.length > 0 ? "applied" : "durable";
  }

  /** How many ops are not safe yet. */
  get unsafe() { return this.#outbox.of(this.#room.name).length; }

  get refused() { return this.#outbox.refusedOf(this.#room.name); }

  /** Whether there is no such workout for this athlete, and none to come by an op that is on its way. */
  get isGone() {
    if (this.isSomebodyElses || this.#room.status === "gone") return true;
    const begins = ({ op }) => op.kind === "workout.start" || op.kind === "workout.plan";
    return this.#room.isMissing && !this.#outbox.of(this.#room.name).some(begins);
  }

  /** Whether the workout turned out to be another athlete's. */
  get isSomebodyElses() {
    const { athlete } = this.#room;
    return athlete !== null && athlete.userId !== this.#userId;
  }

  /** Gives up what the server does not have, as the athlete decided. */
  discard() {
    for (const { op } of this.#outbox.of(this.#room.name)) this.#outbox.done(op.opId);
  }

  dismiss(opId) { this.#outbox.dismiss(opId); }

  #observe = () => this.#sender.observe(this.#room.name, this.#room.epoch);

  #changed = () => {
    this.#view = null;
    if (this.#room.status === "joining" && !this.#room.position && this.#connection.state === "open"
      && this.#outbox.of(this.#room.name).some((record) => record.seq !== null)) this.#room.joinSoon();
    this.dispatchEvent(new Event("change"));
  };
}

/** Folds an op in as the event that it will probably become. */
function overlay(state, op, local, now) {
  if (op.kind === "set.log" && findSet(state, op.setId)) return;
  if (op.kind === "exercise.add" && findEntry(state, op.entryId)) return;
  const event = { ...local, ...op };
  if (op.kind === "rest.start") {
    const endsAt = op.at + Math.round(op.seconds * 1000);
    if (endsAt > now) event.restEndsAt = endsAt;
  }
  apply(state, event);
}
