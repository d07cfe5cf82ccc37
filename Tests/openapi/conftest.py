import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))

from served import Served  # noqa: E402


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("data"), REQUESTS_PER_MINUTE="1000000").start()
    yield server
    server.stop()
