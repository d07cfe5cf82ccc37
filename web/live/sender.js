// Sends the outbox's ops, each room's in order, until they are durable or refused for good.

import { Refusal } from "./connection.js";
import { targets } from "./ops.js";
import { byOrder } from "./outbox.js";

const WINDOW = 32;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** How long ops are tried whose target the server does not know, all of one target together: another device may bring it. */
const UNKNOWN_TARGET_PATIENCE_MS = 600_000;
/** How long another tab is left alone with an op that it has made; it may be closed before it has sent it. */
const OTHER_TAB_PATIENCE_MS = 5000;

/** An op and the body under which it was sent: a correction sends another body under the same id. */
const sending = (op) => `${op.opId} ${op.kind}`;

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
        Object.assign(lane, {
          sent: new Set(), answered: new Set(), pausedUntilTimer: false, pauses: 0, epoch: 0, awaited: null,
          turn: lane.turn + 1,
        });
      }
      for (const room of outbox.rooms) this.pump(room);
    });
    connection.addEventListener("push", ({ detail: frame }) => this.#push(frame));
    // Another tab may have given up what this connection's gate waits for, or a new epoch lost what stands before it.
    outbox.addEventListener("change", () => { for (const [room, lane] of this.#rooms) this.#checkGate(lane, room); });
    outbox.addEventListener("heard", ({ detail: { room, op } }) => this.#standIn(room, op.opId));
  }

  /** Sends what another tab has made and is still there after a while: once more does no harm. */
  #standIn(room, opId) {
    const { heard } = this.#lane(room);
    if (heard.has(opId)) return;
    heard.add(opId);
    setTimeout(() => {
      heard.delete(opId);
      if (this.#outbox.get(opId)) this.pump(room);
    }, OTHER_TAB_PATIENCE_MS);
  }

  #lane(room) {
    if (!this.#rooms.has(room)) {
      this.#rooms.set(room, {
        sent: new Set(), pausedUntilTimer: false, pauses: 0, epoch: 0, timer: null,
        // What was applied as this connection was told; an earlier one's answer is asked for again.
        answered: new Set(),
        // Tells answers to what was sent before a pause or a reconnect from those that count.
        turn: 0,
        // The op that the server's gate waits for.
        awaited: null,
        // The last `durable`, which may come before an op's own answer.
        watermark: { epoch: 0, seq: 0 },
        // When the server first did not know a target, or the workout (null).
        unknownSince: new Map(),
        // What another tab has made, until it is looked at again.
        heard: new Set(),
      });
    }
    return this.#rooms.get(room);
  }

  /** Sends what is not under way yet. */
  pump(room) {
    const lane = this.#lane(room);
    if (this.#connection.state !== "open" || lane.pausedUntilTimer) return;
    const ops = this.#outbox.of(room);
    let underWay = ops.filter(({ op }) => lane.sent.has(sending(op)) && !lane.answered.has(sending(op))).length;
    for (const { op } of ops) {
      if (underWay >= WINDOW) return;
      if (lane.sent.has(sending(op))) continue;
      lane.sent.add(sending(op));
      underWay += 1;
      this.#send(room, lane, op);
    }
  }

  async #send(room, lane, op) {
    const turn = lane.turn;
    try {
      const answer = await this.#connection.request("op", { room, ...op });
      lane.pauses = 0;
      for (const target of [null, ...targets(op)]) lane.unknownSince.delete(target);
      if (lane.awaited === op.opId) lane.awaited = null;
      // A repeat is answered with the epoch of its first time, which says nothing of the room's.
      if (answer.durable === undefined) this.observe(room, answer.epoch);
      if (answer.durable) this.#outbox.done(op.opId);
      else if (answer.epoch < lane.epoch) lane.sent.delete(sending(op)); // An epoch that has ended: as if never given.
      else {
        lane.answered.add(sending(op));
        this.#applied(lane, op.opId, answer.epoch, answer.seq);
      }
      this.pump(room);
    } catch (error) {
      if (error instanceof Refusal) this.#refused(room, lane, op, error, turn);
      // Otherwise the connection is gone: everything goes out again after the next welcome.
    }
  }

  #applied(lane, opId, epoch, seq) {
    if (epoch === lane.watermark.epoch && seq <= lane.watermark.seq) this.#outbox.done(opId);
    else this.#outbox.applied(opId, epoch, seq);
  }

  #refused(room, lane, op, refusal, turn) {
    const isGate = refusal.temporary && refusal.code !== "outOfOrder";
    if (isGate) lane.awaited = op.opId;
    else if (!refusal.temporary && lane.awaited === op.opId) lane.awaited = null;
    // It may come again, behind a correction.
    if (!refusal.temporary) lane.sent.delete(sending(op));
    const record = this.#outbox.get(op.opId);
    if (!record) return this.#checkGate(lane, room);
    // The answer to a body that a correction has replaced tells of the gate alone.
    const isStale = sending(record.op) !== sending(op);
    if (!isStale && refusal.code === "dependsOnRefused" && this.#outbox.waitsForMaker(record)) {
      // Answered before what it builds on goes out again, corrected: behind that it goes again.
      return this.pump(room);
    }
    if (!isStale && refusal.code === "unknownTarget" && this.#outbox.buildsOnRefused(record)) {
      this.#outbox.refuse(op.opId, { code: "dependsOnRefused", message: "what the op builds on was refused" });
      return this.pump(room);
    }
    if (!isStale && (!refusal.temporary || this.#isPatienceOver(lane, op, refusal))) {
      this.#outbox.refuse(op.opId, refusal);
      return this.pump(room);
    }
    if (!refusal.temporary) return;
    if (isGate) {
      // The gate waits for it, also when an earlier sending of it was applied.
      if (this.#outbox.unapplied(op.opId)) lane.sent.delete(sending(op));
      lane.answered.delete(sending(op));
      this.#checkGate(lane, room);
      if (lane.awaited === null) return;
    }
    if (turn === lane.turn) this.#pause(room, lane, refusal.retryAfterMs);
    else this.pump(room);
  }

  #isPatienceOver(lane, op, refusal) {
    if (refusal.code !== "unknownTarget") return false;
    const missing = targets(op).length > 0 ? targets(op) : [null];
    for (const target of missing) if (!lane.unknownSince.has(target)) lane.unknownSince.set(target, Date.now());
    return missing.some((target) => Date.now() - lane.unknownSince.get(target) >= UNKNOWN_TARGET_PATIENCE_MS);
  }

  /**
   * The gate ends with the connection: another one is needed when it waits for an op that was given up, or before which others
   * have to go again, which it would refuse for ever or take too late.
   */
  #checkGate(lane, room) {
    if (lane.awaited === null || (this.#outbox.get(lane.awaited) && !this.#isBehindGate(lane, room))) return;
    lane.awaited = null;
    this.#connection.restart();
  }

  #isBehindGate({ awaited }, room) {
    const record = this.#outbox.get(awaited);
    return this.#outbox.of(room).some((other) => byOrder(other, record) < 0 && other.seq === null);
  }

  /** Waits, then sends from the refused op on: what came behind it was refused too. */
  #pause(room, lane, retryAfterMs) {
    lane.turn += 1;
    lane.pausedUntilTimer = true;
    const limit = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** lane.pauses);
    lane.pauses += 1;
    lane.timer = setTimeout(() => {
      lane.pausedUntilTimer = false;
      this.#sendAgain(room, lane);
    }, retryAfterMs ?? limit * (0.5 + Math.random() / 2));
  }

  /** Sends all that this connection was not told to be applied. */
  #sendAgain(room, lane) {
    lane.sent = new Set(lane.answered);
    this.pump(room);
  }

  /** Learns the room's epoch; under a new one, all that is not durable goes out again. */
  observe(room, epoch) {
    const lane = this.#lane(room);
    if (epoch <= lane.epoch) return;
    const isNew = lane.epoch > 0;
    lane.epoch = epoch;
    // A repeat may have been answered by an epoch that had ended before this connection heard of any.
    const isLost = this.#outbox.forgetBefore(room, epoch);
    if (!isNew && !isLost) return;
    lane.answered = new Set();
    lane.turn += 1;
    this.#sendAgain(room, lane);
  }

  #push(frame) {
    switch (frame.type) {
      case "event":
        // An event that arrives live is of the room's present epoch.
        this.observe(frame.room, frame.epoch);
        this.#applied(this.#lane(frame.room), frame.opId, frame.epoch, frame.seq);
        break;
      case "durable": {
        this.observe(frame.room, frame.epoch);
        const lane = this.#lane(frame.room);
        if (frame.epoch > lane.watermark.epoch || frame.seq > lane.watermark.seq) {
          lane.watermark = { epoch: frame.epoch, seq: frame.seq };
        }
        this.#outbox.durable(frame.room, frame.epoch, frame.seq);
        break;
      }
      case "reset":
        this.observe(frame.room, frame.snapshot.epoch);
        break;
      case "rejected":
        this.#outbox.refuse(frame.opId, { code: "rejected", message: frame.message });
        this.pump(frame.room);
        break;
    }
  }
}
