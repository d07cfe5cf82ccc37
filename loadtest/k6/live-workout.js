// Athletes log a workout set by set over the socket while watchers follow and check every event's place.
//
//   k6 run loadtest/k6/live-workout.js -e ACCOUNTS=$PWD/accounts.jsonl \
//      -e ATHLETES=10 -e WATCHERS=100 -e SECONDS=30 -e SETS_PER_SECOND=2
//
// One virtual user is one connection. Latencies are in whole milliseconds, as this clock has them; for finer ones,
// and for thousands of watchers, use fitai-load.
import { WebSocket } from 'k6/experimental/websockets';
import { check } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import exec from 'k6/execution';
import { account, socket, uuid } from './common.js';

const athletes = Number(__ENV.ATHLETES || 10);
const watchers = Number(__ENV.WATCHERS || 100);
const seconds = Number(__ENV.SECONDS || 30);
const rate = Number(__ENV.SETS_PER_SECOND || 2);
const perAccount = Number(__ENV.CONNECTIONS_PER_ACCOUNT || 10);

const applied = new Trend('live_applied', true);
const durable = new Trend('live_durable', true);
const delivered = new Trend('live_delivered', true);
const holes = new Counter('live_holes');
const repeats = new Counter('live_repeats');
const refused = new Counter('live_refused');
const undurable = new Counter('live_undurable');
const early = new Counter('live_closed_early');

export const options = {
  scenarios: {
    athletes: scenario('athlete', athletes, '0s'),
    watchers: scenario('watcher', watchers, '2s'),
  },
  thresholds: {
    live_applied: ['p(99)<50'],
    live_durable: ['p(99)<250'],
    live_delivered: ['p(99)<100'],
    live_holes: ['count==0'],
    live_repeats: ['count==0'],
    live_refused: ['count==0'],
    live_undurable: ['count==0'],
    live_closed_early: ['count==0'],
    checks: ['rate==1'],
  },
};

function scenario(run, vus, startTime) {
  return { exec: run, executor: 'per-vu-iterations', vus, iterations: 1, maxDuration: `${seconds + 60}s`, startTime };
}

export function setup() {
  return { workouts: Array.from({ length: athletes }, () => uuid()) };
}

function connect(token, name) {
  const connection = new WebSocket(socket, ['fitai.v1.json']);
  connection.addEventListener('open', () => {
    connection.send(JSON.stringify({ type: 'hello', id: 1, token, client: { name, version: '1' } }));
  });
  return connection;
}

export function athlete(data) {
  const number = exec.scenario.iterationInTest;
  const workout = data.workouts[number];
  const room = `workout:${workout}`;
  const entry = uuid();
  const connection = connect(account(number).token, 'k6 athlete');
  const sentAt = {};
  let waiting = [];
  let id = 1;
  let isDone = false;

  function op(kind, members) {
    id += 1;
    const now = Date.now();
    sentAt[id] = now;
    connection.send(JSON.stringify({ type: 'op', id, room, opId: uuid(now), at: now, kind, ...members }));
  }

  function finish() {
    op('workout.complete', {});
    // What is under way when the last op has gone out is waited for; then the athlete leaves.
    setTimeout(() => {
      isDone = true;
      undurable.add(waiting.length + Object.keys(sentAt).length);
      connection.close();
    }, 3000);
  }

  connection.addEventListener('message', (message) => {
    const frame = JSON.parse(message.data);
    if (frame.type === 'welcome') {
      op('workout.start', { name: 'k6' });
      op('exercise.add', { entryId: entry, name: 'Bench press' });
      const timer = setInterval(() => {
        op('set.log', { entryId: entry, setId: uuid(), set: { type: 'normal', weightKg: 80, reps: 5, rpe: 8 } });
      }, 1000 / rate);
      setTimeout(() => {
        clearInterval(timer);
        finish();
      }, seconds * 1000);
    } else if (frame.type === 'ok' && frame.seq !== undefined) {
      applied.add(Date.now() - sentAt[frame.id]);
      waiting.push({ seq: frame.seq, at: sentAt[frame.id] });
      delete sentAt[frame.id];
    } else if (frame.type === 'durable') {
      for (const item of waiting) if (item.seq <= frame.seq) durable.add(Date.now() - item.at);
      waiting = waiting.filter((item) => item.seq > frame.seq);
    } else if (frame.type === 'error') {
      refused.add(1, { code: frame.code });
      delete sentAt[frame.id];
    }
  });
  connection.addEventListener('close', () => {
    if (!isDone) early.add(1);
  });
}

export function watcher(data) {
  const number = exec.scenario.iterationInTest;
  const room = `workout:${data.workouts[number % athletes]}`;
  // Several connections share an account, behind those of the athletes.
  const connection = connect(account(athletes + Math.floor(number / perAccount)).token, 'k6 watcher');
  let last = null;
  let isDone = false;

  connection.addEventListener('message', (message) => {
    const frame = JSON.parse(message.data);
    if (frame.type === 'welcome') {
      connection.send(JSON.stringify({ type: 'subscribe', id: 2, room }));
      setTimeout(() => {
        isDone = true;
        check(last, { 'watcher saw the workout': (seq) => seq > 0 });
        connection.close();
      }, seconds * 1000);
    } else if (frame.type === 'ok' && frame.room === room) {
      last = frame.seq;
    } else if (frame.type === 'event' && last !== null) {
      if (frame.seq <= last) repeats.add(1);
      else if (frame.seq > last + 1) holes.add(frame.seq - last - 1);
      last = Math.max(last, frame.seq);
      delivered.add(Date.now() - frame.at);
    } else if (frame.type === 'error') {
      refused.add(1, { code: frame.code });
    }
  });
  connection.addEventListener('close', () => {
    if (!isDone) early.add(1);
  });
}
