// Who is signed in on this browser: known across reloads and to all of its tabs.

import { call } from "./api.js";
import { forgetKept } from "./kept.js";
import { Session, alone } from "./session.js";

const KEY = "fitai.user";

/** Events: `change` when a session began or ended on this page, or another may begin. */
export class SignIns extends EventTarget {
  /** The session of this page; null when nobody is signed in on it. */
  session = null;
  /** Why the page's last session ended: a reason of Session's, or null. */
  farewell = null;
  #lastUser = null;
  /** Tells one sign-in from the next of the same account. */
  #mark = null;

  constructor() {
    super();
    const kept = read();
    if (kept) this.#begin(kept);
    addEventListener("storage", ({ key }) => { if (key === KEY || key === null) this.#look(); });
    // A page that slept, or comes back from the history, may have missed it.
    addEventListener("pageshow", ({ persisted }) => { if (persisted) this.#look(); });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") this.#look(); });
  }

  async register(members) { return this.#enter("/auth/register", members); }

  /** Answers what the server says of the sign-in beside the session: `isKept` of an account that was to be erased. */
  async signIn(members) { return this.#enter("/auth/login", members); }

  /** Has a link mailed that sets a new password, if the address has an account; nobody is told whether it has. */
  async forgotPassword(members) { await call("POST", "/auth/forgot-password", { body: members }); }

  /** The second half of signing in; without a challenge it is in a cookie, after a sign-in elsewhere. */
  async signInWithCode(challenge, code) {
    return this.#enter("/auth/second-factor", { ...challenge && { challenge }, code });
  }

  /** Who is signed in on this browser but not on this page: its last session was another account's. */
  get other() { return this.session ? null : read()?.user ?? null; }

  /** Goes on as the one who is signed in on this browser. */
  goOn() {
    const kept = read();
    if (kept) this.#begin(kept);
  }

  async #enter(path, members) {
    return alone(async () => {
      const { user, tokens, isKept = false } = await call("POST", path, { body: { ...members, cookie: true } });
      const mark = crypto.randomUUID();
      localStorage.setItem(KEY, JSON.stringify({ ...user, mark }));
      this.#begin({ user, mark }, tokens);
      return { isKept };
    });
  }

  #begin({ user, mark }, tokens = null) {
    const session = new Session(user, tokens);
    this.#mark = mark;
    this.#lastUser = user.id;
    this.session = session;
    this.farewell = null;
    session.addEventListener("change", () => this.#renamed(session));
    session.addEventListener("over", ({ detail: reason }) => this.#ended(session, reason), { once: true });
    this.#changed();
  }

  #renamed(session) {
    if (read()?.mark === this.#mark) localStorage.setItem(KEY, JSON.stringify({ ...session.user, mark: this.#mark }));
  }

  #ended(session, reason) {
    this.session = null;
    this.farewell = reason;
    // What another tab has begun since then is not ours to end.
    if (read()?.mark === this.#mark) localStorage.removeItem(KEY);
    // The page closes first, since closing keeps what it knows.
    this.#changed();
    forgetKept({ except: read()?.user.id });
    const isSame = read()?.user.id === session.user.id;
    if (isSame) this.goOn();
  }

  /** Compares this page with what the browser's other tabs did. */
  #look() {
    const kept = read();
    if (!this.session) {
      if (kept && (this.#lastUser === null || this.#lastUser === kept.user.id)) this.#begin(kept);
      else this.#changed();
    } else if (kept?.mark !== this.#mark) {
      this.session.end(kept && kept.user.id !== this.session.user.id ? "otherAccount" : "ended");
    }
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}

/** What the browser knows of who is signed in: {user, mark}. */
function read() {
  try {
    const { mark = null, ...user } = JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {};
    return user.id ? { user, mark } : null;
  } catch {
    // What cannot be read is no sign-in.
    return null;
  }
}
