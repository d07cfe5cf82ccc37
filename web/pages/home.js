import { avatar, liveMark } from "../parts/bar.js";
import { h, icons, reconcile, setText } from "../parts/dom.js";
import { ago, counted, tonnage } from "../parts/format.js";
import { toast } from "../parts/toasts.js";
import { sendVerification } from "../parts/verify-email.js";
import { uuid7 } from "../live/uuid7.js";

/** Where to go from: the workout under way, friends and who trains, past workouts. */
export function homePage(app) {
  const { session, friends } = app;
  const hero = h("section.card.start");
  const greeting = h("p.greeting");
  const verify = verifyNotice(session, () => setText(greeting, `Hi ${session.user.displayName}`));
  const live = h("ul.people", { "aria-label": "Training now" });
  const all = h("ul.people", { "aria-label": "Friends" });
  const incoming = h("ul.people", { "aria-label": "Friend requests" });
  const liveTitle = h("h2", "Training now");
  const requestsTitle = h("h2", "Friend requests");
  const none = h("p.muted.empty", "No friends yet. Send your link to somebody you train with.");
  const past = h("section");
  const element = h("div.page.home",
    h("header.bar",
      h("p.brand", "FitAI"),
      h("a.round.quiet", { href: "#/settings", "aria-label": "Settings" }, icons.gear())),
    greeting,
    hero, verify.element,
    requestsTitle, incoming, liveTitle, live,
    h("div.heading", h("h2", "Friends"),
      h("button.small", { type: "button", onclick: share }, icons.link(), "Your friend link")),
    none, all, past);

  function showFriends() {
    const list = [...friends.list.values()];
    const training = list.filter((friend) => friend.workoutId);
    const rank = (friend) => (friend.online ? 0 : 1);
    list.sort((a, b) => rank(a) - rank(b) || a.displayName.localeCompare(b.displayName));
    liveTitle.hidden = live.hidden = training.length === 0;
    requestsTitle.hidden = incoming.hidden = friends.incoming.length === 0;
    none.hidden = !friends.isLoaded || list.length > 0;
    reconcile(live, training, ({ id, workoutId }) => `${id} ${workoutId}`, liveFriend);
    reconcile(all, list, ({ id, online }) => `${id} ${online}`, friendRow);
    reconcile(incoming, friends.incoming, ({ id }) => id, requestRow);
  }

  function requestRow({ id, displayName, username }) {
    const answer = (action) => () => friends.answer(id, action).catch((error) => toast(error.message));
    return h("li.person", avatar(displayName), nameOf(displayName, username),
      h("button.small.primary", { type: "button", onclick: answer("accept") }, "Accept"),
      h("button.small", { type: "button", onclick: answer("reject"), "aria-label": `Decline ${displayName}` }, "Decline"));
  }

  let shown;
  let isLeft = false;

  /** Again whenever another tab, or another page of this one, may have begun or ended a workout. */
  function showHero() {
    const id = app.currentWorkout;
    if (id === shown) return;
    shown = id;
    hero.replaceChildren(...id ? [
      h("div", liveMark(), h("h2", "Your workout is running"),
        h("p.muted", "It goes on where you left it, with or without a connection.")),
      h("a.button.primary.big", { href: `#/workout/${id}` }, "Continue workout"),
    ] : [
      h("div", h("h2", "Ready to lift?"), h("p.muted", "Your friends see every set the moment you log it.")),
      h("button.primary.big", { type: "button", onclick: start }, "Start workout"),
    ]);
  }

  function start() {
    // Another tab may have begun one a moment ago.
    if (app.currentWorkout) return showHero();
    const id = uuid7();
    try {
      app.training(id).do("workout.start", { name: defaultName() });
    } catch {
      return toast("This device has no room left to keep a workout.");
    }
    app.currentWorkout = id;
    location.hash = `#/workout/${id}`;
  }

  async function share() {
    const link = `${location.origin}/#/add/${session.user.id}`;
    try {
      await navigator.clipboard.writeText(link);
      toast("Link copied. Whoever opens it can send you a friend request.");
    } catch {
      prompt("Whoever opens this link can send you a friend request:", link);
    }
  }

  friends.addEventListener("change", showFriends);
  addEventListener("storage", showHero);
  document.addEventListener("visibilitychange", showHero);
  app.outbox.addEventListener("change", showHero);
  showFriends();
  showHero();
  showPast(app, past, () => isLeft).then(() => { if (!isLeft) showHero(); });
  if (app.connection.state === "open") friends.load();
  return {
    element, title: null,
    leave() {
      isLeft = true;
      friends.removeEventListener("change", showFriends);
      removeEventListener("storage", showHero);
      document.removeEventListener("visibilitychange", showHero);
      app.outbox.removeEventListener("change", showHero);
      verify.leave();
    },
  };
}

