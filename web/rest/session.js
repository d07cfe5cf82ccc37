// One sign-in of one account. The access token lives in memory only; the refresh token in an HttpOnly cookie, which all
// tabs of the browser share: so every token is held against the account before it is used.

import { ApiError, call } from "./api.js";

const MARGIN_MS = 30_000;

/** Runs what changes or uses the shared cookie, one tab at a time. */
export const alone = (body) => (navigator.locks ? navigator.locks.request("fitai.refresh", body) : body());

/** What a session that is over answers to everything. */
const over = () => new ApiError(401, { code: "sessionOver", detail: "Please sign in." });

/** Whose token it is: the subject of a JWT, null for anything else. */
export function subject(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(payload)).sub ?? null;
  } catch {
    // What cannot be read is nobody's.
    return null;
  }
}

/**
 * Events: `change` when the account was read anew, `over` when the session has ended, with a reason as detail:
 * `signedOut` here, `ended` by the server or in another tab, `otherAccount` when somebody else signed in.
 */
export class Session extends EventTarget {
  /** The account: id, username, displayName, email, isVerified. */
  user;
  isOver = false;
  #access = null;
  /** While its own sign-out is under way, which the socket or a renewal may hear of before it has its answer. */
  #isLeaving = false;
  #renewal = null;

  /** Without tokens the first request gets some by the cookie. */
  constructor(user, tokens = null) {
    super();
    this.user = user;
    if (tokens) this.#keep(tokens);
  }

  async signOut() {
    this.#isLeaving = true;
    try {
      await this.request("POST", "/auth/logout", { everywhere: false });
    } catch (error) {
      if (!(error instanceof ApiError) || error.isOutOfReach) throw error;
      // The session was over already.
    } finally {
      this.#isLeaving = false;
    }
    this.end("signedOut");
  }

  /** Nothing is asked or answered in this account's name from now on. */
  end(reason) {
    if (this.isOver) return;
    this.isOver = true;
    this.#access = null;
    this.dispatchEvent(new CustomEvent("over", { detail: reason === "ended" && this.#isLeaving ? "signedOut" : reason }));
  }

  /** An authorised request; renews the token when it has run out. */
  async request(method, path, body, headers) {
    const access = await this.token();
    if (!access) throw over();
    try {
      return this.#mine(await call(method, path, { body, token: access.token, headers }));
    } catch (error) {
      if (error.status !== 401 || this.isOver) throw error;
      const renewed = await this.token({ replacing: access.token });
      if (!renewed) throw over();
      return this.#mine(await call(method, path, { body, token: renewed.token, headers }));
    }
  }

  get = (path) => this.request("GET", path);

  /** An answer that comes after the end is for nobody. */
  #mine(answer) {
    if (this.isOver) throw over();
    return answer;
  }

  /** A token of this account that still works, or null when the session is over; throws when the server is out of reach. */
  async token({ fresh = false, replacing = null } = {}) {
    if (this.isOver) return null;
    const isUsable = this.#access && this.#access.expiresAt - Date.now() > MARGIN_MS;
    if (isUsable && !fresh && this.#access.token !== replacing) return this.#access;
    this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #renew() {
    try {
      const tokens = await alone(() => (this.isOver ? null : call("POST", "/auth/refresh", { body: {} })));
      if (this.isOver) return null;
      // The cookie may have become somebody else's: in another tab, in the explorer, at a provider.
      if (subject(tokens.accessToken) === this.user.id) return this.#keep(tokens);
      this.end("otherAccount");
    } catch (error) {
      if (error.status !== 401) throw error;
      this.end("ended");
    }
    return null;
  }

  /** Reads the account anew (verified meanwhile, renamed). */
  async reload() {
    const { id, username, displayName, email, isVerified } = await this.get("/users/profile");
    this.take({ id, username, displayName, email, isVerified });
  }

  /** Takes what is newly known of the account. */
  take(user) {
    this.user = user;
    this.dispatchEvent(new Event("change"));
  }

  #keep(tokens) {
    this.#access = { token: tokens.accessToken, expiresAt: Date.parse(tokens.expiresAt) };
    return this.#access;
  }
}
