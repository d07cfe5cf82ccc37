// The exercise library with the athlete's own exercises, kept on the device so that a workout can be logged without a
// connection.

import { keptKey, readKept } from "./kept.js";

const MAX_AGE_MS = 24 * 3600 * 1000;

export class Library {
  exercises = [];
  #byId = new Map();
  #session;
  #key;
  #loading = null;

  constructor(session) {
    this.#session = session;
    this.#key = keptKey("exercises", session.user.id);
    const kept = readKept(this.#key);
    // What is no library is read anew.
    const isWhole = Array.isArray(kept?.exercises) && kept.exercises.every((exercise) => typeof exercise?.id === "string");
    if (isWhole) this.#take(kept.exercises);
    this.#keptAt = isWhole ? kept.at : 0;
  }

  #keptAt;

  find(id) { return this.#byId.get(id); }

  /** Reads the library unless a fresh one is there; a failure leaves what was kept. */
  async load() {
    if (Date.now() - this.#keptAt < MAX_AGE_MS && this.exercises.length > 0) return;
    this.#loading ??= this.#read().finally(() => { this.#loading = null; });
    await this.#loading;
  }

  async #read() {
    const exercises = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: "100", ...cursor && { cursor } });
      const page = await this.#session.get(`/exercises?${query}`);
      for (const { id, name, primaryMuscles, secondaryMuscles, equipment } of page.items) {
        exercises.push({ id, name, primaryMuscles, secondaryMuscles, equipment });
      }
      cursor = page.nextCursor;
    } while (cursor);
    this.#take(exercises);
    this.#keptAt = Date.now();
    localStorage.setItem(this.#key, JSON.stringify({ at: this.#keptAt, exercises }));
  }

  #take(exercises) {
    this.exercises = exercises;
    this.#byId = new Map(exercises.map((exercise) => [exercise.id, exercise]));
  }

  /** The exercises that hold every word of the text, best matches first. */
  search(text, limit = 40) {
    const words = text.toLowerCase().split(/[\s-]+/).filter(Boolean);
    if (words.length === 0) return this.exercises.slice(0, limit);
    const found = [];
    for (const exercise of this.exercises) {
      const score = match(exercise, words);
      if (score > 0) found.push({ exercise, score });
    }
    found.sort((a, b) => b.score - a.score || a.exercise.name.localeCompare(b.exercise.name));
    return found.slice(0, limit).map(({ exercise }) => exercise);
  }
}

/** 0 when a word is missing; names count more than muscles and equipment, short names more than long ones. */
function match(exercise, words) {
  const name = exercise.name.toLowerCase();
  const rest = [...exercise.primaryMuscles, exercise.equipment ?? ""].join(" ").toLowerCase();
  let score = 0;
  for (const word of words) {
    const at = name.search(new RegExp(`(^|[^a-z0-9])${word.replace(/[^a-z0-9]/g, ".")}`));
    if (at >= 0) score += at === 0 ? 12 : 10;
    else if (name.includes(word)) score += 4;
    else if (rest.includes(word)) score += 2;
    else return 0;
  }
  return score + 4 / (1 + Math.abs(name.length - words.join(" ").length));
}
