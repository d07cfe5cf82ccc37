// Ids and times for the flows: templates keep numbers as numbers only when they stand alone in a value.
'use strict';
const { randomBytes } = require('node:crypto');

let latest = uuid();

// A version 7 UUID: Unix milliseconds, then random bits.
function uuid() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function newWorkout(context, events, done) {
  Object.assign(context.vars, { workout: uuid(), entry: uuid(), request: 3 });
  latest = context.vars.workout;
  return done();
}

function latestWorkout(context, events, done) {
  context.vars.workout = latest;
  return done();
}

function newOp(context, events, done) {
  Object.assign(context.vars, { opId: uuid(), setId: uuid(), at: Date.now(), request: context.vars.request + 1 });
  return done();
}

function newRest(context, events, done) {
  Object.assign(context.vars, { workout: uuid(), entry: uuid() });
  return done();
}

module.exports = { newWorkout, latestWorkout, newOp, newRest };
