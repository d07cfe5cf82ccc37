import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "spec"))

from served import Served  # noqa: E402

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def served():
    server = Served(REQUESTS_PER_MINUTE="1000000").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def generated(served, tmp_path_factory):
    """Where the specification lies and the code that generators make of it."""
    place = tmp_path_factory.mktemp("generated")
    (place / "openapi.json").write_text(json.dumps(served.call("GET", "/v1/openapi.json")))
    sys.path.insert(0, str(place))
    yield place
    sys.path.remove(str(place))


def run(*arguments, directory):
    command = [sys.executable, "-m", *arguments]
    ran = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


@pytest.fixture(scope="session")
def client(generated):
    """The package that openapi-python-client makes."""
    told = run(
        "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none", "--output-path",
        "fitai_client", "--config", str(HERE / "openapi-python-client.yaml"), directory=generated)
    assert "WARNING" not in told and "ERROR" not in told, told
    return importlib.import_module("fitai_client")


@pytest.fixture(scope="session")
def models(generated):
    """The module of pydantic models that datamodel-code-generator makes."""
    run(
        "datamodel_code_generator", "--input", "openapi.json", "--input-file-type", "openapi", "--output",
        "fitai_models.py", "--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11",
        "--formatters", "builtin", directory=generated)
    return importlib.import_module("fitai_models")
