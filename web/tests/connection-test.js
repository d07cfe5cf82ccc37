// Holds the connection's manners (coming back, tokens, refusals) to a scripted server and a clock that jumps.
import { Connection, Refusal, comesBack } from "../live/connection.js";

const realSetTimeout = window.setTimeout.bind(window);
const realNow = Date.now;
let now = realNow();
let timers = [];
Date.now = () => now;
window.setTimeout = (body, delay) => {
  timers.push({ id: timers.length + 1, body, at: now + delay });
  return timers.length;
};
window.clearTimeout = (id) => { timers = timers.map((timer) => (timer.id === id ? { ...timer, body: null } : timer)); };

/** Lets everything that waits on promises go on. */
const settle = () => new Promise((resolve) => realSetTimeout(resolve, 0));

/** Moves the clock, running what falls due on the way. */
async function pass(milliseconds) {
  const end = now + milliseconds;
  for (;;) {
    const next = timers.filter(({ body, at }) => body && at <= end).sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    now = Math.max(now, next.at);
    const { body } = next;
    next.body = null;
    body();
    await settle();
  }
  now = end;
  await settle();
}

class ScriptedSocket {
  static all = [];
  sent = [];
  constructor() { ScriptedSocket.all.push(this); }
  static get last() { return ScriptedSocket.all.at(-1); }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.isClosed = true; }
  async hear(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
    await settle();
  }
  async lose(code) {
    this.onclose({ code });
    await settle();
  }
  asked(type) { return this.sent.filter((frame) => frame.type === type).at(-1); }
  async welcome() {
    this.onopen();
    await settle();
    await this.hear({ type: "welcome", id: this.asked("hello").id });
    const { id, t0 } = this.asked("time");
    await this.hear({ type: "time", id, t0, t1: now + 5000, t2: now + 5000 });
  }
}
window.WebSocket = ScriptedSocket;

class ScriptedSession {
  tokens = 0;
  requests = [];
  lifetimeMs = 900_000;
  async token(options) {
    this.requests.push(options);
    if (this.isAway) throw new Error("out of reach");
    if (this.isOver) return null;
    this.tokens += 1;
    return { token: `token ${this.tokens}`, expiresAt: now + this.lifetimeMs };
  }
}

async function connected() {
  timers = [];
  ScriptedSocket.all = [];
  const session = new ScriptedSession();
  const connection = new Connection({ url: "ws://test", session });
  connection.start();
  await settle();
  await ScriptedSocket.last.welcome();
  return { session, connection };
}

