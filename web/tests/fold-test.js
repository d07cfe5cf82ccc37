// Holds fold.js to the vectors that the server's fold made; the result is in the page and on `window.foldResult`.
import { apply, emptyState, hardSets, stateFromSnapshot, summary } from "../live/fold.js";
import { stateHash } from "../live/state-hash.js";

/** Every disagreement between this fold and the fixtures, as sentences. */
export function check(fixtures) {
  const faults = [];
  let steps = 0;
  for (const { seed, steps: sequence, state: last, watchersState } of fixtures.sequences) {
    const state = emptyState();
    const expect = (what, actual, expected, where) => {
      const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (a !== b) faults.push(`seed ${seed}, ${where}: ${what} is ${a}, not ${b}`);
    };
    for (const { event, stateHash: expected } of sequence) {
      apply(state, event);
      steps += 1;
      expect("hash", stateHash(state), expected, `seq ${event.seq} (${event.kind})`);
      expect("summary", wireSummary(summary(state)), event.summary, `seq ${event.seq} (${event.kind})`);
    }
    for (const [name, snapshot] of [["snapshot", last], ["watchers' snapshot", watchersState]]) {
      const read = stateFromSnapshot(snapshot);
      expect("hash", stateHash(read), sequence.at(-1).stateHash, name);
      expect("summary", wireSummary(summary(read)), snapshot.summary, name);
      expect("hard sets", wireHardSets(hardSets(read)), snapshot.hardSets, name);
    }
    expect("state", state, stateFromSnapshot(last), "the end");
  }
  return { steps, sequences: fixtures.sequences.length, faults };
}

const wireSummary = (totals) => ({
  tonnageKg: totals.tonnage / 1000, workingSets: totals.workingSets, workingSeconds: totals.workingMs / 1000,
  restingSeconds: totals.restingMs / 1000,
});

const wireHardSets = (counts) => Object.fromEntries(counts.map(({ muscle, halves }) => [muscle, halves / 2]));
