// The last known state of the athlete's running workout, on the device: it opens without a connection.

const PREFIX = "fitai.room.";
const DELAY_MS = 300;

/** Restores the room from this device and keeps it there from now on; answers a function that ends that. */
export function keepRoom(room) {
  const key = PREFIX + room.name;
  let timer = null;
  const kept = localStorage.getItem(key);
  if (kept) room.restore(JSON.parse(kept));

  const write = () => {
    clearTimeout(timer);
    timer = null;
    const { status } = room.state;
    if (!room.position) return;
    if (room.status === "gone" || !["planned", "active", "paused"].includes(status)) return localStorage.removeItem(key);
    const { state, position, epoch, athlete, records } = room;
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
