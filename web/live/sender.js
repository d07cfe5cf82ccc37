// Sends the outbox's ops, each room's in order, until they are durable.

import { Refusal } from "./connection.js";

const WINDOW = 32;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export class Sender {
  #connection;
  #outbox;
  #rooms = new Map();

  constructor(connection, outbox) {
    this.#connection = connection;
    this.#outbox = outbox;
    connection.addEventListener("open", () => {
      for (const lane of this.#rooms.values()) {
        clearTimeout(lane.timer);
        // Everything goes out anew, so a new epoch is no news.
        Object.assign(lane, { sent: new Set(), pausedUntilTimer: false, pauses: 0, epoch: 0, turn: lane.turn + 1 });
      }
      for (const room of outbox.rooms) this.pump(room);
    });
    connection.addEventListener("push", ({ detail: frame }) => this.#push(frame));
  }

  #lane(room) {
    if (!this.#rooms.has(room)) {
      // `turn` tells answers to what was sent before a pause or a reconnect from those that count.
      this.#rooms.set(room, { sent: new Set(), pausedUntilTimer: false, pauses: 0, turn: 0, epoch: 0, timer: null });
    }
    return this.#rooms.get(room);
  }

  /** Sends what is not under way yet. */
  pump(room) {
    const lane = this.#lane(room);
    if (this.#connection.state !== "open" || lane.pausedUntilTimer) return;
    const ops = this.#outbox.of(room);
    let underWay = ops.filter((record) => lane.sent.has(record.op.opId) && record.seq === null).length;
    for (const { op } of ops) {
      if (underWay >= WINDOW) return;
      if (lane.sent.has(op.opId)) continue;
      lane.sent.add(op.opId);
      underWay += 1;
      this.#send(room, lane, op);
    }
  }

  async #send(room, lane, op) {
    const turn = lane.turn;
    try {
      const answer = await this.#connection.request("op", { room, ...op });
      lane.pauses = 0;
      // A repeat is answered with the epoch of its first time, which says nothing of the room's.
      if (answer.durable === undefined) this.observe(room, answer.epoch);
      this.#outbox.applied(op.opId, answer.epoch, answer.seq);
      if (answer.durable) this.#outbox.done(op.opId);
      this.pump(room);
    } catch (error) {
      if (error instanceof Refusal) this.#refused(room, lane, op, error, turn);
      // Otherwise the connection is gone: everything goes out again after the next welcome.
    }
  }

  #refused(room, lane, op, refusal, turn) {
    if (refusal.temporary && !this.#neverComes(room, op, refusal)) {
      if (turn === lane.turn) this.#pause(room, lane, refusal.retryAfterMs);
      return;
    }
    this.#outbox.refuse(op.opId, refusal);
    this.pump(room);
  }

  /** Whether an op waits for something that one of our own refused ops was to make. */
  #neverComes(room, op, refusal) {
    if (refusal.code !== "unknownTarget") return false;
    return this.#outbox.refusedOf(room).some(({ op: lost }) =>
      lost.kind === "workout.start" || lost.kind === "workout.plan"
      || (lost.kind === "exercise.add" && lost.entryId === op.entryId)
      || (lost.kind === "set.log" && lost.setId === op.setId));
  }

  /** Waits, then sends from the refused op on: what came behind it was refused too. */
  #pause(room, lane, retryAfterMs) {
    lane.turn += 1;
    lane.pausedUntilTimer = true;
    const limit = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** lane.pauses);
    lane.pauses += 1;
    lane.timer = setTimeout(() => {
      lane.pausedUntilTimer = false;
      lane.sent = new Set(this.#outbox.of(room).filter((record) => record.seq !== null).map(({ op }) => op.opId));
      this.pump(room);
    }, retryAfterMs ?? limit * (0.5 + Math.random() / 2));
  }

  /** Learns the room's epoch; under a new one, all that is not durable goes out again. */
  observe(room, epoch) {
    const lane = this.#lane(room);
    if (epoch <= lane.epoch) return;
    const isNew = lane.epoch > 0;
    lane.epoch = epoch;
    this.#outbox.forgetBefore(room, epoch);
    if (!isNew) return;
    lane.turn += 1;
    lane.sent = new Set(this.#outbox.of(room).filter((record) => record.seq !== null).map(({ op }) => op.opId));
    this.pump(room);
  }

  #push(frame) {
    switch (frame.type) {
      case "event":
        // An event that arrives live is of the room's present epoch.
        this.observe(frame.room, frame.epoch);
        this.#outbox.applied(frame.opId, frame.epoch, frame.seq);
        break;
      case "durable":
        this.observe(frame.room, frame.epoch);
        this.#outbox.durable(frame.room, frame.epoch, frame.seq);
        break;
      case "reset":
        this.observe(frame.room, frame.snapshot.epoch);
        break;
      case "rejected":
        this.#outbox.refuse(frame.opId, { code: "rejected", message: frame.message });
        break;
    }
  }
}
