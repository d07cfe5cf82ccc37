// What this device keeps of an account, each under a key with the account's id, so that nobody meets another's.

const PREFIX = "fitai.";
/** What an account made and the server does not have, or has refused: it waits for its athlete, and for nobody else. */
const WAITING = ["fitai.op.", "fitai.refused."];

/** The key of something kept for one account. */
export const keptKey = (kind, userId, name = null) => `${PREFIX}${kind}.${userId}${name === null ? "" : `.${name}`}`;

/** The object kept under a key; null without one, and for what nobody can read. */
export function readKept(key) {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/**
 * Removes all that is kept but the ops that wait to be sent or seen, whatever it is and whoever's; `except` keeps what is
 * of that account, and who is signed in.
 */
export function forgetKept({ except = null } = {}) {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(PREFIX) || WAITING.some((prefix) => key.startsWith(prefix))) continue;
    if (except && (key === "fitai.user" || key.split(".").includes(except))) continue;
    localStorage.removeItem(key);
  }
}

/** How many changes wait on this device to be sent, of whoever made them. */
export const waitingCount = () => Object.keys(localStorage).filter((key) => key.startsWith(WAITING[0])).length;
