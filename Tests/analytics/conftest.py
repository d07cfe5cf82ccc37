import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))

from athlete import Athlete
from served import Served


@pytest.fixture(scope="session")
def served():
    server = Served(REQUESTS_PER_MINUTE="100000").start()
    yield server
    server.stop()
    assert server.errors() == []


@pytest.fixture(scope="session")
def library(served):
    reader = Athlete(served, "reader", "UTC", "monday")
    return {exercise["name"]: exercise for exercise in reader.pages("/v1/exercises")}
