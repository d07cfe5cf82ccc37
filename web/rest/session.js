// Who is signed in. The access token lives in memory only; the refresh token in an HttpOnly cookie.

import { ApiError, call } from "./api.js";

const KEY = "fitai.user";
const MARGIN_MS = 30_000;

/** Events: `change` when somebody signed in or out, or the account changed. */
export class Session extends EventTarget {
  /** The account, known across reloads; its tokens are not. */
  user = JSON.parse(localStorage.getItem(KEY) ?? "null");
  #access = null;
  #renewal = null;

  get isSignedIn() { return this.user !== null; }

  async register(members) {
    this.#take(await call("POST", "/auth/register", { body: { ...members, cookie: true } }));
  }

  async signIn(members) {
    this.#take(await call("POST", "/auth/login", { body: { ...members, cookie: true } }));
  }

  async signOut() {
    try {
      await this.request("POST", "/auth/logout", { everywhere: false });
    } catch (error) {
      if (!(error instanceof ApiError) || error.isOutOfReach) throw error;
      // The session was over already.
    }
    this.forget();
  }

  /** Drops what is known of the account on this page. */
  forget() {
    this.#access = null;
    this.user = null;
    localStorage.removeItem(KEY);
    this.dispatchEvent(new Event("change"));
  }

  /** An authorised request; renews the token when it has run out. */
  async request(method, path, body, headers) {
    const access = await this.token();
    if (!access) throw new ApiError(401, { detail: "Please sign in." });
    try {
      return await call(method, path, { body, token: access.token, headers });
    } catch (error) {
      if (error.status !== 401) throw error;
      const renewed = await this.token({ replacing: access.token });
      if (!renewed) throw error;
      return call(method, path, { body, token: renewed.token, headers });
    }
  }

  get = (path) => this.request("GET", path);

  /** A token that still works, or null when the session is over; throws when the server is out of reach. */
  async token({ fresh = false, replacing = null } = {}) {
    if (!this.isSignedIn) return null;
    const isUsable = this.#access && this.#access.expiresAt - Date.now() > MARGIN_MS;
    if (isUsable && !fresh && this.#access.token !== replacing) return this.#access;
    this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #renew() {
    // Tabs share the cookie: one renews at a time.
    const renew = () => call("POST", "/auth/refresh", { body: {} });
    try {
      this.#keep(await (navigator.locks ? navigator.locks.request("fitai.refresh", renew) : renew()));
      return this.#access;
    } catch (error) {
      if (error.status !== 401) throw error;
      this.forget();
      return null;
    }
  }

  /** Reads the account anew (verified meanwhile, renamed). */
  async reload() {
    const { id, username, displayName, email, isVerified } = await this.get("/users/profile");
    this.#remember({ id, username, displayName, email, isVerified });
  }

  #take({ user, tokens }) {
    this.#keep(tokens);
    this.#remember(user);
  }

  #keep(tokens) {
    this.#access = { token: tokens.accessToken, expiresAt: Date.parse(tokens.expiresAt) };
  }

  #remember(user) {
    this.user = user;
    localStorage.setItem(KEY, JSON.stringify(user));
    this.dispatchEvent(new Event("change"));
  }
}
