"""Reads of a database with years of training: seeds it, asks 200 requests/s of it, and compares its indexes.

usage: training.py BUILD_FOLDER [--keep FOLDER] [--runs N] [--seconds N] [--only load|indexes]

With --keep the database stays in FOLDER and is used again by the next run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from server import serving

K6 = os.path.join(".venv", "bin", "k6")
SCRIPT = os.path.join("loadtest", "k6", "training.js")
# As in the thresholds of the script.
LIMITS = {"indexed": 50, "analytics": 250}


def seed(build, folder):
    """Fills a database of 100,000 users in `folder`, unless it is there."""
    accounts = os.path.join(folder, "training.jsonl")
    if os.path.exists(accounts):
        return accounts
    environment = dict(os.environ, DATA_DIR=os.path.join(folder, "var"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    begun = time.monotonic()
    subprocess.run([os.path.join(build, "fitai-seed"), "--out", accounts], env=environment, check=True)
    seconds = time.monotonic() - begun
    print(f"seeded in {seconds:.0f} s", flush=True)
    if seconds > 300:
        raise SystemExit("seeding took more than five minutes")
    return accounts


def ask(port, accounts, seconds, figures):
    """One run of the script; answers its metrics and whether its thresholds held."""
    done = subprocess.run(
        [K6, "run", "--quiet", "--summary-export", figures, "-e", f"SERVER=http://127.0.0.1:{port}",
         "-e", f"ACCOUNTS={os.path.abspath(accounts)}", "-e", f"SECONDS={seconds}", SCRIPT],
        stdout=subprocess.DEVNULL, check=False)
    with open(figures, encoding="utf-8") as file:
        return json.load(file)["metrics"], done.returncode == 0


def figures(metrics, label, value):
    return metrics.get("http_req_duration{" + f"{label}:{value}" + "}", {})


def load(build, folder, accounts, runs, seconds):
    """Prints what each run saw and the medians; answers whether the medians are within the limits."""
    with serving(build, folder, REQUESTS_PER_MINUTE="1000000") as (port, _):
        # What a server that has run for a while has in its memory.
        ask(port, accounts, 10, os.path.join(folder, "figures.json"))
        results = []
        for number in range(runs):
            metrics, held = ask(port, accounts, seconds, os.path.join(folder, "figures.json"))
            results.append(metrics)
            line = "; ".join(
                f"{kind} p50 {figures(metrics, 'kind', kind)['med']:.1f} p99 {figures(metrics, 'kind', kind)['p(99)']:.1f} ms"
                for kind in LIMITS)
            requests, dropped = metrics["http_reqs"]["count"], metrics.get("dropped_iterations", {}).get("count", 0)
            print(f"run {number + 1}: {requests} requests, {dropped} dropped; {line}; thresholds {'held' if held else 'BROKEN'}",
                  flush=True)
    names = sorted(
        {key.split("name:", 1)[1].rstrip("}") for metrics in results for key in metrics if "{name:" in key})
    print(f"\n{'read':28} {'p50 ms':>8} {'p99 ms':>8} {'max':>8}   medians of {runs} runs of {seconds} s")
    for name in names:
        rows = [figures(metrics, "name", name) for metrics in results]
        cells = " ".join(f"{statistics.median(row[key] for row in rows):8.1f}" for key in ("med", "p(99)", "max"))
        print(f"{name:28} {cells}")
    is_fast = True
    for kind, limit in LIMITS.items():
        median = statistics.median(figures(metrics, "kind", kind)["p(99)"] for metrics in results)
        print(f"{kind + ' reads':28} p99 {median:.1f} ms, target {limit} ms")
        is_fast = is_fast and median < limit
    return is_fast


def indexes(build, folder):
    environment = dict(os.environ, DATA_DIR=os.path.join(folder, "var"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    return subprocess.run([os.path.join(build, "fitai-bench"), "indexes"], env=environment, check=False).returncode == 0


def measure(arguments, folder):
    # The private Postgres runs as another user when we are root.
    os.chmod(folder, 0o755)
    accounts = seed(arguments.build, folder)
    good = True
    if arguments.only != "indexes":
        good = load(arguments.build, folder, accounts, arguments.runs, arguments.seconds)
    if arguments.only != "load":
        print(flush=True)
        good = indexes(arguments.build, folder) and good
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--keep")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=["load", "indexes"])
    arguments = parser.parse_args()
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
        sys.exit(not measure(arguments, arguments.keep))
    with tempfile.TemporaryDirectory(prefix="fitai-training-") as folder:
        sys.exit(not measure(arguments, folder))


main()
