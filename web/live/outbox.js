// Ops that are not known to be durable, kept in localStorage before they are sent; order is that of their making.

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

  /** Takes an op in; throws when the device has no room for it, and then it must not be shown as logged. */
  add(room, op, local = {}) {
    const record = { order: (this.#lastOrder += 1), room, op, local, epoch: null, seq: null };
    localStorage.setItem(`${PREFIX}${this.#user}.${op.opId}`, JSON.stringify(record));
    this.#records.set(op.opId, record);
    this.#changed();
    return record;
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

  /** The op will never be taken: kept apart until the athlete has seen it. */
  refuse(opId, { code, message }) {
    const record = this.#records.get(opId);
    if (!record) return;
    const refused = { ...record, code, message };
    localStorage.setItem(`${REFUSED}${this.#user}.${opId}`, JSON.stringify(refused));
    this.#refused.set(opId, refused);
    this.#remove(opId);
    this.#changed();
  }

  refusedOf(room) { return [...this.#refused.values()].filter((record) => record.room === room); }

  /** The athlete has seen the refusal. */
  dismiss(opId) {
    localStorage.removeItem(`${REFUSED}${this.#user}.${opId}`);
    this.#refused.delete(opId);
    this.#changed();
  }

  #store(record) { localStorage.setItem(`${PREFIX}${this.#user}.${record.op.opId}`, JSON.stringify(record)); }

  #remove(opId) {
    localStorage.removeItem(`${PREFIX}${this.#user}.${opId}`);
    this.#records.delete(opId);
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}
