import { avatar, topBar } from "../parts/bar.js";
import { h } from "../parts/dom.js";
import { refusal } from "../parts/verify-email.js";
import { ApiError } from "../rest/api.js";

/** Somebody's friend link: who it is, and a friend request. */
export function friendPage(app, userId) {
  const { session } = app;
  const card = h("section.card.friend", h("p.muted", "One moment…"));
  const element = h("div.page", topBar("Add a friend"), card);

  const say = (text, ...more) =>
    card.replaceChildren(h("p", text), ...more, h("a.button", { href: "#/" }, "Back to start"));
  let isShown = false;
  let hasLeft = false;

  async function load() {
    if (isShown) return;
    if (userId === session.user.id) return say("This is your own link. Send it to somebody you train with.");
    try {
      show(await session.get(`/users/${userId}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.isOutOfReach) say(error.message, h("button.primary", { type: "button", onclick: load }, "Try again"));
      else say(error.status === 404 ? "This link leads to nobody." : error.message);
    }
  }

  function show({ displayName, username, relation }) {
    isShown = true;
    const fault = h("p.form-fault", { role: "alert" });
    const ask = async (event) => {
      event.target.disabled = true;
      try {
        const { state } = await session.request("POST", "/users/friends/request", { userId });
        await app.friends.load();
        if (hasLeft) return;
        if (state === "friends") location.hash = "#/";
        else say(`${displayName} has your request now.`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        event.target.disabled = false;
        fault.replaceChildren(...refusal(error, session));
      }
    };
    const labels = { stranger: "Send friend request", requestReceived: "Accept friend request" };
    card.replaceChildren(
      avatar(displayName), h("h2", displayName), h("p.muted", `@${username}`), fault,
      labels[relation]
        ? h("button.primary.big", { type: "button", onclick: ask }, labels[relation])
        : h("p", relation === "friend" ? "You are friends already." : "Your request is on its way."));
  }

  app.connection.addEventListener("open", load);
  load();
  return {
    element, title: "Add a friend",
    leave() {
      hasLeft = true;
      app.connection.removeEventListener("open", load);
    },
  };
}
