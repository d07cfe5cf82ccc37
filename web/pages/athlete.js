import { OpFault } from "../live/bounds.js";
import { liveSets, setValues, summary } from "../live/fold.js";
import { uuid7 } from "../live/uuid7.js";
import { topBar } from "../parts/bar.js";
import { cheerLayer } from "../parts/cheers.js";
import { h, icons, openDialog, reconcile, setText } from "../parts/dom.js";
import { editSet, entryCard } from "../parts/entry-card.js";
import { pickExercise } from "../parts/exercise-picker.js";
import { changes, clock as clockText, counted } from "../parts/format.js";
import { heartControl } from "../parts/heart-control.js";
import { restClock } from "../parts/rest-clock.js";
import { muscleBars, runningTimes, totals } from "../parts/totals.js";
import { faultWords, refusalWords } from "../parts/refusals.js";
import { onTick } from "../parts/ticker.js";
import { nothingHere } from "../parts/nothing-here.js";
import { toast } from "../parts/toasts.js";
import { watchersButton } from "../parts/watchers.js";
import { keptKey, readKept } from "../rest/kept.js";

const USUAL_REST_SECONDS = 120;

/** The athlete's own workout: log sets, rest, finish. */
export function athletePage(app, id) {
  const training = app.training(id);
  const { clock } = app.connection;
  const { room } = training;
  const userId = app.session.user.id;
  let openEntry = null;

  const act = (kind, members, local) => {
    try {
      return training.do(kind, members, local);
    } catch (error) {
      toast(error instanceof OpFault
        ? `Not logged. ${faultWords(error.message) ?? sentence(error.message)}` : "This device has no room left to keep this. It was not logged.");
      return null;
    }
  };

  const elapsed = h("span.elapsed");
  const watching = watchersButton(room, app.connection);
  const heart = heartControl(room, app);
  const rest = restClock(clock, [
    h("button.small", { type: "button", onclick: () => extendRest(30) }, "+30 s"),
    h("button.small", { type: "button", onclick: () => act("rest.skip") }, "Skip"),
  ]);
  const figures = totals(() => clock.now());
  const refused = h("ul.refused", { "aria-label": "Not taken by the server" });
  const entries = h("div.entries");
  const hint = h("p.muted.empty", "Add your first exercise.");
  const add = h("button.big.add", { type: "button", onclick: addExercise }, icons.plus(), "Add exercise");
  const pause = h("button", { type: "button", onclick: togglePause });
  const controls = h("div.controls", pause,
    h("button.finish", { type: "button", onclick: finish }, icons.flag(), "Finish"));
  const cheers = cheerLayer();
  const bar = topBar("Workout", { right: [elapsed] });
  const running = h("div.stack", h("div.chips", watching, heart.element), figures, refused, entries, hint, add, controls, rest);
  const done = h("div.stack");
  const discard = h("button.danger", { type: "button", onclick: giveUp });
  const gone = nothingHere("Nothing to see here", "This workout was deleted, or never was.");
  gone.append(discard);
  const element = h("div.page.athlete", bar, running, done, gone, cheers);

  const actions = {
    open(entry) { openEntry = openEntry === entry.id ? null : entry.id; show(); },
    isOpen: (entry) => openEntry === entry.id,
    log(entry, set) {
      if (!act("set.log", { setId: uuid7(), entryId: entry.id, set })) return;
      remember(entry, set, userId);
      const seconds = (entry.restMs ?? 0) / 1000;
      if (seconds > 0 && training.state.status === "active") act("rest.start", { seconds });
    },
    update: (set, values) => act("set.update", { setId: set.id, set: values }),
    remove: (set) => act("set.delete", { setId: set.id }),
    rest: (entry, seconds) => act("exercise.update", {
      entryId: entry.id, restSeconds: seconds, ...entry.supersetGroup && { supersetGroup: entry.supersetGroup },
    }),
    drop(entry) {
      const count = entry.sets.filter((set) => !set.isDeleted).length;
      if (count > 0 && !confirm(`Remove ${entry.name} with its ${count === 1 ? "set" : counted(count, "set")}?`)) return;
      act("exercise.remove", { entryId: entry.id });
    },
    standing: (setId) => training.standing(setId),
    record: (setId) => [...room.records.values()].some((record) => record.setId === setId),
    memory: (entry) => recall(entry, userId),
  };

  async function addExercise() {
    const exercise = await pickExercise(app.library);
    if (!exercise) return;
    const entryId = uuid7();
    const { primaryMuscles, secondaryMuscles } = exercise;
    const members = { entryId, ...exercise.id && { exerciseId: exercise.id }, name: exercise.name, restSeconds: USUAL_REST_SECONDS };
    if (!act("exercise.add", members, { primaryMuscles, secondaryMuscles })) return;
    openEntry = entryId;
    show();
    const card = entries.lastElementChild;
    card?.querySelector(".log-buttons .primary")?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** A set that was not taken is logged anew with other values. */
  async function correct(op) {
    const change = await editSet({ id: op.setId, values: setValues(op.set) });
    if (change?.remove) training.dismiss(op.opId);
    else if (change) act("set.update", { setId: op.setId, set: change.values });
  }

  function extendRest(seconds) {
    const { rest: current } = training.state;
    if (!current) return;
    act("rest.start", { seconds: Math.max(1, Math.round((current.endsAt - clock.now()) / 1000)) + seconds });
  }

  function giveUp() {
    if (confirm(`${changes(training.unsafe)} of this workout never reached the server. Discard for good?`)) training.discard();
  }

  function togglePause() { act(training.state.status === "paused" ? "workout.resume" : "workout.pause"); }

  async function finish() {
    const sets = summary(training.state).workingSets;
    const answer = await openDialog("Finish workout", (close) => h("div.stack",
      h("p", sets === 0 ? "No sets logged yet." : "How hard was it, all in all?"),
      sets === 0 ? null : h("div.rpe", { role: "group", "aria-label": "Session effort" },
        ...[6, 7, 8, 9, 10].map((rpe) => h("button", { type: "button", onclick: () => close({ rpe }) }, String(rpe)))),
      h("button.primary.big", { type: "button", autofocus: true, onclick: () => close({}) }, sets === 0 ? "Finish" : "Finish without a rating"),
      h("button.danger", { type: "button", onclick: () => close({ abandon: true }) }, "Discard workout")));
    if (!answer || (answer.abandon && !(await confirmDiscard(training.state)))) return;
    heart.stop();
    if (answer.abandon) act("workout.abandon");
    else act("workout.complete", answer.rpe ? { rpe: answer.rpe } : {});
    if (app.currentWorkout === id) app.currentWorkout = null;
    scrollTo(0, 0);
  }

  function show() {
    const { state, isGone } = training;
    const isRunning = state.status === "active" || state.status === "paused" || state.status === "new";
    const visible = state.entries.filter((entry) => !entry.isRemoved);
    if (openEntry === null && !element.isConnected) openEntry = visible.at(-1)?.id ?? null;
    setText(bar.querySelector("h1"), state.name ?? "Workout");
    if (training.isSomebodyElses && training.unsafe === 0 && training.refused.length === 0) {
      return location.replace(`#/watch/${id}`);
    }
    gone.hidden = !isGone;
    discard.hidden = training.unsafe === 0;
    setText(discard, `Discard ${changes(training.unsafe)} of it kept on this device`);
    running.hidden = isGone || !isRunning;
    done.hidden = isGone || isRunning;
    if (isGone || !isRunning) {
      if (state.status === "planned") showPlan(done, state, () => act("workout.start"));
      else showDone(done, state, training, room);
      // What was refused stays in sight until the athlete has seen it.
      element.insertBefore(refused, gone);
      if (app.currentWorkout === id && state.status !== "planned") app.currentWorkout = null;
    } else running.insertBefore(refused, entries);
    watching.update();
    heart.update(state);
    reconcile(entries, visible, (entry) => entry.id, (entry) => entryCard(entry, actions));
    hint.hidden = visible.length > 0;
    pause.replaceChildren(...state.status === "paused" ? [icons.play(), "Resume"] : [icons.pause(), "Pause"]);
    pause.disabled = state.status === "new";
    element.classList.toggle("paused", state.status === "paused");
    showRefused();
    tick();
  }

  function showRefused() {
    const told = training.refused.map((record) => ({ record, words: refusalWords(record) }));
    reconcile(refused, told.filter(({ words }) => words), ({ record }) => record.op.opId, ({ record: { op }, words }) => h("li.notice",
      h("p", h("strong", "Not taken: "), `${words.what}. ${words.why}`),
      op.kind === "set.log" ? h("button.small", { type: "button", onclick: () => correct(op) }, "Change") : null,
      h("button.small", { type: "button", onclick: () => training.dismiss(op.opId) }, "OK")));
    // Each tells that it has gone, and this is done anew.
    const moot = told.find(({ words }) => !words);
    if (moot) training.dismiss(moot.record.op.opId);
  }

  function tick() {
    const { state } = training;
    rest.tick(state);
    figures.tick(state);
    const { elapsedMs } = runningTimes(state, clock.now());
    setText(elapsed, state.status === "new" ? "" : clockText(elapsedMs));
  }

  const cheered = ({ detail }) => cheers.show(detail);
  training.addEventListener("change", show);
  room.addEventListener("cheer", cheered);
  show();
  const stopTicking = onTick(tick);
  return {
    element, title: "Workout",
    leave() {
      stopTicking();
      heart.leave();
      training.removeEventListener("change", show);
      room.removeEventListener("cheer", cheered);
    },
  };
}

/** The end: what it came to, and whether it is safe. */
function showDone(element, state, training, room) {
  const unsafe = training.unsafe;
  const isDiscarded = state.status === "abandoned";
  const saved = unsafe === 0
    ? !isDiscarded && h("p.saved", icons.doubleCheck(), "Everything is saved.")
    : h("p.saved.waiting", icons.waiting(), `${changes(unsafe)} ${unsafe === 1 ? "waits" : "wait"} to be saved.`);
  const figures = totals(() => state.lastAt);
  const muscles = muscleBars();
  figures.tick(state);
  muscles.update(state);
  const records = [...room.records.values()].length;
  element.replaceChildren(
    h("section.card.done", h("h2", isDiscarded ? "Discarded." : "Well done."), saved, figures,
      records > 0 ? h("p.record-line", icons.trophy(), records === 1 ? "1 record" : `${records} records`) : null),
    muscles,
    h("a.button.primary.big", { href: "#/" }, "Done"));
}

/** Asks before a workout is discarded, naming what goes with it; answers whether to. */
const confirmDiscard = (state) => {
  const count = [...liveSets(state)].length;
  const question = count === 0 ? "Discard this workout?" : `Discard ${counted(count, "set")}?`;
  return openDialog(question, (close) => h("div.stack",
    h("p", "A discarded workout cannot be taken up again."),
    h("button.primary.big", { type: "button", autofocus: true, onclick: () => close(false) }, "Keep it"),
    h("button.danger", { type: "button", onclick: () => close(true) }, "Discard")));
};

/** A workout that is planned and not begun. */
function showPlan(element, state, start) {
  const entries = state.entries.filter((entry) => !entry.isRemoved);
  element.replaceChildren(h("section.card.done",
    h("h2", state.plannedFor ? `Planned for ${state.plannedFor}` : "Planned"),
    h("ul.people", ...entries.map((entry) => h("li.person", h("strong.person-name", entry.name)))),
    h("button.primary.big", { type: "button", onclick: start }, "Start workout")));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** The device remembers what the athlete last lifted in an exercise. */
function remember(entry, set, userId) {
  if (!entry.exerciseId) return;
  try {
    localStorage.setItem(keptKey("last", userId, entry.exerciseId),
      JSON.stringify({ weightKg: set.weightKg ?? null, reps: set.reps ?? null }));
  } catch {
    // Only a convenience; the set itself is in the outbox.
  }
}

function recall(entry, userId) {
  const kept = entry.exerciseId && readKept(keptKey("last", userId, entry.exerciseId));
  if (!kept) return null;
  return {
    type: "normal", weightGrams: Number.isFinite(kept.weightKg) ? Math.round(kept.weightKg * 1000) : null,
    reps: Number.isInteger(kept.reps) ? kept.reps : null,
    rpeTenths: null, rir: null, durationMs: null, distanceMm: null, side: null,
  };
}
