/**
 * Makes of `write(value)` a function that may be called while a write is under way: one goes out after another, and of the
 * values that wait only the last. `write(value, isLast)` deals with its own faults; `isLast()` tells whether none waits behind it.
 */
export function oneAtATime(write) {
  const waiting = [];
  let isWriting = false;
  return async (value) => {
    waiting.splice(0, waiting.length, value);
    if (isWriting) return;
    isWriting = true;
    try {
      while (waiting.length > 0) await write(waiting.pop(), () => waiting.length === 0);
    } finally {
      isWriting = false;
    }
  };
}
