// Version 7 UUIDs (RFC 9562): those made later in this page sort later, even within a millisecond.

let lastTime = 0;
let counter = 0;

/** A new id, in lower case. */
export function uuid7(now = Date.now()) {
  const random = crypto.getRandomValues(new Uint8Array(8));
  if (now > lastTime) {
    lastTime = now;
    // Room for at least 2,048 more within the millisecond.
    counter = ((random[0] << 8) | random[1]) & 0x7ff;
  } else {
    counter += 1;
    if (counter > 0xfff) {
      lastTime += 1;
      counter = 0;
    }
  }
  random[0] = 0x80 | (random[2] & 0x3f);
  const tail = hex(random.slice(0, 1)) + hex(crypto.getRandomValues(new Uint8Array(7)));
  const time = lastTime.toString(16).padStart(12, "0");
  const version = "7" + counter.toString(16).padStart(3, "0");
  return [time.slice(0, 8), time.slice(8), version, tail.slice(0, 4), tail.slice(4)].join("-");
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
