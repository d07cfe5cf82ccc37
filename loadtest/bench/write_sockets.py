"""The write path over sockets: a server of its own, athletes that stream sets, until the highest rate that holds.

usage: write_sockets.py BUILD_FOLDER [--quick]
"""

import json
import os
import subprocess
import sys
import tempfile

from server import serving

# A connection may send 50 ops/s; half of that leaves room for late ticks.
SETS_PER_ATHLETE = 25


def run(build, folder, port, rate, seconds):
    figures = os.path.join(folder, "figures.json")
    # It exits with 1 when the run was not sound; the figures say so too.
    subprocess.run(
        [os.path.join(build, "fitai-load"), "live", "--server", f"http://127.0.0.1:{port}", "--accounts",
         os.path.join(folder, "accounts.jsonl"), "--athletes", str(max(40, rate // SETS_PER_ATHLETE)), "--watchers", "0",
         "--rate", str(rate), "--seconds", str(seconds), "--json", figures],
        stdout=subprocess.DEVNULL, check=False)
    with open(figures, encoding="utf-8") as file:
        return json.load(file)


def main():
    build, quick = sys.argv[1], "--quick" in sys.argv
    with tempfile.TemporaryDirectory(prefix="fitai-bench-") as folder:
        # The private Postgres runs as another user when we are root.
        os.chmod(folder, 0o755)
        measure(build, folder, quick)


def measure(build, folder, quick):
    with serving(build, folder) as (port, environment):
        seed = [os.path.join(build, "fitai"), "seed", "--users", "1000", "--out", os.path.join(folder, "accounts.jsonl")]
        subprocess.run(seed, env=environment, check=True, stdout=subprocess.DEVNULL)
        print("write path over sockets, no watchers; a private Postgres on this disk, the generator on the same 2 cores")
        print(f"{'sets/s':>8} {'seconds':>8} {'sent':>9} {'refused':>8} {'applied p50':>12} {'p99 ms':>8} "
              f"{'durable p50':>12} {'p99 ms':>8}  target")
        missed = False
        runs = [(2000, 10 if quick else 30, 10.0), (5000, 10 if quick else 60, None)]
        runs += [] if quick else [(rate, 15, None) for rate in (7500, 10000, 12500, 15000, 17500, 20000)]
        for rate, seconds, target in runs:
            result = run(build, folder, port, rate, seconds)
            applied, durable = result["applied"], result["durable"]
            refused = sum(result["refusals"].values())
            # A second of lag is a queue that grows.
            holds = result["sound"] and not refused and durable["p99"] < 1_000_000
            reached = holds and (target is None or durable["p99"] / 1000 < target)
            verdict = f"p99 < {target:g} ms " if target else "holds "
            print(f"{rate:8,} {seconds:8} {result['sent']:9,} {refused:8,} {applied['p50'] / 1000:12.2f} "
                  f"{applied['p99'] / 1000:8.2f} {durable['p50'] / 1000:12.2f} {durable['p99'] / 1000:8.2f}  "
                  f"{verdict}{'ok' if reached else 'MISSED' if rate <= 5000 else 'no'}", flush=True)
            missed |= not reached and rate <= 5000
            if not holds:
                break
        raise SystemExit(1 if missed else 0)


main()
