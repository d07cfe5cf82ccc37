"""The real server as a child process; it can be killed and started again on the same data."""

import atexit
import email
import email.policy
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FITAI_BINARY") or ROOT / ".build/debug/fitai"
# Watchdogs: nothing is expected to take so long, on however slow a machine.
PATIENCE_SECONDS = 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def home():
    """Memory where there is room, so that nobody waits for a disk; else the usual place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= 2 << 30 else None


class Served:
    def __init__(self, **environment):
        # Not pytest's own directory, which is closed to the user as whom Postgres runs when we are root: the database would
        # lie elsewhere, under the name of this path, and a later run that gets the same path would find it.
        self.data = Path(tempfile.mkdtemp(prefix="fitai-tests-", dir=home()))
        self.data.chmod(0o755)
        atexit.register(shutil.rmtree, self.data, ignore_errors=True)
        # A copy in which links are files: the tests' pages read what lies in spec/, and the server serves no links.
        self.pages = shutil.copytree(ROOT / "web", self.data / "pages")
        # Variables of the server beside those that every test sets.
        self.environment = environment
        # The same port again after a restart, as the pages expect.
        self.port = free_port()
        self.process = None
        self.log = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        environment = {
            "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LOG_FORMAT": "json",
            "PORT": str(self.port), "OPS_PORT": "0", "DATA_DIR": str(self.data), "WEB_DIR": str(self.pages),
            "EXPLORER_DIR": str(ROOT / ".explorer"), **self.environment,
        }
        command = ["setpriv", "--pdeathsig", "KILL", "--", str(BINARY), "serve"]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, lines), daemon=True).start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
            if line is None:
                raise RuntimeError("the server ended:\n" + "\n".join(self.log))
            if '"message":"ready"' in line:
                return self

    def _read(self, output, lines):
        for line in output:
            self.log.append(line.rstrip())
            lines.put(line)
        lines.put(None)

    def kill(self):
        """As a power cut would: kill -9, nothing flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_SECONDS)

    def errors(self):
        """What the server logged as an error."""
        return [line for line in self.log if '"level":"error"' in line or '"level":"critical"' in line]

    def verify(self, address):
        """Opens the link of the mail to this address, which a job writes soon after registering."""
        return self.call("GET", self.link(address, r"/v1/auth/verify-email\?token=\S+"))

    def link(self, address, pattern):
        """Such a link of the latest mail to the address that has one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            link = self.mailed(address, pattern)
            if link:
                return link
            time.sleep(0.05)
        raise AssertionError(f"no mail to {address}")

    def mails(self):
        """The files of all mails, oldest first."""
        return sorted((self.data / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)

    def mailed(self, address, pattern):
        for path in reversed(self.mails()):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = address in mail["To"] and re.search(pattern, mail.get_body(("plain",)).get_content())
            if found:
                return found.group(0)
        return None

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.address + path, method=method)
        request.add_header("accept", "application/json")
        if token:
            request.add_header("authorization", f"Bearer {token}")
        data = None
        if body is not None:
            request.add_header("content-type", "application/json")
            data = json.dumps(body).encode()
        with urllib.request.urlopen(request, data=data, timeout=PATIENCE_SECONDS) as response:
            text = response.read()
            return json.loads(text) if text else None
