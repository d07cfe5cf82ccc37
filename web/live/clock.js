// The server's clock as this device knows it: the offset of the quickest of the last exchanges.

const KEPT = 8;

export class Clock {
  #samples = [];

  /** Whether the server's clock was ever measured. */
  get isMeasured() { return this.#samples.length > 0; }

  /** Server minus device, in milliseconds. */
  get offset() {
    if (this.#samples.length === 0) return 0;
    return this.#samples.reduce((best, sample) => (sample.trip < best.trip ? sample : best)).offset;
  }

  /** Unix milliseconds by the server's clock. */
  now() { return Math.round(Date.now() + this.offset); }

  /** Takes one exchange: sent t0, arrived t1, answered t2 (both the server's), received t3. */
  add({ t0, t1, t2 }, t3) {
    const sample = { offset: (t1 - t0 + (t2 - t3)) / 2, trip: t3 - t0 - (t2 - t1) };
    // A device clock that was set makes the old samples lies.
    if (this.isMeasured && Math.abs(sample.offset - this.offset) > sample.trip / 2 + 1000) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }
}
