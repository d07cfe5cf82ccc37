import os
import socket
import subprocess

import pytest

from peer import Peer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("ECHO_TARGET", os.path.join(ROOT, ".build", "debug", "EchoTarget"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def port():
    """The port of a running echo target."""
    number = free_port()
    target = subprocess.Popen([TARGET, "--port", str(number)], stdout=subprocess.PIPE, text=True)
    try:
        assert "echo target" in target.stdout.readline()
        yield number
        assert target.poll() is None, "the echo target died"
    finally:
        target.terminate()
        target.wait(timeout=300)


@pytest.fixture
def peer(port):
    with Peer(port) as connection:
        yield connection


@pytest.fixture
def connect(port):
    """Opens connections with extensions of the test's choice."""
    opened = []

    def open_one(extensions=None):
        opened.append(Peer(port, extensions))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.socket.close()
