import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))

from s3_store import Store  # noqa: E402
from served import Served  # noqa: E402


@pytest.fixture
def store():
    store = Store().start()
    yield store
    store.stop()


@pytest.fixture
def served(store):
    """The server with its files in the store."""
    server = Served(**store.variables).start()
    yield server
    server.stop()
