// Ops that are not known to be durable, kept in localStorage before they are sent; order is that of their making.

import { buildsOn, corrected, correctionOf, followingOf, leavesMissing, madeBy, missingBy } from "./ops.js";
import { faultOf } from "./bounds.js";
import { readRecord, WireFault } from "./wire.js";

const PREFIX = "fitai.op.";
const REFUSED = "fitai.refused.";

/** Compares records by the order of their making; two tabs may have given the same place, and ids tell which was first. */
export const byOrder = (a, b) => a.order - b.order || (a.op.opId < b.op.opId ? -1 : Number(a.op.opId > b.op.opId));

/**
 * Events: `change` whenever an op comes, is answered, becomes durable or is refused; `heard` with the record when another tab
 * has made an op or learnt of it.
 */
export class Outbox extends EventTarget {
  #user;
  #records = new Map();
  #refused = new Map();
  /** What another tab has delivered: shown until this tab's room tells what became of it. */
  #passed = new Map();
  #lastOrder = 0;

  constructor(userId) {
    super();
    this.#user = userId;
    for (const key of Object.keys(localStorage)) this.#load(key, localStorage.getItem(key));
    // A page may have ended in the middle.
    for (const record of [...this.#records.values()]) if (record.corrects) this.#tryToFinish(record);
    // Other tabs of the same athlete share the box.
    addEventListener("storage", ({ key }) => {
      // As it is stored now: the event may be of this tab's page before a reload, and tell of what is long over.
      if (!key || !this.#load(key, localStorage.getItem(key))) return;
      this.#changed();
      const record = this.#records.get(key.slice(key.lastIndexOf(".") + 1));
      if (record) this.dispatchEvent(new CustomEvent("heard", { detail: record }));
    });
  }

  #load(key, text) {
    for (const [prefix, box] of [[PREFIX, this.#records], [REFUSED, this.#refused]]) {
      const start = `${prefix}${this.#user}.`;
      if (!key.startsWith(start)) continue;
      const opId = key.slice(start.length);
      this.#passed.delete(opId);
      if (text !== null) this.#take(box, opId, text);
      else if (box === this.#records) this.#pass(opId);
      else box.delete(opId);
      return true;
    }
    return false;
  }

  #pass(opId) {
    const record = this.#records.get(opId);
    this.#records.delete(opId);
    // This tab may have heard before that it is durable.
    if (record && !this.#refused.has(opId)) this.#passed.set(opId, record);
  }

  /** What nobody can read stays where it is, and keeps nothing else from being sent. */
  #take(box, opId, text) {
    try {
      const record = readRecord(text, opId);
      box.set(opId, record);
      this.#lastOrder = Math.max(this.#lastOrder, record.order);
    } catch (fault) {
      if (!(fault instanceof WireFault)) throw fault;
      console.error(`${opId} in the outbox is unreadable`);
    }
  }

  /**
   * Takes an op in; throws when the device has no room for it, and then it must not be shown as logged. One that corrects a
   * refused op is taken as that one, corrected, and one that makes the same takes its place; what was refused because of that
   * goes out again behind it.
   */
  add(room, op, local = {}) {
    const lost = this.#refusedUnder(room, op);
    const record = {
      order: (this.#lastOrder += 1), room, op, local: { ...lost?.local, ...local }, epoch: null, seq: null,
      ...lost && this.#correction(room, lost, op),
    };
    this.#put(record);
    if (lost) this.#tryToFinish(record);
    this.#changed();
    return this.get(op.opId);
  }

  /** The refused op that this one corrects or makes again, unless it is on its way again already. */
  #refusedUnder(room, op) {
    const makers = new Set(this.of(room).map((record) => madeBy(record.op)));
    return this.refusedOf(room).reverse().find((lost) => (
      leavesMissing(lost.code, lost.op) && !makers.has(madeBy(lost.op))
      && (madeBy(op) === madeBy(lost.op) || corrected(lost.op, op))));
  }

  /** The op that goes out instead of the lost one, what is in it, and what goes out behind it. */
  #correction(room, lost, op) {
    const refused = this.refusedOf(room);
    const dependents = refused.filter(({ code }) => code === "dependsOnRefused").map((record) => record.op);
    const isRemade = madeBy(op) === madeBy(lost.op);
    const gone = [lost.op.opId];
    let mended = lost.op;
    // In the order of their times: the latest holds.
    for (const other of isRemade ? [] : [...dependents, op].sort((a, b) => a.at - b.at)) {
      const next = corrected(mended, other);
      if (!next) continue;
      mended = next;
      if (other !== op) gone.push(other.opId);
    }
    const others = refused.filter((record) => !gone.includes(record.op.opId));
    const following = followingOf(madeBy(lost.op), others, this.of(room)).map((record) => record.op.opId);
    return { op: isRemade ? op : { ...mended, opId: op.opId }, corrects: gone, following };
  }

  #tryToFinish(record) {
    try {
      this.#finishCorrection(record);
    } catch {
      // The device is full. The correction is stored: the next page does the rest.
    }
  }

  /**
   * Puts what goes out again behind a correction, and shows as refused no more what is in it. The correction is stored with
   * all that is to be done, so that a page that ends in between leaves it to the next.
   */
  #finishCorrection(record) {
    const { corrects, following, ...stored } = record;
    this.#lastOrder = Math.max(this.#lastOrder, record.order + following.length);
    for (const [index, opId] of following.entries()) {
      const refused = this.#refused.get(opId);
      const { code, message, ...other } = this.#records.get(opId) ?? refused ?? {};
      if (!other.op) continue;
      this.#put({ ...other, order: record.order + 1 + index, epoch: null, seq: null });
      if (refused) this.#forget(opId);
    }
    for (const opId of corrects) this.#forget(opId);
    this.#put(stored);
  }

  /**
   * Whether the op builds on what a refused one was to make and nothing that waits makes: no other device will bring that.
   */
  buildsOnRefused({ room, op }) { return buildsOn(op, missingBy(this.refusedOf(room), this.of(room))); }

  /** Whether what the op builds on is yet to be made by one before it. */
  waitsForMaker(record) {
    return this.of(record.room).some((other) => (
      byOrder(other, record) < 0 && other.seq === null && madeBy(other.op) !== null
      && buildsOn(record.op, new Set([madeBy(other.op)]))));
  }

  get rooms() { return [...new Set([...this.#records.values()].map((record) => record.room))]; }

  /** The room's ops in order. */
  of(room) {
    return [...this.#records.values()].filter((record) => record.room === room).sort(byOrder);
  }

  get(opId) { return this.#records.get(opId); }

  /** The room's ops that another tab has delivered, in order, until `settle`. */
  passedOf(room) {
    return [...this.#passed.values()].filter((record) => record.room === room).sort(byOrder);
  }

  /** The room as this tab has it holds what other tabs have delivered, or this one op. */
  settle(room, opId) {
    const settled = opId === undefined ? this.passedOf(room).map(({ op }) => op.opId) : [opId];
    for (const id of settled) this.#passed.delete(id);
  }

  /** The op was applied as this event. */
  applied(opId, epoch, seq) {
    const record = this.#records.get(opId);
    if (!record || (record.epoch === epoch && record.seq === seq)) return;
    Object.assign(record, { epoch, seq });
    this.#note(record);
    this.#changed();
  }

  /** The op has to go again although it was applied; whether that is news. */
  unapplied(opId) {
    const record = this.#records.get(opId);
    if (record.seq === null) return false;
    Object.assign(record, { epoch: null, seq: null });
    this.#note(record);
    this.#changed();
    return true;
  }

  /** What an older epoch answered and never called durable counts as never answered; whether there was any. */
  forgetBefore(room, epoch) {
    const lost = this.of(room).filter((record) => record.epoch !== null && record.epoch < epoch);
    for (const record of lost) {
      Object.assign(record, { epoch: null, seq: null });
      this.#note(record);
    }
    this.#changed();
    return lost.length > 0;
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
    const behind = this.of(record.room).filter((other) => byOrder(other, record) > 0);
    const correction = ["invalid", "badRequest"].includes(code)
      ? correctionOf(record.op, behind.map(({ op }) => op)) : null;
    const isReplaced = correction && !faultOf(correction.op) && this.#replace(record, correction);
    if (!isReplaced) this.#lose(record, behind, code, message);
    this.#changed();
  }

  /** Whether the device had room for the correction. */
  #replace(record, { op, merged }) {
    try {
      // In its place before the others go: whatever ends this page in between, nothing is missing.
      this.#put({ ...record, op, epoch: null, seq: null });
    } catch {
      return false;
    }
    for (const opId of [record.op.opId, ...merged]) this.#remove(opId);
    return true;
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
    this.#refused.set(opId, refused);
    this.#records.delete(opId);
    try {
      localStorage.setItem(`${REFUSED}${this.#user}.${opId}`, JSON.stringify(refused));
    } catch {
      // The device is full: it stays stored as one that waits. The next page sends it and hears the same.
      return;
    }
    this.#remove(opId);
  }

  /** The room's refused ops in order. */
  refusedOf(room) {
    return [...this.#refused.values()].filter((record) => record.room === room).sort(byOrder);
  }

  /** The athlete has seen the refusal. */
  dismiss(opId) {
    this.#forget(opId);
    this.#changed();
  }

  #forget(opId) {
    localStorage.removeItem(`${REFUSED}${this.#user}.${opId}`);
    this.#refused.delete(opId);
    // On a full device it was kept as one that waits.
    if (!this.#records.has(opId)) this.#remove(opId);
  }

  #put(record) {
    this.#store(record);
    this.#records.set(record.op.opId, record);
  }

  #store(record) { localStorage.setItem(`${PREFIX}${this.#user}.${record.op.opId}`, JSON.stringify(record)); }

  /** Keeps what the server said of an op. Where the device is full, the next page asks again. */
  #note(record) {
    try {
      this.#store(record);
    } catch {
      // The op itself is stored.
    }
  }

  #remove(opId) {
    localStorage.removeItem(`${PREFIX}${this.#user}.${opId}`);
    this.#records.delete(opId);
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}
