#!/usr/bin/env python3
"""Runs the published Autobahn suite, unmodified, against the echo target; ends with 1 if a case failed.

Usage: python3 Tests/autobahn/published.py [--cases 1.* 12.*] [--report DIRECTORY]

The suite (PyPI: autobahntestsuite 0.8.2) runs on Python 2.7 alone. One is looked for on PATH and among pyenv's versions;
without it this says so and ends with 0. The suite is installed once, into .build/autobahn.
"""

import argparse
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = os.environ.get("ECHO_TARGET", str(ROOT / ".build" / "debug" / "EchoTarget"))
SUITE = "autobahntestsuite==0.8.2"
# The last one that makes environments for Python 2.7.
VIRTUALENV = "virtualenv==20.21.1"
# What the suite calls a pass: informational cases have no right answer, and unimplemented is what was not negotiated.
PASSES = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}


def python27():
    """A Python 2.7 that runs, or None."""
    places = [shutil.which("python2.7"), shutil.which("python2")]
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    places += glob.glob(os.path.join(pyenv, "versions", "2.7*", "bin", "python2.7"))
    for place in filter(None, places):
        # pyenv's shims stand on PATH also for versions that are not chosen; they fail when they are run.
        told = subprocess.run([place, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True)
        if told.returncode == 0 and told.stdout.strip() == "(2, 7)":
            return place
    return None


def installed(python):
    """The path of `wstest`."""
    home = ROOT / ".build" / "autobahn"
    wstest = home / "suite" / "bin" / "wstest"
    if wstest.exists():
        return str(wstest)
    quiet = ["--quiet", "--disable-pip-version-check"]
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", home / "tool"], check=True)
    subprocess.run([home / "tool/bin/python", "-m", "pip", "install", *quiet, VIRTUALENV], check=True)
    subprocess.run([home / "tool/bin/virtualenv", "--quiet", "--python", python, home / "suite"], check=True)
    subprocess.run([home / "suite/bin/pip", "install", *quiet, "--no-python-version-warning", SUITE], check=True)
    return str(wstest)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(wstest, cases, report):
    """What the suite says of each case: its behaviour, and how it saw the connection close."""
    port = free_port()
    target = subprocess.Popen([TARGET, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert "echo target" in target.stdout.readline(), "the echo target did not start"
        specification = {
            "servers": [{"agent": "fitai", "url": f"ws://127.0.0.1:{port}/"}], "outdir": str(report), "cases": cases,
            "exclude-cases": [], "exclude-agent-cases": {},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(specification, file)
            file.flush()
            log = report / "wstest.log"
            with open(log, "w") as output:
                ran = subprocess.run(
                    [wstest, "-m", "fuzzingclient", "-s", file.name], stdout=output, stderr=output, cwd=report)
        assert ran.returncode == 0, f"wstest ended with {ran.returncode}: see {log}"
        assert target.poll() is None, f"the echo target died with {target.poll()}"
    finally:
        target.terminate()
        target.wait(timeout=60)
    return json.loads((report / "index.json").read_text())["fitai"]


def order(case):
    return [int(part) for part in case.split(".")]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", nargs="+", default=["*"], help="patterns, by default all 517")
    arguments.add_argument("--report", type=Path, default=ROOT / ".build" / "autobahn" / "report")
    chosen = arguments.parse_args()
    python = python27()
    if python is None:
        print("autobahn: there is no Python 2.7 on PATH or under pyenv, so the published suite is not run")
        return 0
    report = chosen.report.absolute()
    wstest = installed(python)
    shutil.rmtree(report, ignore_errors=True)
    report.mkdir(parents=True)
    verdicts = run(wstest, chosen.cases, report)
    counts = Counter(verdict["behavior"] for verdict in verdicts.values())
    told = ", ".join(f"{count} {behavior}" for behavior, count in counts.most_common())
    print(f"autobahn: {len(verdicts)} cases: {told}; the report is {report / 'index.html'}")
    failed = [
        case for case, verdict in verdicts.items()
        if verdict["behavior"] not in PASSES or verdict["behaviorClose"] not in PASSES
    ]
    for case in sorted(failed, key=order):
        print(f"autobahn: {case} failed: {verdicts[case]['behavior']}, close {verdicts[case]['behaviorClose']}")
    if chosen.cases == ["*"] and len(verdicts) != 517:
        print(f"autobahn: {len(verdicts)} cases have a verdict, not 517")
        return 1
    return 1 if failed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
