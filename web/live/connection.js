// One socket to /v1/live that comes back by itself: hello, token, clock, requests with answers, pushes.
// The protocol is described in spec/asyncapi.yaml.

import { Clock } from "./clock.js";
import { boundedWait, isAnswer, readFrame, WireFault } from "./wire.js";

const PROBE_MS = 20_000;
const ANSWER_MS = 10_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const TOKEN_MARGIN_MS = 60_000;
/** The `readyState` of a socket between the other side's close and its own `onclose`. */
const CLOSING = 2;

/** The server said no: `code`, a sentence for developers, whether trying again may help. */
export class Refusal extends Error {
  constructor({ code, message, temporary, retryAfterMs }) {
    super(message);
    const wait = retryAfterMs === undefined ? undefined : boundedWait(retryAfterMs);
    Object.assign(this, { name: "Refusal", code, temporary: temporary === true, retryAfterMs: wait });
  }
}

/** The connection ended before the answer came; whether the request was done is not known. */
export class ConnectionLost extends Error {}

/** Whether a client connects again by itself after this close code. */
export const comesBack = (code) => !(code >= 4500 && code <= 4999);

/**
 * Events: `state` (offline, connecting, open, waiting, stopped), `open` after each welcome,
 * `push` with a frame as detail, `signedOut` when the session is over.
 */
export class Connection extends EventTarget {
  clock = new Clock();
  state = "offline";
  /** When the next attempt comes, while waiting. */
  retryAt = 0;
  /** Why it stopped for good: a close code. */
  stoppedBy = null;
  #session;
  #url;
  #socket = null;
  #requests = new Map();
  #lastId = 0;
  #attempt = 0;
  /** Tells one attempt to connect from the next, which may begin while the last still waits for its token. */
  #trial = 0;
  #hint = 0;
  #timers = new Map();
  #refusedToken = null;

