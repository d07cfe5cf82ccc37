// Puts the pages together: who is signed in, the live connection, and which page shows.

import { keptKey } from "./rest/kept.js";
import { Library } from "./rest/library.js";
import { SignIns } from "./rest/sign-ins.js";
import { Connection } from "./live/connection.js";
import { Friends } from "./live/friends.js";
import { followNotices } from "./live/notices.js";
import { Outbox } from "./live/outbox.js";
import { Sender } from "./live/sender.js";
import { Room } from "./live/room.js";
import { isKept } from "./live/room-keeper.js";
import { Training } from "./live/training.js";
import { connectionBanner } from "./parts/banner.js";
import { closeDialogs } from "./parts/dom.js";
import { keepPage } from "./parts/offline.js";
import { clearToasts, toast } from "./parts/toasts.js";
import { setUnit, useUnitsOf } from "./parts/units.js";
import { signInPage } from "./pages/sign-in.js";
import { homePage } from "./pages/home.js";
import { watchPage } from "./pages/watch.js";
import { workoutPage } from "./pages/workout.js";
import { friendPage } from "./pages/friend.js";
import { settingsPage } from "./pages/settings.js";

const signIns = new SignIns();
const main = document.getElementById("main");
const banner = connectionBanner(document.getElementById("banner"));

const endsWorkout = ({ op }) => ["workout.complete", "workout.abandon", "workout.delete"].includes(op.kind);

/** What a signed-in page stands on; made anew for each session. */
class App {
  #training = null;

  constructor(session) {
    this.session = session;
    this.library = new Library(session);
    this.connection = new Connection({ url: new URL("/v1/live", location.href.replace(/^http/, "ws")).href, session });
    this.outbox = new Outbox(session.user.id);
    this.sender = new Sender(this.connection, this.outbox);
    this.friends = new Friends(session, this.connection);
    useUnitsOf(session.user.id);
    banner.follow(this.connection, this.outbox);
    this.connection.addEventListener("signedOut", () => session.end("ended"));
    followNotices(this.connection, toast);
    this.#findCurrentWorkout();
    this.connection.start();
    // A library that cannot be read now is read when an exercise is looked for.
    this.library.load().catch(() => {});
    this.#learnUnit();
  }

  async #learnUnit() {
    try {
      const { unit } = await this.session.get("/users/profile");
      if (setUnit(unit)) show();
    } catch {
      // Out of reach: the unit that this device knows stays.
    }
  }

  /** A workout that was begun here and has not reached the server is the one under way, also after signing out and in. */
  #findCurrentWorkout() {
    if (this.currentWorkout) return;
    const waiting = this.outbox.rooms.map((room) => this.outbox.of(room)).filter((records) =>
      records.some(({ op }) => op.kind === "workout.start") && !records.some(endsWorkout));
    const latest = waiting.at(-1)?.[0].room;
    if (latest) this.currentWorkout = latest.split(":")[1];
  }

  /** The id of the workout that this athlete has under way on this device. */
  get currentWorkout() {
    const id = localStorage.getItem(this.#key);
    return id && this.isEnding(id) ? null : id;
  }

  set currentWorkout(id) {
    if (id) localStorage.setItem(this.#key, id);
    else localStorage.removeItem(this.#key);
  }

  get #key() { return keptKey("workout", this.session.user.id); }

  /** Whether the athlete has ended the workout here and the server may not know that yet. */
  isEnding(id) { return this.outbox.of(`workout:${id}`).some(endsWorkout); }

  /** Whether this device knows the workout for the athlete's own; otherwise only the server can tell. */
  knowsAsOwn(id) {
    const room = `workout:${id}`;
    return this.currentWorkout === id || this.outbox.of(room).length > 0 || this.outbox.refusedOf(room).length > 0
      || isKept(room, this.session.user.id);
  }

  /** The athlete's side of one workout; one is kept at a time. */
  training(id) {
    if (this.#training?.id === id) return this.#training.training;
    this.#training?.training.leave();
    const room = new Room(this.connection, id, { isOwn: true, wantsHistory: true });
    const training = new Training({
      connection: this.connection, outbox: this.outbox, sender: this.sender, room, userId: this.session.user.id,
    });
    this.#training = { id, training };
    return training;
  }

  close() {
    this.#training?.training.leave();
    this.connection.stop();
    banner.follow(null);
    useUnitsOf(null);
  }
}

let app = null;
let page = null;

const routes = [
  [/^$/, () => homePage(app)],
  [/^workout\/([0-9a-f-]{36})$/i, (id) => workoutPage(app, id.toLowerCase())],
  [/^watch\/([0-9a-f-]{36})$/i, (id) => watchPage(app, id.toLowerCase())],
  [/^add\/([0-9a-f-]{36})$/i, (id) => friendPage(app, id.toLowerCase())],
  [/^settings$/, () => settingsPage(app)],
];

function show() {
  page?.leave?.();
  page = null;
  if (!app) page = signInPage(signIns);
  else {
    const path = location.hash.replace(/^#\/?/, "").split("?")[0];
    for (const [pattern, make] of routes) {
      const match = path.match(pattern);
      if (match) page = make(...match.slice(1));
    }
    if (!page) return location.replace("#/");
  }
  main.replaceChildren(page.element);
  document.title = page.title ? `${page.title} · FitAI` : "FitAI";
  scrollTo(0, 0);
}

signIns.addEventListener("change", () => {
  const { session } = signIns;
  if ((app?.session ?? null) === session) return;
  if (app) {
    // Nothing of the one who was here stays on the screen, and the next one does not begin on their page.
    page?.leave?.();
    page = null;
    app.close();
    app = null;
    closeDialogs();
    clearToasts();
    history.replaceState(null, "", "#/");
  }
  if (session) app = new App(session);
  show();
});

addEventListener("hashchange", () => {
  // A dialog acts on the page from which it was opened.
  closeDialogs({ sparesHeld: true });
  show();
});
addEventListener("unhandledrejection", (event) => {
  // Asked in the name of somebody who has left meanwhile: of no interest to whoever is here now.
  if (event.reason?.code === "sessionOver") return event.preventDefault();
  toast(event.reason?.message ?? "Something went wrong.");
});
if (signIns.session) app = new App(signIns.session);
show();
addEventListener("load", () => setTimeout(keepPage, 0), { once: true });
if (document.readyState === "complete") keepPage();
