// Reads of people with years of training behind them: lists and single things, and beside them analytics.
//
//   k6 run loadtest/k6/training.js -e ACCOUNTS=$PWD/training.jsonl -e RATE=200 -e SECONDS=60
//
// RATE is requests a second of both kinds together (open loop), a fifth of them analytics. ACCOUNTS is what fitai-seed
// wrote: the heaviest user first, who makes one request in fifty; the others as often as they train. All come from one
// address: the server has to run with REQUESTS_PER_MINUTE=1000000.
import http from 'k6/http';
import { check } from 'k6';
import { account, accounts, server } from './common.js';

const rate = Number(__ENV.RATE || 200);
const seconds = Number(__ENV.SECONDS || 60);
const people = Math.min(accounts.length, Number(__ENV.PEOPLE || 300));

export const options = {
  setupTimeout: '180s',
  scenarios: {
    indexed: scenario('indexed', Math.round(rate * 0.8)),
    analytics: scenario('analytics', rate - Math.round(rate * 0.8)),
  },
  summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
  thresholds: {
    checks: ['rate==1'],
    'http_req_duration{kind:indexed}': ['p(99)<50'],
    'http_req_duration{kind:analytics}': ['p(99)<250'],
    dropped_iterations: ['count==0'],
    ...Object.fromEntries(
      [...indexedReads(), ...analyticsReads()].map(([name]) => [`http_req_duration{name:${name}}`, ['max>=0']]),
    ),
  },
};

function scenario(exec, rate) {
  return {
    exec, executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration: `${seconds}s`,
    preAllocatedVUs: Math.max(20, rate), maxVUs: Math.max(100, rate * 4),
  };
}

// Name, how often, and the path for somebody.
function indexedReads() {
  return [
    ['profile', 2, () => '/v1/users/profile'],
    ['workouts', 5, () => '/v1/workouts?limit=20'],
    ['workouts later', 2, (person) => person.next && `/v1/workouts?limit=20&cursor=${person.next}`],
    ['workouts of a time', 1, () => '/v1/workouts?from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z&limit=50'],
    ['workouts with an exercise', 1, (person) => `/v1/workouts?exercise=${pick(person.exercises)}`],
    ['workout', 5, (person) => `/v1/workouts/${pick(person.workouts)}`],
    ['exercises', 2, () => '/v1/exercises?limit=50'],
    ['exercises of a muscle', 1, () => '/v1/exercises?muscle=chest&sort=popularity'],
    ['exercise', 3, (person) => `/v1/exercises/${pick(person.exercises)}`],
    ['goals', 2, () => '/v1/goals'],
    ['templates', 1, () => '/v1/templates/public?limit=20'],
    ['my templates', 1, () => '/v1/templates/my'],
    ['friends', 2, () => '/v1/users/friends?limit=50'],
    ['friend requests', 1, () => '/v1/users/friends/requests'],
    ['body', 2, () => '/v1/progress/body?limit=50'],
    ['sessions', 1, () => '/v1/auth/sessions'],
  ];
}

function analyticsReads() {
  return [
    ['dashboard', 4, () => '/v1/progress/analytics'],
    ['volume', 2, () => '/v1/progress/volume?weeks=52'],
    ['strength', 2, () => '/v1/progress/strength'],
    ['strength of an exercise', 2, (person) => `/v1/progress/strength/${pick(person.exercises)}`],
    ['records', 2, () => '/v1/progress/records'],
    ['body analytics', 1, () => '/v1/progress/body/analytics?days=730'],
    ['body predictions', 1, () => '/v1/progress/body/predictions'],
    ['goals analytics', 1, () => '/v1/goals/analytics'],
    ['exercise stats', 1, () => '/v1/exercises/stats'],
    ['exercises popular', 1, () => '/v1/exercises/popular'],
    ['exercises recommended', 1, () => '/v1/exercises/recommended'],
    ['exercises similar', 1, (person) => `/v1/exercises/${pick(person.exercises)}/similar`],
  ];
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

// Each read as often in the list as it is asked for.
function spread(reads) {
  return reads.flatMap(([name, weight, path]) => Array(weight).fill({ name, path }));
}

const indexedList = spread(indexedReads());
const analyticsList = spread(analyticsReads());

function get(path, token, kind, name) {
  return http.get(server + path, { headers: { Authorization: `Bearer ${token}` }, tags: { kind, name } });
}

// What each person's paths need: some workouts, some exercises, where the list goes on.
export function setup() {
  const found = [];
  for (let number = 0; number < people; number += 1) {
    const { token } = account(number);
    const list = get('/v1/workouts?limit=50', token, 'setup', 'setup');
    const strength = get('/v1/progress/strength?limit=20', token, 'setup', 'setup');
    check(list, { 'the workouts of an account are there': (answer) => answer.status === 200 });
    const exercises = strength.json('items').map((item) => item.exerciseId);
    const workouts = list.json('items').map((item) => item.id);
    if (workouts.length > 0 && exercises.length > 0) {
      found.push({ token, workouts, exercises, next: list.json('nextCursor') });
    }
  }
  return found;
}

function read(found, list, kind) {
  const person = Math.random() < 0.02 ? found[0] : pick(found);
  let chosen = pick(list);
  let path = chosen.path(person);
  // Who has one page only looks at that.
  if (!path) [chosen, path] = [{ name: 'workouts' }, '/v1/workouts?limit=20'];
  const answer = get(path, person.token, kind, chosen.name);
  check(answer, { 'answers 200': (response) => response.status === 200 });
}

export function indexed(found) {
  read(found, indexedList, 'indexed');
}

export function analytics(found) {
  read(found, analyticsList, 'analytics');
}