const faults = [];
let checks = 0;
function expect(what, actual, expected) {
  checks += 1;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

/** What `body` tells on the console, which has to be clean otherwise. */
async function told(body) {
  const { error } = console;
  const lines = [];
  console.error = (line) => lines.push(line);
  try {
    await body();
  } finally {
    console.error = error;
  }
  return lines;
}

const tests = {
  async "says hello with a token and measures the clock"() {
    const { connection } = await connected();
    expect("state", connection.state, "open");
    expect("token", ScriptedSocket.last.sent[0].token, "token 1");
    expect("clock", connection.clock.offset, 5000);
  },

  async "comes back after a drain within the hint"() {
    const { connection } = await connected();
    await ScriptedSocket.last.hear({ type: "goodbye", retryAfterMs: 8000 });
    await ScriptedSocket.last.lose(4000);
    expect("state", connection.state, "waiting");
    expect("within the hint", connection.retryAt - now <= 8000, true);
    await pass(8000);
    expect("sockets", ScriptedSocket.all.length, 2);
  },

  async "gives up a connection on which nobody can read what comes, and does not hurry back"() {
    const unreadable = [
      "{", "null", "[]", "7", "{}", '{"type":"durable","room":"r","epoch":"1","seq":2}', '{"type":"goodbye","retryAfterMs":1e400}',
      '{"type":"event","room":"r","epoch":1,"seq":1,"opId":"o","at":1,"kind":"set.log","setId":"s","entryId":"e"}',
    ];
    const random = Math.random;
    for (const data of unreadable) {
      const { connection } = await connected();
      const waiting = connection.request("op", { room: "r" }).catch((error) => error.constructor.name);
      Math.random = () => 1;
      expect("told", (await told(() => ScriptedSocket.last.onmessage({ data }))).length, 1);
      expect(data, [connection.state, connection.retryAt - now, await waiting], ["waiting", 30_000, "ConnectionLost"]);
      Math.random = random;
      connection.stop();
    }
  },

  async "takes no answer that answers something else"() {
    for (const type of ["op", "subscribe", "time"]) {
      const { connection } = await connected();
      const waiting = connection.request(type, { room: "r" }).catch((error) => error.constructor.name);
      const { id } = ScriptedSocket.last.asked(type);
      const lines = await told(() => ScriptedSocket.last.hear({ type: "ok", id }));
      expect("told", lines, [`unreadable: no answer to ${type}`]);
      expect(type, [await waiting, connection.state], ["ConnectionLost", "waiting"]);
      connection.stop();
    }
  },

  async "passes over frames of a newer server"() {
    const { connection } = await connected();
    await ScriptedSocket.last.hear({ type: "__proto__", id: "x" });
    await ScriptedSocket.last.hear({ type: "tempo", bpm: {} });
    expect("state", connection.state, "open");
  },

  async "waits a day at most, however long a server asks to wait"() {
    const waits = [-5, 0, 1500, 2 ** 31, 1e12].map((retryAfterMs) => new Refusal({ retryAfterMs }).retryAfterMs);
    expect("waits", waits, [0, 0, 1500, 86_400_000, 86_400_000]);
    expect("no wait", new Refusal({}).retryAfterMs, undefined);
    const { connection } = await connected();
    await ScriptedSocket.last.hear({ type: "goodbye", retryAfterMs: 2 ** 32 });
    const random = Math.random;
    Math.random = () => 1;
    await ScriptedSocket.last.lose(4000);
    Math.random = random;
    expect("after a goodbye", connection.retryAt - now, 86_400_000);
    connection.stop();
  },

  async "does not come back from 4504"() {
    const { connection } = await connected();
    await ScriptedSocket.last.lose(4504);
    await pass(120_000);
    expect("state", connection.state, "stopped");
    expect("sockets", ScriptedSocket.all.length, 1);
    expect("ranges", [1001, 1006, 4000, 4499, 4500, 4999].map(comesBack), [true, true, true, true, false, false]);
  },

  async "gets a new token after 4500, once"() {
    const { connection, session } = await connected();
    await ScriptedSocket.last.lose(4500);
    await pass(1);
    expect("refused token named", session.requests.at(-1).replacing, "token 1");
    ScriptedSocket.last.onopen();
    await settle();
    await ScriptedSocket.last.lose(4500);
    await pass(120_000);
    expect("state", connection.state, "stopped");
    expect("sockets", ScriptedSocket.all.length, 2);
  },

  async "asks once for a new token when the session of its hello has ended: the page may have signed in anew"() {
    const { connection, session } = await connected();
    let isOver = false;
    connection.addEventListener("signedOut", () => { isOver = true; });
    await ScriptedSocket.last.lose(1006);
    await pass(1000);
    ScriptedSocket.last.onopen();
    await settle();
    await ScriptedSocket.last.lose(4501);
    await pass(1);
    expect("refused token named", typeof session.requests.at(-1).replacing, "string");
    expect("goes on", [isOver, ScriptedSocket.all.length], [false, 3]);
    ScriptedSocket.last.onopen();
    await settle();
    await ScriptedSocket.last.lose(4501);
    await pass(120_000);
    expect("over", [isOver, ScriptedSocket.all.length], [true, 3]);
  },

  async "is over when its session ends while it is open"() {
    const { connection } = await connected();
    await ScriptedSocket.last.lose(4501);
    await pass(120_000);
    expect("stopped", [connection.state, connection.stoppedBy, ScriptedSocket.all.length], ["stopped", 4501, 1]);
  },

  async "renews the token inside the connection before it runs out"() {
    const { connection, session } = await connected();
    const socket = ScriptedSocket.last;
    // Probes are answered meanwhile.
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      send(text);
      const frame = JSON.parse(text);
      if (frame.type === "time") realSetTimeout(() => socket.hear({ type: "time", id: frame.id, t0: frame.t0, t1: now, t2: now }), 0);
    };
    await pass(850_000);
    expect("token frame", socket.asked("token")?.token, "token 2");
    expect("asked for a fresh one", session.requests.at(-1), { fresh: true });
    expect("sockets", [connection.state, ScriptedSocket.all.length], ["open", 1]);
  },

  async "connects anew when its token has become another session's"() {
    const { connection } = await connected();
    const socket = ScriptedSocket.last;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      send(text);
      const { type, id } = JSON.parse(text);
      const refusal = { type: "error", id, code: "unauthorized", message: "of another session", temporary: false };
      if (type === "time") realSetTimeout(() => socket.hear({ type, id, t0: now, t1: now, t2: now }), 0);
      if (type === "token") realSetTimeout(() => socket.hear(refusal), 0);
    };
    await pass(841_000);
    await pass(1000);
    expect("asked", socket.asked("token")?.token, "token 2");
    expect("gave it up", socket.isClosed, true);
    expect("sockets", [connection.state, ScriptedSocket.all.length], ["connecting", 2]);
  },

  async "gives up a connection that no longer answers"() {
    const { connection } = await connected();
    await pass(20_000);
    expect("probed", connection.state, "open");
    await pass(10_000);
    expect("dropped", ScriptedSocket.all[0].isClosed, true);
    await pass(1000);
    expect("came back", ScriptedSocket.all.length, 2);
  },

  async "waits longer and longer while nobody is there"() {
    const { connection } = await connected();
    const limits = [];
    const random = Math.random;
    Math.random = () => 1;
    for (let round = 0; round < 9; round += 1) {
      await ScriptedSocket.last.lose(1006);
      limits.push(connection.retryAt - now);
      await pass(connection.retryAt - now);
    }
    Math.random = random;
    expect("delays", limits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  },

  async "tells every waiting request that the connection is gone"() {
    const { connection } = await connected();
    const outcome = connection.request("op", { room: "r" }).catch((error) => error.constructor.name);
    await ScriptedSocket.last.lose(1006);
    expect("outcome", await outcome, "ConnectionLost");
  },

  async "hands a refusal to the one who asked"() {
    const { connection } = await connected();
    const outcome = connection.request("op", { room: "r" }).catch((error) => error);
    const { id } = ScriptedSocket.last.asked("op");
    await ScriptedSocket.last.hear({ type: "error", id, code: "busy", message: "full", temporary: true, retryAfterMs: 9 });
    const refusal = await outcome;
    expect("refusal", [refusal instanceof Refusal, refusal.code, refusal.temporary, refusal.retryAfterMs], [true, "busy", true, 9]);
  },

  async "signs nobody out once it is stopped"() {
    const { connection, session } = await connected();
    let signedOut = 0;
    connection.addEventListener("signedOut", () => { signedOut += 1; });
    let answer;
    session.token = () => new Promise((resolve) => { answer = resolve; });
    // The renewal is under way when the page's account leaves.
    connection.clock.now = () => now;
    const socket = ScriptedSocket.last;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      send(text);
      const frame = JSON.parse(text);
      if (frame.type === "time") realSetTimeout(() => socket.hear({ type: "time", id: frame.id, t0: frame.t0, t1: now, t2: now }), 0);
    };
    await pass(850_000);
    connection.stop();
    answer(null);
    await settle();
    expect("state", [connection.state, signedOut], ["offline", 0]);
  },

  async "sends nothing into a socket that is closing, and tells what waits when it has closed"() {
    const { connection } = await connected();
    const socket = ScriptedSocket.last;
    socket.readyState = 2;
    const sent = socket.sent.length;
    connection.notify("heart", { bpm: 120 });
    const outcome = connection.request("op", { room: "r" }).catch((error) => error.constructor.name);
    await settle();
    expect("sent", socket.sent.length, sent);
    await socket.lose(1000);
    expect("outcome", await outcome, "ConnectionLost");
  },

  async "makes one socket when the network goes and comes back while the token is renewed"() {
    const { connection, session } = await connected();
    ScriptedSocket.all = [];
    const answers = [];
    session.token = () => new Promise((resolve) => { answers.push(resolve); });
    connection.restart();
    await pass(1000);
    connection.restart();
    await pass(2000);
    expect("attempts", answers.length, 2);
    for (const answer of answers) answer({ token: "renewed", expiresAt: now + 900_000 });
    await settle();
    expect("sockets", ScriptedSocket.all.length, 1);
    await ScriptedSocket.last.welcome();
    expect("state", connection.state, "open");
  },

  async "greets on no socket that it has given up"() {
    const { connection } = await connected();
    connection.restart();
    await pass(1000);
    const givenUp = ScriptedSocket.last;
    connection.restart();
    await pass(2000);
    givenUp.onopen();
    await settle();
    expect("said hello", givenUp.sent.length, 0);
    expect("nor on the next, which is not open yet", ScriptedSocket.last.sent.length, 0);
  },

  async "gives a renewed token to the connection that asked for it alone"() {
    const { connection, session } = await connected();
    const socket = ScriptedSocket.last;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      send(text);
      const frame = JSON.parse(text);
      if (frame.type === "time") realSetTimeout(() => socket.hear({ type: "time", id: frame.id, t0: frame.t0, t1: now, t2: now }), 0);
    };
    let answer;
    const { token } = session;
    session.token = (options) => (options.fresh ? new Promise((resolve) => { answer = resolve; }) : token.call(session, options));
    await pass(841_000);
    connection.restart();
    await pass(1000);
    await ScriptedSocket.last.welcome();
    answer({ token: "late", expiresAt: now + 900_000 });
    await settle();
    expect("another's token", ScriptedSocket.last.asked("token"), undefined);
  },

  async "ends when the session is over, and waits while it cannot tell"() {
    const { connection, session } = await connected();
    let signedOut = 0;
    connection.addEventListener("signedOut", () => { signedOut += 1; });
    session.isAway = true;
    await ScriptedSocket.last.lose(1006);
    await pass(1000);
    expect("still waiting", [connection.state, signedOut], ["waiting", 0]);
    Object.assign(session, { isAway: false, isOver: true });
    await pass(60_000);
    expect("over", [connection.state, signedOut], ["stopped", 1]);
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
