"""The served specification: a valid document, its examples keep its own schemas, and generated requests break nothing."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import pytest
from served import ROOT

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("FITAI_OPENAPI_SECONDS", "60"))


@pytest.fixture(scope="module")
def specification(served):
    return served.call("GET", "/v1/openapi.json")


def test_the_document_is_openapi(specification):
    from schemathesis import openapi

    schema = openapi.from_dict(specification)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 40
    assert specification["openapi"].startswith("3.1")


def test_every_example_keeps_its_schema(specification):
    def check(example, schema):
        jsonschema.Draft202012Validator({**schema, "components": specification["components"]}).validate(example)

    for schema in specification["components"]["schemas"].values():
        if "example" in schema:
            check(schema["example"], schema)
    for path in specification["paths"].values():
        for operation in path.values():
            contents = [operation.get("requestBody", {})] + list(operation["responses"].values())
            for content in contents:
                for media in content.get("content", {}).values():
                    if "example" in media:
                        check(media["example"], media["schema"])
            for parameter in operation.get("parameters", []):
                if "example" in parameter:
                    check(parameter["example"], parameter["schema"])


def test_the_explorer_is_served_under_its_policy(served):
    with urllib.request.urlopen(f"{served.address}/docs") as answer:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy
        assert b"/docs/docs.js" in answer.read()
    with urllib.request.urlopen(f"{served.address}/docs/swagger-ui/swagger-ui-bundle.js") as answer:
        assert answer.headers["content-type"].startswith("text/javascript")


def member(served, name, verified=True):
    account = {"email": f"{name}@example.org", "username": name, "password": "weights-9-barbells", "displayName": name}
    signed_in = served.call("POST", "/v1/auth/register", account)
    if verified:
        served.verify(account["email"])
    return signed_in["user"]["id"], signed_in["tokens"]["accessToken"]


def things(served, token):
    """What the generated requests may meet: a workout under way with an entry and a set, exercises, other users."""
    others = [member(served, f"other_{number}", verified=number == 0)[0] for number in range(3)]
    exercises = served.call("GET", "/v1/exercises?limit=3", token=token)["items"]
    workout = served.call("POST", "/v1/workouts", {}, token=token)["id"]
    entry = served.call("POST", f"/v1/workouts/{workout}/exercises", {"exerciseId": exercises[0]["id"]}, token=token)["id"]
    logged = served.call(
        "POST", f"/v1/workouts/{workout}/exercises/{entry}/sets", {"weightKg": 100, "reps": 5}, token=token)["id"]
    return {
        "user": others, "exercise": [exercise["id"] for exercise in exercises], "workout": [workout],
        "entry": [entry], "set": [logged],
    }


def test_generated_requests_get_documented_answers(served, tmp_path):
    _, token = member(served, "member")
    environment = {
        **os.environ, "FITAI_ADDRESS": served.address, "FITAI_TOKEN": token,
        "FITAI_KNOWN": json.dumps(things(served, token)), "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
    }
    # One worker: Python 3.11 cannot parse its own source in two threads at once, which the generator does now and then.
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{served.address}/v1/openapi.json", "--checks", "all", "--max-time", str(SECONDS), "--max-examples", "15",
        "--request-timeout", "120", "--continue-on-failure", "--workers", "1", "--no-shrink", "--warnings", "off",
    ]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600)
    assert run.returncode == 0, run.stdout[-20000:]
    assert not served.errors(), served.errors()[:20]


def test_the_root_has_the_explorer(served):
    assert (ROOT / ".explorer" / "swagger-ui-bundle.js").exists(), "scripts/setup.sh test installs it"
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{served.address}/docs/swagger-ui/LICENSE")
    assert refusal.value.code == 404
