"""The fan-out against a C server that only copies bytes: pairs in one run, medians, and the targets.

usage: fan_out.py BENCH_BINARY [--quick]
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/v1/live"


def compile_reference(folder):
    for name in ("epoll", "reader"):
        source = os.path.join(HERE, "reference", name + ".c")
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", os.path.join(folder, name), source], check=True)


@contextlib.contextmanager
def serving(command):
    """A server that has said it is ready."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout.readline().strip() != "ready":
            raise SystemExit(f"{command[0]} did not start")
        yield server.pid
    finally:
        server.kill()
        server.wait()


class Contest:
    def __init__(self, bench, folder, quick):
        self.folder = folder
        self.pairs = 1 if quick else 5
        self.seconds = 1 if quick else 3
        self.servers = {
            "C": ([os.path.join(folder, "epoll"), "9811"], "9811", "raw"),
            "Swift": ([bench, "fan-out-server", "--port", "9812"], "9812", "masked"),
        }

    def measure(self, name, watchers, mode, argument, seconds=None, extra=()):
        command, port, framing = self.servers[name]
        with serving(command + list(extra)) as pid:
            reader = [os.path.join(self.folder, "reader"), port, PATH, str(watchers), mode, str(argument)]
            reader += [str(seconds or self.seconds), framing, str(pid)]
            line = subprocess.run(reader, check=True, capture_output=True, text=True).stdout
        result = {key: float(value) for key, value in (pair.split("=") for pair in line.split())}
        if result.get("faults") or result.get("missing"):
            raise SystemExit(f"{name}: {line}")
        return result

    def cpu_pairs(self, watchers, burst):
        """Deliveries per CPU-second of both, and their ratio: the medians of pairs run right after each other."""
        rounds = []
        for pair in range(self.pairs):
            order = ("C", "Swift") if pair % 2 == 0 else ("Swift", "C")
            rounds.append({name: self.measure(name, watchers, "closed", burst)["per_cpu_s"] for name in order})
        return (
            statistics.median(r["C"] for r in rounds),
            statistics.median(r["Swift"] for r in rounds),
            statistics.median(r["Swift"] / r["C"] for r in rounds),
        )

    def latency_pairs(self, watchers, rate):
        rounds = []
        for pair in range(self.pairs):
            order = ("C", "Swift") if pair % 2 == 0 else ("Swift", "C")
            rounds.append({name: self.measure(name, watchers, "open", rate) for name in order})
        return rounds


def verdict(reached):
    return "ok" if reached else "MISSED"


def main():
    bench, quick = sys.argv[1], "--quick" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        compile_reference(folder)
        contest = Contest(bench, folder, quick)
        missed = False
        print(f"fan-out, 155-byte frames, one event loop, plaintext; medians of {contest.pairs} pairs")
        print(f"{'deliveries per CPU-second':34} {'C':>12} {'Swift':>12} {'ratio':>7}  target")
        for burst, target in ((1, 0.8), (16, 0.6)):
            for watchers in (500, 2000):
                c, swift, ratio = contest.cpu_pairs(watchers, burst)
                missed |= ratio < target
                label = f"{watchers} watchers, {burst} waiting"
                print(f"{label:34} {c:12,.0f} {swift:12,.0f} {ratio:7.2f}  {target} {verdict(ratio >= target)}")
        rounds = contest.latency_pairs(1000, 20000)
        c = statistics.median(r["C"]["p99_ms"] for r in rounds)
        swift = statistics.median(r["Swift"]["p99_ms"] for r in rounds)
        ratio = statistics.median(r["Swift"]["p99_ms"] / r["C"]["p99_ms"] for r in rounds)
        missed |= ratio > 1.5
        print(f"{'p99 ms, 1,000 watchers, 20,000/s':34} {c:12.2f} {swift:12.2f} {ratio:7.2f}  1.5 {verdict(ratio <= 1.5)}")
        full = contest.measure("Swift", 2000, "open", 400_000, 3 * contest.seconds)
        arrived = full["missing"] == 0
        missed |= not arrived
        print(
            f"400,000/s to 2,000 watchers: {full['deliveries']:,.0f} arrived, {full['missing']:,.0f} missing, "
            f"p50 {full['p50_ms']:.1f} ms, p99 {full['p99_ms']:.1f} ms  {verdict(arrived)}"
        )
        idle = contest.measure("Swift", 1000 if quick else 10000, "idle", "-", 2)
        small = idle["bytes_each"] <= 10 * 1024
        missed |= not small
        print(f"idle connection: {idle['bytes_each']:,.0f} bytes of resident memory, target 10,240  {verdict(small)}")
        raise SystemExit(1 if missed else 0)


main()
