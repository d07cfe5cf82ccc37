import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))

from served import Served  # noqa: E402


@pytest.fixture(scope="module")
def served():
    server = Served(REQUESTS_PER_MINUTE="1000000").start()
    yield server
    server.stop()
