// The hash by which everyone who folded the same shared events knows it; see WorkoutState+Hash.swift for its rules.

const ABSENT = 0xffffffff;
const utf8 = new TextEncoder();

class WordHash {
  laneA = 0x811c9dc5;
  laneB = 0;

  word(word) {
    this.laneA = Math.imul(this.laneA ^ word, 0x01000193);
    this.laneB = Math.imul(((this.laneB << 5) | (this.laneB >>> 27)) ^ word, 0x9e3779b1);
  }

  integer(value) {
    const high = Math.floor(value / 4294967296);
    this.word(value - high * 4294967296);
    this.word(high);
  }

  string(value) {
    const bytes = utf8.encode(value);
    this.word(bytes.length);
    for (const byte of bytes) this.word(byte);
  }

  flag(value) { this.word(value ? 1 : 0); }

  /** A value that may be absent. */
  optional(value) {
    if (value === null) return this.word(ABSENT);
    this.word(1);
    return typeof value === "string" ? this.string(value) : this.integer(value);
  }

  strings(values) {
    this.integer(values.length);
    for (const value of values) this.string(value);
  }

  get text() {
    return [this.laneA, this.laneB].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** 16 hexadecimal digits over everything watchers share. */
export function stateHash(state) {
  const hash = new WordHash();
  hash.string(state.status);
  for (const member of ["name", "visibility", "plannedFor", "startedAt", "endedAt", "pausedAt"]) {
    hash.optional(state[member]);
  }
  hash.integer(state.pausedMs);
  hash.integer(state.restingMs);
  hash.optional(state.rpeTenths);
  hash.integer(state.lastAt);
  hash.optional(state.rest?.startedAt ?? null);
  hash.optional(state.rest?.endsAt ?? null);
  hash.flag(state.rest?.isRunning);
  hash.integer(state.entries.length);
  for (const entry of state.entries) addEntry(hash, entry);
  return hash.text;
}

function addEntry(hash, entry) {
  hash.string(entry.id);
  hash.optional(entry.exerciseId);
  hash.string(entry.name);
  hash.strings(entry.primaryMuscles);
  hash.strings(entry.secondaryMuscles);
  hash.optional(entry.supersetGroup);
  hash.optional(entry.restMs);
  if (entry.bodyLoadGrams !== null) hash.optional(entry.bodyLoadGrams);
  hash.flag(entry.isRemoved);
  hash.integer(entry.sets.length);
  for (const set of entry.sets) {
    hash.string(set.id);
    hash.string(set.values.type);
    for (const member of ["weightGrams", "reps", "rpeTenths", "rir", "durationMs", "distanceMm", "side"]) {
      hash.optional(set.values[member]);
    }
    hash.integer(set.loggedAt);
    hash.integer(set.changedAt);
    hash.flag(set.isDeleted);
  }
}
