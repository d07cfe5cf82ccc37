// Holds parts of the pages to what people type and read.
import { closeDialogs, h, openDialog } from "../parts/dom.js";
import { farewell } from "../parts/farewell.js";
import { oneAtATime } from "../parts/one-at-a-time.js";
import { faultWords, refusalWords } from "../parts/refusals.js";
import { setPad } from "../parts/set-pad.js";

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const faults = [];
let checks = 0;
function expect(what, actual, expected) {
  checks += 1;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

const EMPTY = {
  type: "normal", weightGrams: null, reps: null, rpeTenths: null, rir: null, durationMs: null, distanceMm: null, side: null,
};

/** A pad into which this was typed, field by field: weight, reps, time, distance. */
function padWith(...texts) {
  const pad = setPad(EMPTY);
  document.body.append(pad.element);
  pad.element.querySelector("details").open = true;
  const fields = pad.element.querySelectorAll("input");
  for (const [index, text] of texts.entries()) {
    fields[index].focus();
    document.execCommand("selectAll");
    document.execCommand("insertText", false, text);
  }
  pad.element.remove();
  return pad;
}

/** A dialog with what opened it: `hold` and a promise of its end. */
function dialog(options) {
  let hold;
  let end = "open";
  const closed = openDialog("Test", (_, holding) => {
    hold = holding;
    return h("p", "…");
  }, options);
  closed.then((value) => { end = value ?? "cancelled"; });
  return { hold, closed, get end() { return end; }, element: document.querySelector("dialog") };
}

const tests = {
  async "reads a comma as a point"() {
    const pad = padWith("82,5", "8", "12,25", "1.5");
    expect("values", pad.values, { type: "normal", weightKg: 82.5, reps: 8, durationSeconds: 12.25, distanceMeters: 1.5 });
    expect("fault", pad.fault, null);
    expect("less than one", padWith(",5", "8").values.weightKg, 0.5);
  },

  async "guesses at no number that it cannot read"() {
    expect("a comma before thousands, or before decimals", padWith("1,000", "8").fault, "Weight: write 1000 or 1 in place of 1,000.");
    const isGerman = new Intl.NumberFormat().format(10_000) === "10.000";
    expect("a point, where it stands before thousands", padWith("1.000", "8").fault,
      isGerman ? "Weight: write 1000 or 1 in place of 1.000." : null);
    expect("two", padWith("1,5,5", "8").fault, "Weight: 1,5,5 is not a number. Write it like 82.5.");
    expect("letters", padWith("80", "x").fault, "Reps: x is not a number. Write it like 8.");
    expect("half a rep", padWith("80", "8,5").fault, "Reps: write a whole number.");
    expect("too much", padWith("1000,5", "8").fault, "Weight: at most 1000 kg.");
    expect("less than nothing", padWith("-5", "8").fault, "Weight: -5 is not a number. Write it like 82.5.");
    expect("a thousandth", padWith("0,125", "8").values.weightKg, 0.125);
  },

  async "moves by the arrow keys as by the buttons"() {
    const pad = padWith("81", "8");
    const [weight] = pad.element.querySelectorAll("input");
    weight.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
    expect("more", weight.value, "82.5");
  },

  async "says nothing of what came too late and changed nothing"() {
    for (const kind of ["rest.start", "rest.skip", "workout.pause", "workout.resume", "workout.start", "workout.complete"]) {
      const words = refusalWords({ op: { kind }, code: "invalidState", message: `${kind} does not fit a workout that is completed` });
      expect(kind, words, null);
    }
  },

  async "tells in plain words what was lost"() {
    const message = "workout.complete does not fit a workout that is completed";
    expect("a rating", refusalWords({ op: { kind: "workout.complete", rpe: 8 }, code: "invalidState", message }), {
      what: "your rating 8", why: "The workout had been ended before, on another device.",
    });
    expect("a set", refusalWords({
      op: { kind: "set.log", set: { type: "normal", weightKg: 5000, reps: 1 } }, code: "invalid", message: "weightKg must be 0…1000 kg",
    }), { what: `set ${new Intl.NumberFormat().format(5000)} kg × 1`, why: "The weight must be 0…1000 kg." });
    expect("a kind of later", refusalWords({ op: { kind: "a.b" }, code: "odd", message: "a.b is odd" }), {
      what: "a change", why: "The server could not use it.",
    });
    expect("no member", faultWords("a workout holds at most 1000 sets"), null);
  },

  async "has words for every kind of op and shows the name of none"() {
    const { ops } = await (await fetch("bounds-fixtures.json")).json();
    const kinds = new Set(ops.map(({ op }) => op.kind));
    for (const kind of kinds) {
      const { op } = ops.find((one) => one.op.kind === kind);
      const words = refusalWords({ op: { set: {}, text: "x", ...op }, code: "deleted", message: "the workout is deleted" });
      expect(kind, [words.what === "a change", JSON.stringify(words).includes(kind === "note" ? "null" : kind)], [false, false]);
    }
  },

  async "writes one choice at a time, and of those that wait the last"() {
    const begun = [];
    const lasts = [];
    const choose = oneAtATime((value, isLast) => new Promise((resolve) => {
      begun.push({ value, end: () => { lasts.push(isLast()); resolve(); } });
    }));
    for (const value of ["public", "friends", "private"]) choose(value);
    expect("under way", begun.map(({ value }) => value), ["public"]);
    begun[0].end();
    await settle();
    expect("then the last", begun.map(({ value }) => value), ["public", "private"]);
    begun[1].end();
    await settle();
    expect("which knows it", lasts, [false, true]);
    choose("friends");
    expect("and on", begun.length, 3);
  },

  async "closes no dialog while it is held"() {
    const held = dialog();
    held.hold(true);
    for (let round = 0; round < 2; round += 1) {
      held.element.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
      if (held.element.dispatchEvent(new Event("cancel", { cancelable: true }))) held.element.close();
    }
    held.element.querySelector("[aria-label=Close]").click();
    held.element.click();
    closeDialogs({ sparesHeld: true });
    await settle();
    expect("held", held.end, "open");
    held.hold(false);
    held.element.querySelector("[aria-label=Close]").click();
    await held.closed;
    expect("not any more", held.end, "cancelled");
  },

  async "closes what is open when the page changes"() {
    const one = dialog();
    closeDialogs({ sparesHeld: true });
    await one.closed;
    expect("closed", one.end, "cancelled");
    const asked = dialog({ leave() {} });
    closeDialogs({ sparesHeld: true });
    expect("but one that asks first", asked.element.open, true);
    closeDialogs();
    await asked.closed;
    expect("all, when the account leaves", document.querySelectorAll("dialog").length, 0);
  },

  async "speaks of one change as of one"() {
    localStorage.setItem("fitai.op.test-parts.x", "{}");
    const { element } = farewell(new EventTarget());
    localStorage.removeItem("fitai.op.test-parts.x");
    expect("one", element.textContent,
      "1 change made on this device did not reach the server yet. It is kept, and sent when whoever made it signs in here.");
  },
};

for (const [name, test] of Object.entries(tests)) {
  const before = faults.length;
  try {
    await test();
  } catch (error) {
    faults.push(String(error.stack));
  }
  for (let index = before; index < faults.length; index += 1) faults[index] = `${name}: ${faults[index]}`;
}

const passed = checks > 0 && faults.length === 0;
document.getElementById("result").textContent = `${passed ? "passed" : "failed"}: ${checks} checks\n${faults.join("\n")}`;
document.documentElement.dataset.result = passed ? "passed" : "failed";
