// Friends with who is online and who trains right now: read once a connection, then kept up by pushes.

/** Events: `change`. */
export class Friends extends EventTarget {
  /** {id, username, displayName, online, workoutId} by user id. */
  list = new Map();
  incoming = [];
  isLoaded = false;
  #session;

  constructor(session, connection) {
    super();
    this.#session = session;
    connection.addEventListener("open", () => this.load());
    connection.addEventListener("push", ({ detail: frame }) => { if (frame.type === "friend") this.#heard(frame); });
  }

  /** Reads both lists; what cannot be read now stays as it was and is read after the next reconnect. */
  async load() {
    try {
      const [friends, requests] = await Promise.all([
        this.#session.get("/users/friends?limit=100"), this.#session.get("/users/friends/requests?limit=100"),
      ]);
      this.list = new Map(friends.items.map(({ user, online, live }) =>
        [user.id, { ...user, online, workoutId: live?.workoutId ?? null }]));
      this.incoming = requests.items.filter(({ direction }) => direction === "incoming").map(({ user }) => user);
      this.isLoaded = true;
      this.dispatchEvent(new Event("change"));
    } catch (error) {
      if (error.status === undefined) throw error;
    }
  }

  async answer(userId, action) {
    await this.#session.request("PUT", `/users/friends/${userId}`, { action });
    await this.load();
  }

  #heard({ userId, name, online, live }) {
    const known = this.list.get(userId);
    // A friendship that is new since the list was read.
    if (!known) return this.load();
    this.list.set(userId, { ...known, displayName: name, online, workoutId: live?.workoutId ?? null });
    this.dispatchEvent(new Event("change"));
  }
}
