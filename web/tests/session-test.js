// Holds a session to its account: scripted answers of the server, tokens of one and of another.
import { Session, subject } from "../rest/session.js";

const ADA = { id: "019a0000-0000-7000-8000-0000000000ad", username: "ada", displayName: "Ada" };
const BOB = "019a0000-0000-7000-8000-0000000000b0";
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const encoded = (value) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
let made = 0;
const tokenOf = (id) => `${encoded({ alg: "none" })}.${encoded({ sub: id, name: "Åda?>", number: (made += 1) })}.x`;
const tokens = (id, seconds = 900) => ({ accessToken: tokenOf(id), expiresAt: new Date(Date.now() + seconds * 1000).toISOString() });

/** What was asked, each to be answered by hand. */
let asked = [];
window.fetch = (url, options) => new Promise((resolve, reject) => {
  asked.push({
    path: url, token: options.headers.authorization?.replace("Bearer ", ""),
    async answer(status, body) {
      resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } }));
      await settle();
      await settle();
    },
    reject,
  });
});
const last = () => asked.at(-1);
/** Waits until so many requests were made; locks take their time. */
async function asks(count) {
  while (asked.length < count) await settle();
}

function scene(withTokens = true) {
  asked = [];
  const session = new Session(ADA, withTokens ? tokens(ADA.id) : null);
  const ends = [];
  session.addEventListener("over", ({ detail }) => ends.push(detail));
  return { session, ends };
}

const outcome = (promise) => promise.then((value) => value, (error) => error.code ?? error.status ?? String(error));

const faults = [];
let checks = 0;
function expect(what, actual, expected) {
  checks += 1;
  if (JSON.stringify(actual) !== JSON.stringify(expected)) faults.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

const tests = {
  async "reads whose a token is"() {
    expect("subject", subject(tokenOf(BOB)), BOB);
    expect("nobody's", ["", "x", "a.b.c", `x.${encoded({})}.y`].map(subject), [null, null, null, null]);
  },

  async "ends as signed out by its own sign-out, whoever hears of it first"() {
    const { session, ends } = scene();
    const leaving = outcome(session.signOut());
    await asks(1);
    // As the socket says, which the server closes before it answers.
    session.end("ended");
    await last().answer(200, {});
    await leaving;
    expect("reasons", ends, ["signedOut"]);
  },

  async "ends as ended after a sign-out that did not reach the server"() {
    const { session, ends } = scene();
    const leaving = outcome(session.signOut());
    await asks(1);
    last().reject(new TypeError());
    await leaving;
    session.end("ended");
    expect("reasons", ends, ["ended"]);
  },

  async "asks with a token of its own account"() {
    const { session } = scene();
    const answer = outcome(session.get("/feed"));
    await asks(1);
    expect("subject", subject(last().token), ADA.id);
    await last().answer(200, { items: [] });
    expect("answer", await answer, { items: [] });
  },

  async "ends when the cookie has become somebody else's, and asks nothing with it"() {
    const { session, ends } = scene(false);
    const answer = outcome(session.get("/feed"));
    await asks(1);
    expect("renews first", last().path, "/v1/auth/refresh");
    await last().answer(200, tokens(BOB));
    expect("ended", [await answer, ends, session.isOver], ["sessionOver", ["otherAccount"], true]);
    expect("asked no more", asked.length, 1);
    expect("no token for a socket either", await session.token(), null);
  },

  async "ends by a token that cannot be read"() {
    const { session, ends } = scene(false);
    const answer = outcome(session.get("/feed"));
    await asks(1);
    await last().answer(200, { ...tokens(ADA.id), accessToken: "opaque" });
    expect("ended", [await answer, ends], ["sessionOver", ["otherAccount"]]);
  },

  async "renews once for all who wait, and again when a token is refused"() {
    const { session } = scene(false);
    const answers = ["/a", "/b", "/c"].map((path) => outcome(session.get(path)));
    await asks(1);
    expect("one renewal", asked.map(({ path }) => path), ["/v1/auth/refresh"]);
    await last().answer(200, tokens(ADA.id));
    await asks(4);
    expect("three requests", asked.length, 4);
    await asked[1].answer(401, {});
    await asks(5);
    expect("another renewal", last().path, "/v1/auth/refresh");
    await last().answer(200, tokens(ADA.id));
    await asks(6);
    await last().answer(200, { again: true });
    for (const index of [2, 3]) await asked[index].answer(200, { first: true });
    expect("answers", await Promise.all(answers), [{ again: true }, { first: true }, { first: true }]);
  },

  async "gives nobody an answer that comes after the end"() {
    const { session } = scene();
    const answer = outcome(session.get("/users/profile"));
    await asks(1);
    session.end("signedOut");
    await last().answer(200, { unit: "imperial" });
    expect("answer", await answer, "sessionOver");
  },

  async "does not repeat a request that was refused after the end"() {
    const { session } = scene();
    const answer = outcome(session.request("PUT", "/users/preferences", {}));
    await asks(1);
    session.end("signedOut");
    await last().answer(401, {});
    expect("answer", await answer, 401);
    expect("asked once", asked.length, 1);
  },

  async "does not use the cookie any more when it ended while others renewed"() {
    const { session } = scene(false);
    let release;
    const held = navigator.locks.request("fitai.refresh", () => new Promise((resolve) => { release = resolve; }));
    while (!release) await settle();
    const answer = outcome(session.get("/feed"));
    await settle();
    session.end("signedOut");
    release();
    await held;
    expect("answer", await answer, "sessionOver");
    expect("asked nothing", asked, []);
  },

  async "keeps a token that comes too late to itself"() {
    const { session, ends } = scene(false);
    const token = outcome(session.token());
    await asks(1);
    session.end("ended");
    await last().answer(200, tokens(ADA.id));
    expect("token", await token, null);
    expect("ended once", ends, ["ended"]);
  },

  async "stays while the server is out of reach, and ends when it says so"() {
    const { session, ends } = scene(false);
    const away = outcome(session.get("/feed"));
    await asks(1);
    last().reject(new TypeError("offline"));
    expect("away", [await away, ends], [0, []]);
    const over = outcome(session.get("/feed"));
    await asks(2);
    await last().answer(401, { code: "invalidRefreshToken" });
    expect("over", [await over, ends], ["sessionOver", ["ended"]]);
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
