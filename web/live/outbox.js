// Ops that are not known to be durable, kept in localStorage before they are sent; order is that of their making.

import { buildsOn, corrected, correctionOf, leavesMissing, madeBy } from "./ops.js";
import { faultOf } from "./bounds.js";

const PREFIX = "fitai.op.";
const REFUSED = "fitai.refused.";

/** Events: `change` whenever an op comes, is answered, becomes durable or is refused. */
export class Outbox extends EventTarget {
  #user;
  #records = new Map();
  #refused = new Map();
  #lastOrder = 0;

  constructor(userId) {
    super();
    this.#user = userId;
    for (const key of Object.keys(localStorage)) this.#load(key, localStorage.getItem(key));
    // Other tabs of the same athlete share the box.
    addEventListener("storage", ({ key, newValue }) => {
      if (key && this.#load(key, newValue)) this.#changed();
    });
  }

  #load(key, text) {
    for (const [prefix, box] of [[PREFIX, this.#records], [REFUSED, this.#refused]]) {
      const start = `${prefix}${this.#user}.`;
      if (!key.startsWith(start)) continue;
      const opId = key.slice(start.length);
      if (text === null) box.delete(opId);
      else {
        const record = JSON.parse(text);
        box.set(opId, record);
        this.#lastOrder = Math.max(this.#lastOrder, record.order);
      }
      return true;
    }
    return false;
  }

  /**
   * Takes an op in; throws when the device has no room for it, and then it must not be shown as logged. One that corrects a
   * refused op is taken as that one, corrected.
   */
  add(room, op, local = {}) {
    const lost = this.#refusedUnder(room, op);
    const taken = lost ? { ...corrected(lost.op, op), opId: op.opId } : op;
    const record = {
      order: (this.#lastOrder += 1), room, op: taken, local: { ...lost?.local, ...local }, epoch: null, seq: null,
    };
    this.#put(record);
    if (lost) this.#forget(lost.op.opId);
    this.#changed();
    return record;
  }

  /** The refused op that this one corrects, unless it is on its way again already. */
  #refusedUnder(room, op) {
    const makers = new Set(this.of(room).map((record) => madeBy(record.op)));
    return this.refusedOf(room).reverse().find((lost) => (
      leavesMissing(lost.code, lost.op) && !makers.has(madeBy(lost.op)) && corrected(lost.op, op)));
  }

  get rooms() { return [...new Set([...this.#records.values()].map((record) => record.room))]; }

  /** The room's ops in order. */
  of(room) {
    return [...this.#records.values()].filter((record) => record.room === room).sort((a, b) => a.order - b.order);
  }

  get(opId) { return this.#records.get(opId); }

  /** The op was applied as this event. */
  applied(opId, epoch, seq) {
    const record = this.#records.get(opId);
    if (!record || (record.epoch === epoch && record.seq === seq)) return;
    Object.assign(record, { epoch, seq });
    this.#store(record);
    this.#changed();
  }

  /** What an older epoch answered and never called durable counts as never answered. */
  forgetBefore(room, epoch) {
    for (const record of this.of(room)) {
      if (record.epoch === null || record.epoch >= epoch) continue;
      Object.assign(record, { epoch: null, seq: null });
      this.#store(record);
    }
    this.#changed();
  }

  /** Everything that this epoch answered up to this seq is safe. */
  durable(room, epoch, seq) {
    for (const record of this.of(room)) {
      if (record.epoch === epoch && record.seq <= seq) this.#remove(record.op.opId);
    }
    this.#changed();
  }

  done(opId) {
    this.#remove(opId);
    this.#changed();
  }

  /**
   * The op will never be taken: sent as the athlete has corrected it, or kept apart, with what builds on it, until the athlete
   * has seen that.
   */
  refuse(opId, { code, message }) {
    const record = this.#records.get(opId);
    if (!record) return;
    const behind = this.of(record.room).filter(({ order }) => order > record.order);
    const correction = ["invalid", "badRequest"].includes(code)
      ? correctionOf(record.op, behind.map(({ op }) => op)) : null;
    if (correction && !faultOf(correction.op)) this.#replace(record, correction);
    else this.#lose(record, behind, code, message);
    this.#changed();
  }

  #replace(record, { op, merged }) {
    // In its place before the others go: whatever ends this page in between, nothing is missing.
    this.#put({ ...record, op, epoch: null, seq: null });
    for (const opId of [record.op.opId, ...merged]) this.#remove(opId);
  }

  #lose(record, behind, code, message) {
    this.#setApart(record, code, message);
    if (!leavesMissing(code, record.op)) return;
    const missing = new Set([madeBy(record.op)]);
    for (const other of behind) {
      const made = madeBy(other.op);
      if (!buildsOn(other.op, missing)) {
        missing.delete(made);
        continue;
      }
      this.#setApart(other, "dependsOnRefused", `It builds on what was not taken: ${message}`);
      if (made !== null) missing.add(made);
    }
  }

  #setApart(record, code, message) {
    const { opId } = record.op;
    const refused = { ...record, code, message };
    localStorage.setItem(`${REFUSED}${this.#user}.${opId}`, JSON.stringify(refused));
    this.#refused.set(opId, refused);
    this.#remove(opId);
  }

  /** The room's refused ops in order. */
  refusedOf(room) {
    return [...this.#refused.values()].filter((record) => record.room === room).sort((a, b) => a.order - b.order);
  }

  /** The athlete has seen the refusal. */
  dismiss(opId) {
    this.#forget(opId);
    this.#changed();
  }

  #forget(opId) {
    localStorage.removeItem(`${REFUSED}${this.#user}.${opId}`);
    this.#refused.delete(opId);
  }

  #put(record) {
    this.#store(record);
    this.#records.set(record.op.opId, record);
  }

  #store(record) { localStorage.setItem(`${PREFIX}${this.#user}.${record.op.opId}`, JSON.stringify(record)); }

  #remove(opId) {
    localStorage.removeItem(`${PREFIX}${this.#user}.${opId}`);
    this.#records.delete(opId);
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}
