// Puts the pages together: who is signed in, the live connection, and which page shows.

import { Session } from "./rest/session.js";
import { Library } from "./rest/library.js";
import { Connection } from "./live/connection.js";
import { Friends } from "./live/friends.js";
import { followNotices } from "./live/notices.js";
import { Outbox } from "./live/outbox.js";
import { Sender } from "./live/sender.js";
import { Room } from "./live/room.js";
import { Training } from "./live/training.js";
import { connectionBanner } from "./parts/banner.js";
import { keepPage } from "./parts/offline.js";
import { toast } from "./parts/toasts.js";
import { setUnit } from "./parts/units.js";
import { signInPage } from "./pages/sign-in.js";
import { homePage } from "./pages/home.js";
import { athletePage } from "./pages/athlete.js";
import { watchPage } from "./pages/watch.js";
import { friendPage } from "./pages/friend.js";
import { settingsPage } from "./pages/settings.js";

const session = new Session();
const library = new Library(session);
const main = document.getElementById("main");
const banner = connectionBanner(document.getElementById("banner"));

/** What a signed-in page stands on; made anew for each account. */
class App {
  session = session;
  library = library;
  connection = new Connection({ url: new URL("/v1/live", location.href.replace(/^http/, "ws")).href, session });
  outbox = new Outbox(session.user.id);
  sender = new Sender(this.connection, this.outbox);
  friends = new Friends(session, this.connection);
  #training = null;

  constructor() {
    banner.follow(this.connection, this.outbox);
    this.connection.addEventListener("signedOut", () => session.forget());
    followNotices(this.connection, toast);
    this.connection.start();
    // A library that cannot be read now is read when an exercise is looked for.
    library.load().catch(() => {});
    this.#learnUnit();
  }

  async #learnUnit() {
    try {
      const { unit } = await session.get("/users/profile");
      if (setUnit(unit) && app === this) show();
    } catch {
      // Out of reach: the unit that this device knows stays.
    }
  }

  /** The id of the workout that this athlete has under way on this device. */
  get currentWorkout() { return localStorage.getItem(this.#key); }

  set currentWorkout(id) {
    if (id) localStorage.setItem(this.#key, id);
    else localStorage.removeItem(this.#key);
  }

  get #key() { return `fitai.workout.${session.user.id}`; }

  /** The athlete's side of one workout; one is kept at a time. */
  training(id) {
    if (this.#training?.id === id) return this.#training.training;
    this.#training?.training.leave();
    const room = new Room(this.connection, id, { isOwn: true, wantsHistory: true });
    const training = new Training({ connection: this.connection, outbox: this.outbox, sender: this.sender, room });
    this.#training = { id, training };
    return training;
  }

  close() {
    this.#training?.training.leave();
    this.connection.stop();
    banner.follow(null);
  }
}

let app = null;
let page = null;

const routes = [
  [/^$/, () => homePage(app)],
  [/^workout\/([0-9a-f-]{36})$/, (id) => athletePage(app, id)],
  [/^watch\/([0-9a-f-]{36})$/, (id) => watchPage(app, id)],
  [/^add\/([0-9a-f-]{36})$/, (id) => friendPage(app, id)],
  [/^settings$/, () => settingsPage(app)],
];

function show() {
  page?.leave?.();
  page = null;
  if (!session.isSignedIn) page = signInPage(session);
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

let shownUser;
session.addEventListener("change", () => {
  const user = session.user?.id ?? null;
  if (user === shownUser) return;
  shownUser = user;
  app?.close();
  app = user ? new App() : null;
  show();
});

addEventListener("hashchange", show);
addEventListener("unhandledrejection", ({ reason }) => toast(reason?.message ?? "Something went wrong."));
session.dispatchEvent(new Event("change"));
if (!session.isSignedIn) show();
addEventListener("load", () => setTimeout(keepPage, 0), { once: true });
if (document.readyState === "complete") keepPage();
