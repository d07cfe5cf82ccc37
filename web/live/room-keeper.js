// The last known state of the athlete's running workout, on the device: it opens without a connection.

import { keptKey } from "../rest/kept.js";
import { readRoom, WireFault } from "./wire.js";

const DELAY_MS = 300;

/** Whether this device keeps a room of this name for the athlete. */
export const isKept = (roomName, userId) => localStorage.getItem(keptKey("room", userId, roomName)) !== null;

/** The server has what cannot be read here. */
function restore(room, key) {
  const kept = localStorage.getItem(key);
  try {
    if (kept !== null) room.restore(readRoom(kept));
  } catch (fault) {
    if (!(fault instanceof WireFault)) throw fault;
    localStorage.removeItem(key);
  }
}

/** Restores the athlete's room from this device and keeps it there from now on; answers a function that ends that. */
export function keepRoom(room, userId) {
  const key = keptKey("room", userId, room.name);
  let timer = null;
  restore(room, key);

  const write = () => {
    clearTimeout(timer);
    timer = null;
    const { athlete, state: { status } } = room;
    if (!room.position) return;
    if (athlete?.userId !== userId) return localStorage.removeItem(key);
    if (room.status === "gone" || !["planned", "active", "paused"].includes(status)) return localStorage.removeItem(key);
    const { state, position, epoch, records } = room;
    try {
      localStorage.setItem(key, JSON.stringify({ state, position, epoch, athlete, records: [...records] }));
    } catch {
      // No room left: the outbox needs it more, and the server has this.
      localStorage.removeItem(key);
    }
  };
  const soon = () => { timer ??= setTimeout(write, DELAY_MS); };
  room.addEventListener("change", soon);
  addEventListener("pagehide", write);
  return () => {
    if (timer !== null) write();
    room.removeEventListener("change", soon);
    removeEventListener("pagehide", write);
  };
}
