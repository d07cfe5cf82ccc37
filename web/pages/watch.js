import { findSet } from "../live/fold.js";
import { Room } from "../live/room.js";
import { avatar, liveMark, topBar } from "../parts/bar.js";
import { cheerButtons, cheerLayer } from "../parts/cheers.js";
import { h, icons, setText } from "../parts/dom.js";
import { clock as clockText, weight } from "../parts/format.js";
import { nothingHere } from "../parts/nothing-here.js";
import { restClock } from "../parts/rest-clock.js";
import { timeline } from "../parts/timeline.js";
import { muscleBars, runningTimes, totals } from "../parts/totals.js";
import { onTick } from "../parts/ticker.js";
import { toast } from "../parts/toasts.js";
import { watchersLine } from "../parts/watchers.js";

const HEART_SHOWN_MS = 15_000;

/** A friend's workout as it happens. */
export function watchPage(app, id) {
  const room = new Room(app.connection, id, { wantsHistory: true });
  const { clock } = app.connection;

  const face = h("span");
  const name = h("h2.athlete-name");
  const title = h("span.muted");
  const mark = h("span.mark", { role: "status" });
  const elapsed = h("span.elapsed.big-time", { role: "timer" });
  const heartText = h("span");
  const heart = h("span.heart-now", { hidden: true }, icons.heart(), heartText);
  const figures = totals(() => clock.now());
  const rest = restClock(clock);
  const muscles = muscleBars();
  const line = timeline(clock);
  const watching = watchersLine(room);
  const buttons = cheerButtons(cheer);
  const cheers = cheerLayer();
  const hero = h("section.card.hero-live",
    h("div.who", face, h("span.person-name", name, title), mark),
    h("div.clock-row", elapsed, heart), figures, watching);
  const content = h("div.watch-grid",
    h("div.stack", hero, rest, buttons), h("div.stack", line, muscles));
  const gone = nothingHere("Nothing to see here", "This workout has ended, is private, or never was.");
  const loading = h("p.muted.loading", { role: "status" });
  const element = h("div.page.watch", topBar("Watching"), loading, content, gone, cheers);

  async function cheer(kind) {
    try {
      await app.connection.request("cheer", { room: room.name, kind });
    } catch (error) {
      toast(error.code === "rateLimited" ? "Easy now, let the last ones land." : "The cheer did not get through.");
    }
  }

  let shownName = null;
  function show() {
    const { state, athlete } = room;
    gone.hidden = room.status !== "gone";
    loading.hidden = room.status !== "joining" || room.position !== null;
    const isAway = app.connection.state !== "open" && app.connection.state !== "connecting";
    setText(loading, isAway ? "Waiting for a connection…" : "Joining…");
    content.hidden = room.status === "gone" || !room.position;
    if (!room.position) return;
    const isRunning = state.status === "active" || state.status === "paused";
    if (athlete && athlete.name !== shownName) {
      shownName = athlete.name;
      face.replaceChildren(avatar(athlete.name));
      setText(name, athlete.name);
      document.title = `${athlete.name} · FitAI`;
    }
    setText(title, state.name ?? "Workout");
    const label = { active: "Live", paused: "Paused", completed: "Finished", abandoned: "Stopped" }[state.status] ?? "Planned";
    if (mark.dataset.label !== label) {
      mark.dataset.label = label;
      mark.replaceChildren(label === "Live" ? liveMark() : h("span.ended-mark", label));
    }
    element.classList.toggle("away", !room.isLive);
    buttons.hidden = !isRunning;
    muscles.update(state);
    line.update(room);
    watching.update();
    tick();
  }

  function tick() {
    if (!room.position) return;
    rest.tick(room.state);
    figures.tick(room.state);
    setText(elapsed, clockText(runningTimes(room.state, clock.now()).elapsedMs));
    const isFresh = room.heart && clock.now() - room.heart.at < HEART_SHOWN_MS && room.state.status === "active";
    heart.hidden = !isFresh;
    if (isFresh) {
      setText(heartText, `${room.heart.bpm} bpm`);
      heart.style.setProperty("--beat", `${60 / room.heart.bpm}s`);
    }
  }

  const cheered = ({ detail }) => cheers.show(detail);
  const folded = ({ detail: event }) => {
    const record = event.records?.[0];
    const entry = record && findSet(room.state, record.setId)?.entry;
    if (!entry) return;
    const best = record.kind === "heaviestWeight" ? "the heaviest ever" : "the best 1RM so far";
    toast(`${entry.name}: ${weight(Math.round(record.weightKg * 1000))}, ${best}`, "record");
  };
  room.addEventListener("change", show);
  room.addEventListener("cheer", cheered);
  room.addEventListener("folded", folded);
  show();
  const stopTicking = onTick(tick);
  return {
    element, title: "Watching",
    leave() {
      stopTicking();
      room.leave();
    },
  };
}
