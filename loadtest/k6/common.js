// What both scripts need: accounts, ids and where the server is.
import exec from 'k6/execution';
import { SharedArray } from 'k6/data';

export const server = (__ENV.SERVER || 'http://127.0.0.1:8080').replace(/\/$/, '');
export const socket = server.replace(/^http/, 'ws') + '/v1/live';

// One JSON object a line, as `fitai seed` writes it.
export const accounts = new SharedArray('accounts', () =>
  open(__ENV.ACCOUNTS || '../../accounts.jsonl')
    .split('\n')
    .filter((line) => line.length > 0)
    .map((line) => JSON.parse(line)),
);

export function account(number) {
  if (accounts.length === 0) exec.test.abort('ACCOUNTS names a file without accounts: run fitai seed');
  return accounts[number % accounts.length];
}

function hex(digits) {
  let text = '';
  while (text.length < digits) text += Math.floor(Math.random() * 16).toString(16);
  return text;
}

// A version 7 UUID: Unix milliseconds, then random bits.
export function uuid(time = Date.now()) {
  const stamp = time.toString(16).padStart(12, '0');
  const variant = '89ab'[Math.floor(Math.random() * 4)];
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}
