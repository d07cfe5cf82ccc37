// One workout's room as this page sees it: state, presence, cheers and heart rate, kept up over reconnects.

import { apply, emptyState, stateFromSnapshot, summary } from "./fold.js";
import { stateHash } from "./state-hash.js";
import { ConnectionLost } from "./connection.js";

const LONGEST_HISTORY = 2000;

/**
 * Events: `change` after every change; `folded` with a live event as detail; `reset` when the state was replaced;
 * `joined` when all that there was until now is in the state; `cheer` with the frame; `missing` when the room cannot be had.
 */
export class Room extends EventTarget {
  state = emptyState();
  athlete = null;
  /** Of the last event folded in; null before the first answer. */
  position = null;
  epoch = 0;
  durable = 0;
  watching = 0;
  watchers = new Map();
  heart = null;
  /** joining, live or gone. */
  status = "joining";
  /** Whether the last answer was that there is no such room; an own one may still come with its first op. */
  isMissing = false;
  /** Records by kind and exercise, as far as events were seen. */
  records = new Map();
  /** The events seen, oldest first; all of them where the history was asked for. */
  history = [];
  #connection;
  #name;
  #joining = null;
  #isOwn;
  #wantsHistory;
  #hasLeft = false;

  /** `wantsHistory` reads the events too that led to the first snapshot, unless they are very many. */
  constructor(connection, workoutId, { isOwn = false, wantsHistory = false } = {}) {
    super();
    this.#wantsHistory = wantsHistory;
    this.#connection = connection;
    this.#name = `workout:${workoutId}`;
    this.#isOwn = isOwn;
    connection.addEventListener("open", this.#opened);
    connection.addEventListener("push", this.#pushed);
    connection.addEventListener("state", this.#stateChanged);
    // In a later turn, so that a state that was kept can be restored before.
    queueMicrotask(() => { if (connection.state === "open") this.joinSoon(); });
  }

  get name() { return this.#name; }

  /** Takes what was known before; the next subscribe brings what was missed since. */
  restore({ state, position, epoch, athlete, records }) {
    Object.assign(this, { state, position, epoch, athlete, records: new Map(records) });
  }

  /** Whether the page is up to date as far as the connection can tell. */
  get isLive() { return this.status === "live" && this.#connection.state === "open"; }

  leave() {
    this.#hasLeft = true;
    this.#connection.removeEventListener("open", this.#opened);
    this.#connection.removeEventListener("push", this.#pushed);
    this.#connection.removeEventListener("state", this.#stateChanged);
    // The answer tells nothing that is still of interest.
    this.#connection.request("unsubscribe", { room: this.#name }).catch(() => {});
  }

  #opened = () => this.join();

  #stateChanged = () => {
    if (this.#connection.state === "open") return;
    this.#joining = null;
    this.#changed();
  };

  /** Subscribes from where this page stands; `afresh` asks for a whole snapshot, `again` for every event. */
  async join({ afresh = false, again = false } = {}) {
    if (this.#hasLeft) return;
    const attempt = (this.#joining = {});
    this.isMissing = false;
    const since = afresh ? null : again ? { epoch: 0, seq: 0 } : this.position;
    const events = [];
    const onPage = (page) => events.push(...page.events);
    const members = { room: this.#name, ...since && { since }, ...again && { mode: "events" } };
    try {
      const answer = await this.#connection.request("subscribe", members, onPage);
      if (this.#joining !== attempt || this.#hasLeft) return;
      this.#joining = null;
      if (again) this.#begin();
      this.#joined(answer, events, { again });
    } catch (error) {
      if (this.#joining !== attempt || this.#hasLeft || error instanceof ConnectionLost) return;
      this.#joining = null;
      if (error.temporary) return this.#retry(error.retryAfterMs ?? 1000);
      // The athlete's own room is there as soon as its first op is.
      this.#lost();
    }
  }

  /** Subscribes unless that is under way. */
  joinSoon() { if (!this.#joining) this.join(); }

  #retry(delay) { setTimeout(() => { if (this.#connection.state === "open" && !this.#joining) this.join(); }, delay); }

  #begin() {
    Object.assign(this, { state: emptyState(), position: null, records: new Map(), history: [] });
  }

  #joined(answer, events, { again }) {
    this.epoch = answer.epoch;
    if (answer.snapshot) this.#take(answer.snapshot);
    else this.#fold([...events, ...answer.events ?? []], { isLive: false });
    this.durable = answer.durable;
    this.status = "live";
    this.watchers = new Map();
    this.#meet(answer.members);
    this.dispatchEvent(new Event("joined"));
    this.#changed();
    // A history may begin from a stored state; then the snapshot is the answer to `again` as well.
    if (answer.snapshot && !again && this.#wantsHistory && answer.seq <= LONGEST_HISTORY) this.join({ again: true });
  }

  #take(snapshot) {
    this.#begin();
    this.state = stateFromSnapshot(snapshot.state);
    this.athlete = snapshot.athlete;
    this.position = { epoch: snapshot.epoch, seq: snapshot.seq };
    this.epoch = Math.max(this.epoch, snapshot.epoch);
    this.durable = snapshot.durable;
    const own = stateHash(this.state);
    if (own !== snapshot.stateHash) console.error(`state ${own} is not the server's ${snapshot.stateHash}`);
    this.dispatchEvent(new Event("reset"));
  }

  /** Folds events in; false when one is missing before the first, or when the history is another. */
  #fold(events, { isLive }) {
    for (const event of events) {
      const seq = this.position?.seq ?? 0;
      if (event.seq <= seq) {
        // Seen already, unless a later epoch has given the seq again: then this history is not the room's.
        if (event.epoch > this.position.epoch) return false;
        continue;
      }
      if (event.seq > seq + 1) return false;
      apply(this.state, event);
      this.position = { epoch: event.epoch, seq: event.seq };
      this.history.push(event);
      this.#note(event);
      if (isLive) this.dispatchEvent(new CustomEvent("folded", { detail: event }));
    }
    return true;
  }

  #note(event) {
    for (const record of event.recordsTakenBack ?? []) this.records.delete(`${record.kind} ${record.exerciseId}`);
    for (const record of event.records ?? []) this.records.set(`${record.kind} ${record.exerciseId}`, record);
  }

  #pushed = ({ detail: frame }) => {
    if (frame.room !== this.#name) return;
    // What comes while a subscribe is under way is in its answer, or comes after it.
    if (this.#joining && frame.type !== "ended") return;
    this.#push[frame.type]?.(frame);
    this.#changed();
  };

  #push = {
    __proto__: null,
    event: (event) => {
      this.epoch = Math.max(this.epoch, event.epoch);
      if (!this.#fold([event], { isLive: true })) return this.join();
      if (event.summary && Math.round(event.summary.tonnageKg * 1000) !== summary(this.state).tonnage) {
        console.error(`the fold diverged at ${event.seq}`);
        this.join({ afresh: true });
      }
    },
    durable: ({ epoch, seq }) => { if (epoch === this.epoch) this.durable = Math.max(this.durable, seq); },
    reset: ({ snapshot }) => {
      this.#take(snapshot);
      if (this.#wantsHistory && snapshot.seq <= LONGEST_HISTORY) this.join({ again: true });
    },
    ended: () => this.#lost(),
    presence: (frame) => this.#meet(frame),
    cheer: (frame) => this.dispatchEvent(new CustomEvent("cheer", { detail: frame })),
    heart: ({ bpm, at }) => { this.heart = { bpm, at }; },
  };

  #meet({ watching, joined = [], left = [] }) {
    this.watching = watching;
    for (const member of joined) this.watchers.set(member.userId, member.name);
    for (const id of left) this.watchers.delete(id);
  }

  #lost() {
    this.isMissing = true;
    if (!this.#isOwn || this.position) this.status = "gone";
    this.dispatchEvent(new Event("missing"));
    this.#changed();
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}
