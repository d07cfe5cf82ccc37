"""The import of a year of training: the 7,211 rows of a real Hevy export, each time by a new athlete.

usage: imports.py BUILD_FOLDER [--runs N]

The reference is plain COPY of the same file into a table of its own, in the same Postgres.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from server import serving

LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Fixtures/logs/hevy_kg.csv")
TARGET_SECONDS = 3.0


def post(url, body, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST"), timeout=120) as response:
        assert response.status in (200, 201), f"{url} answered {response.status}: it was not done at once"
        return json.load(response)


def importing(address, token):
    """Seconds until the import's answer, and its report."""
    with open(LOG, "rb") as file:
        rows = file.read()
    began = time.monotonic()
    answer = post(f"{address}/v1/workouts/import?unknownExercises=create", rows,
                  **{"Content-Type": "text/csv", "Authorization": f"Bearer {token}"})
    return time.monotonic() - began, answer["report"]


def copying(folder):
    """Seconds of COPY as Postgres's client tells them."""
    with open(LOG, encoding="utf-8") as file:
        columns = ", ".join(f"{name.strip().strip(chr(34))} text" for name in file.readline().split(","))
    script = f"create table copied ({columns});\n\\timing on\n\\copy copied from '{LOG}' csv header\n" \
             "\\timing off\ndrop table copied;\n"
    told = subprocess.run(
        ["psql", "-qX", f"host={os.path.join(folder, 'var/postgres')} port=5432 user=fitai dbname=fitai"],
        input=script, text=True, capture_output=True, check=True).stdout
    return float(told.split("Time: ")[1].split(" ms")[0]) / 1000


def main():
    build = sys.argv[1]
    runs = int(sys.argv[sys.argv.index("--runs") + 1]) if "--runs" in sys.argv else 5
    with tempfile.TemporaryDirectory(prefix="fitai-bench-") as folder:
        # The private Postgres runs as another user when we are root.
        os.chmod(folder, 0o755)
        with serving(build, folder) as (port, environment):
            out = os.path.join(folder, "accounts.jsonl")
            subprocess.run([os.path.join(build, "fitai"), "seed", "--users", str(runs), "--out", out],
                           env=environment, check=True, stdout=subprocess.DEVNULL)
            with open(out, encoding="utf-8") as file:
                tokens = [json.loads(line)["token"] for line in file]
            first, again, copies = [], [], []
            for token in tokens:
                seconds, report = importing(f"http://127.0.0.1:{port}", token)
                first.append(seconds)
                seconds, second = importing(f"http://127.0.0.1:{port}", token)
                again.append(seconds)
                assert second["workouts"]["created"] == second["workouts"]["updated"] == 0, "a second import changed something"
                copies.append(copying(folder))
    median = statistics.median(first)
    print(f"import of {report['workouts']['created']} workouts, {report['sets']['created']:,} sets; {runs} athletes")
    print(f"{'':34}{'median':>9} {'longest':>9}")
    for name, seconds in (("import", first), ("the same file again", again), ("COPY of its rows (reference)", copies)):
        print(f"{name:34}{statistics.median(seconds):7.2f} s {max(seconds):7.2f} s")
    print(f"under {TARGET_SECONDS:g} s: {'ok' if median < TARGET_SECONDS else 'MISSED'}")
    raise SystemExit(0 if median < TARGET_SECONDS else 1)


main()