const nameOf = (displayName, username) =>
  h("span.person-name", h("strong", displayName), h("span.muted", `@${username}`));

function liveFriend({ displayName, username, workoutId }) {
  return h("li.person.live", avatar(displayName, { isOnline: true }), nameOf(displayName, username), liveMark(),
    h("a.button.small.primary", { href: `#/watch/${workoutId}`, "aria-label": `Watch ${displayName}` }, "Watch"));
}

function friendRow({ displayName, username, online }) {
  return h("li.person", avatar(displayName, { isOnline: online }), nameOf(displayName, username),
    h("span.muted", online ? "Online" : ""));
}

function defaultName() {
  const hour = new Date().getHours();
  const part = hour < 5 ? "Night" : hour < 11 ? "Morning" : hour < 14 ? "Midday" : hour < 18 ? "Afternoon" : "Evening";
  return `${part} workout`;
}

/** Asks for the verification of the address, which friend requests need; calls `greet` now and when the account has changed. */
function verifyNotice(session, greet) {
  const element = h("section.notice");
  const fill = () => {
    greet();
    element.hidden = session.user?.isVerified !== false;
    if (element.hidden) return;
    element.replaceChildren(
      h("p", h("strong", "Verify your email. "), `We sent a link to ${session.user.email}; friend requests need it.`),
      h("button.small", { type: "button", onclick: () => sendVerification(session) }, "Send again"));
  };
  // Links are opened elsewhere; coming back to this page is when it shows. Out of reach, what is known stays.
  const look = () => { if (document.visibilityState === "visible") session.reload().catch(() => {}); };
  session.addEventListener("change", fill);
  document.addEventListener("visibilitychange", look);
  fill();
  look();
  return {
    element,
    leave() {
      session.removeEventListener("change", fill);
      document.removeEventListener("visibilitychange", look);
    },
  };
}

/** Past workouts, and one under way that began on another device; left out while they cannot be read. */
async function showPast(app, section, isLeft) {
  let page;
  try {
    page = await app.session.get("/workouts?limit=10");
  } catch {
    return;
  }
  // The page that is shown now asks for itself.
  if (isLeft()) return;
  const current = page.items.find(({ id }) => id === app.currentWorkout);
  const isOver = ["completed", "abandoned"].includes(current?.status);
  // Ended on another device; what this one has not sent yet still counts.
  if (isOver && app.outbox.of(`workout:${current.id}`).length === 0) {
    app.currentWorkout = null;
  }
  const running = page.items.find(({ id, status }) => (status === "active" || status === "paused") && !app.isEnding(id));
  if (running && !app.currentWorkout) app.currentWorkout = running.id;
  const ended = page.items.filter(({ status }) => status === "completed").slice(0, 5);
  if (ended.length === 0) return;
  section.replaceChildren(h("h2", "Lately"), h("ul.past", ...ended.map((workout) => h("li",
    h("span.person-name", h("strong", workout.name ?? "Workout"),
      h("span.muted", `${ago(Date.parse(workout.endedAt), Date.now())} · ${counted(workout.workingSets, "set")}`)),
    h("strong", tonnage(workout.tonnageKg * 1000))))));
}