  /** `session.token()` answers {token, expiresAt}, or null when there is no session; it throws when out of reach. */
  constructor({ url, session }) {
    super();
    this.#url = url;
    this.#session = session;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (this.state === "open") this.#probe();
      else this.hurry();
    });
  }

  start() {
    if (this.state === "offline" || this.state === "stopped") this.#connect();
  }

  stop() {
    this.#clearTimers();
    this.#become("offline");
    this.#detach()?.close(1000);
  }

  /** Tries at once instead of waiting. */
  hurry() {
    if (this.state !== "waiting") return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Gives this connection up for another one. */
  restart() { this.#drop(); }

  /** Sends a request and waits for its answer. */
  request(type, members = {}, onPage = null) {
    if (this.state !== "open" && type !== "hello") return Promise.reject(new ConnectionLost());
    const id = (this.#lastId += 1);
    const answer = new Promise((resolve, reject) => this.#requests.set(id, { type, resolve, reject, onPage }));
    this.#send({ type, id, ...members });
    return answer;
  }

  /** Sends a frame that nobody answers; dropped without a connection. */
  notify(type, members) {
    if (this.state === "open") this.#send({ type, ...members });
  }

  /** A socket that is closing takes nothing more; what waits for an answer is told when it has closed. */
  #send(frame) {
    if (this.#socket.readyState !== CLOSING) this.#socket.send(JSON.stringify(frame));
  }

  async #connect() {
    this.#clearTimers();
    this.#become("connecting");
    const trial = (this.#trial += 1);
    const isOver = () => this.#trial !== trial || this.state !== "connecting";
    let access;
    try {
      access = await this.#session.token({ replacing: this.#refusedToken });
    } catch {
      // Out of reach, as the socket would be; the banner tells.
      if (!isOver()) this.#wait();
      return;
    }
    if (isOver()) return;
    if (!access) return this.#end(4501);
    const socket = new WebSocket(this.#url, "fitai.v1.json");
    this.#socket = socket;
    socket.onopen = () => { if (this.#socket === socket) this.#hello(socket, access); };
    socket.onmessage = ({ data }) => { if (this.#socket === socket) this.#hear(data); };
    socket.onclose = ({ code }) => { if (this.#socket === socket) this.#closed(code, access); };
    this.#after("answer", ANSWER_MS, () => this.#drop());
  }

  async #hello(socket, access) {
    try {
      const client = { name: "pages", version: "1" };
      const welcome = await this.request("hello", { token: access.token, client });
      if (this.#socket !== socket) return;
      this.#clearTimers();
      this.#attempt = 0;
      this.#refusedToken = null;
      this.#become("open");
      this.#renewTokenBefore(access.expiresAt);
      this.#probe();
      this.dispatchEvent(new CustomEvent("open", { detail: welcome }));
    } catch (error) {
      // The close that follows a refused hello decides; a lost connection is dealt with there too.
      if (this.#socket !== socket || !error.temporary) return;
      this.#hint = error.retryAfterMs ?? 0;
      this.#drop();
    }
  }

  /** An unreadable frame means that one of the two is broken: another connection may be better, but not at once. */
  #hear(message) {
    try {
      const frame = readFrame(message);
      if (frame) this.#receive(frame);
    } catch (fault) {
      if (!(fault instanceof WireFault)) throw fault;
      console.error(`unreadable: ${fault.message}`);
      this.#hint = LONGEST_DELAY_MS;
      this.#drop();
    }
  }

  #receive(frame) {
    if (frame.type === "goodbye") {
      this.#hint = boundedWait(frame.retryAfterMs);
      return;
    }
    const request = this.#requests.get(frame.id);
    if (frame.type === "page") return request?.onPage?.(frame);
    if (frame.id !== undefined && request) {
      if (frame.type !== "error" && !isAnswer(request.type, frame)) throw new WireFault(`no answer to ${request.type}`);
      this.#requests.delete(frame.id);
      if (frame.type === "error") request.reject(new Refusal(frame));
      else request.resolve(frame);
      return;
    }
    this.dispatchEvent(new CustomEvent("push", { detail: frame }));
  }

  /** Measures the clock, which also tells whether anybody is still there. */
  async #probe() {
    this.#after("answer", ANSWER_MS, () => this.#drop());
    try {
      const answer = await this.request("time", { t0: Date.now() });
      this.clock.add(answer, Date.now());
      this.#cancel("answer");
      this.#after("probe", PROBE_MS, () => this.#probe());
    } catch (error) {
      if (error instanceof Refusal) this.#after("probe", PROBE_MS, () => this.#probe());
    }
  }

  #renewTokenBefore(expiresAt) {
    const delay = Math.max(5_000, expiresAt - this.clock.now() - TOKEN_MARGIN_MS);
    this.#after("token", delay, async () => {
      const socket = this.#socket;
      // Another connection has a token of its own.
      const isOver = () => this.#socket !== socket || this.state !== "open";
      try {
        const access = await this.#session.token({ fresh: true });
        if (isOver()) return;
        if (!access) return this.#end(4501);
        await this.request("token", { token: access.token });
        this.#renewTokenBefore(access.expiresAt);
      } catch (error) {
        if (isOver()) return;
        // The page has signed in anew meanwhile: this connection belongs to the old session.
        if (error instanceof Refusal && error.code === "unauthorized") return this.#drop();
        // Out of reach or refused: the server's grace is 30 s, then it closes and a new connection gets a new token.
        this.#renewTokenBefore(0);
      }
    });
  }

  #closed(code, access) {
    this.#detach();
    const isRefused = code === 4500 || (code === 4501 && this.state === "connecting");
    if (isRefused && this.#refusedToken === null) {
      // The token had run out, or its session had ended and the page has another by now; a new one is worth exactly one
      // more try.
      this.#refusedToken = access.token;
      return this.#wait(0);
    }
    if (code === 4500 || code === 4501) return this.#end(4501);
    if (!comesBack(code)) return this.#end(code);
    this.#wait();
  }

  #end(code) {
    this.#clearTimers();
    this.#detach()?.close(1000);
    this.stoppedBy = code;
    this.#become("stopped");
    if (code === 4501) this.dispatchEvent(new Event("signedOut"));
  }

  /** Gives the connection up and comes back. */
  #drop() {
    if (this.state !== "open" && this.state !== "connecting") return;
    this.#detach()?.close(1000);
    this.#wait();
  }

  /** Full jitter over the server's hint, else over a limit that doubles. */
  #wait(delay = null) {
    this.#clearTimers();
    const limit = this.#hint || Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#hint = 0;
    const chosen = delay ?? Math.random() * limit;
    this.retryAt = Date.now() + chosen;
    this.#become("waiting");
    this.#after("retry", chosen, () => this.#connect());
  }

  #detach() {
    const socket = this.#socket;
    this.#socket = null;
    const waiting = [...this.#requests.values()];
    this.#requests.clear();
    for (const { reject } of waiting) reject(new ConnectionLost());
    return socket;
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #after(name, delay, body) {
    this.#cancel(name);
    this.#timers.set(name, setTimeout(body, delay));
  }

  #cancel(name) { clearTimeout(this.#timers.get(name)); }

  #clearTimers() { for (const name of this.#timers.keys()) this.#cancel(name); }
}
