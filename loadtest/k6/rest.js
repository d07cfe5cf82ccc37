// A signed-in user over REST: profile, library, a workout with its sets, its end, the history.
//
//   k6 run loadtest/k6/rest.js -e ACCOUNTS=$PWD/accounts.jsonl -e RATE=20 -e SECONDS=30
//
// RATE is iterations a second (open loop); one iteration is 9 requests. Each uses the next account, so that the limits
// on one user's calls are not what is measured; those on one address may have to be raised for high rates.
import http from 'k6/http';
import { check, group } from 'k6';
import exec from 'k6/execution';
import { account, server, uuid } from './common.js';

const rate = Number(__ENV.RATE || 20);

export const options = {
  scenarios: {
    users: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: `${__ENV.SECONDS || 30}s`,
      preAllocatedVUs: Math.max(10, rate * 2),
      maxVUs: Math.max(50, rate * 10),
    },
  },
  thresholds: {
    checks: ['rate>0.999'],
    http_req_failed: ['rate<0.001'],
    'http_req_duration{kind:read}': ['p(99)<100'],
    // A write answers when it is durable.
    'http_req_duration{kind:write}': ['p(99)<250'],
    dropped_iterations: ['count==0'],
  },
};

function call(method, path, kind, name, body) {
  const headers = {
    Authorization: `Bearer ${account(exec.scenario.iterationInTest).token}`,
    Accept: 'application/json',
  };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method === 'POST') headers['Idempotency-Key'] = uuid();
  const payload = body === undefined ? null : JSON.stringify(body);
  return http.request(method, server + path, payload, { headers, tags: { kind, name } });
}

function is(response, status, what) {
  check(response, { [`${what} answers ${status}`]: (answer) => answer.status === status });
}

export default function () {
  group('look around', () => {
    is(call('GET', '/v1/users/profile', 'read', 'profile'), 200, 'profile');
    is(call('GET', '/v1/exercises?limit=20&muscle=chest', 'read', 'exercises'), 200, 'exercises');
  });
  group('train', () => {
    const workout = uuid();
    const entry = uuid();
    const path = `/v1/workouts/${workout}`;
    is(call('POST', '/v1/workouts', 'write', 'start', { id: workout, name: 'k6' }), 201, 'start');
    is(call('POST', `${path}/exercises`, 'write', 'exercise', { id: entry, name: 'Squat' }), 201, 'exercise');
    for (let set = 0; set < 3; set += 1) {
      const values = { type: 'normal', weightKg: 100, reps: 5, rpe: 8 };
      is(call('POST', `${path}/exercises/${entry}/sets`, 'write', 'set', values), 201, 'set');
    }
    is(call('POST', `${path}/complete`, 'write', 'complete', { rpe: 8 }), 200, 'complete');
    is(call('GET', path, 'read', 'workout'), 200, 'workout');
  });
}
