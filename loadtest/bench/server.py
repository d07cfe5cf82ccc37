"""A server of the bench's own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(server, url):
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("fitai serve did not start")


@contextlib.contextmanager
def serving(build, folder, **settings):
    """`fitai serve` with a private Postgres that waits for its disk; answers its port. Settings are variables."""
    port = free_port()
    environment = dict(
        os.environ, HOST="127.0.0.1", PORT=str(port), OPS_PORT=str(free_port()), DATA_DIR=os.path.join(folder, "var"),
        LOG_LEVEL="error", CONNECTIONS_PER_ADDRESS="100000", SILENT_CONNECTIONS_PER_ADDRESS="100000", **settings)
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    server = subprocess.Popen([os.path.join(build, "fitai"), "serve"], env=environment)
    try:
        wait_until_ready(server, f"http://127.0.0.1:{port}/v1/health")
        yield port, environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
