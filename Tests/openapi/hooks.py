"""Signs generated requests in, and puts ids of things that exist where a generated id would name nothing."""

import itertools
import json
import os
import random
import re
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies

ADDRESS = os.environ["FITAI_ADDRESS"]
PASSWORD = "weights-9-barbells"
# Calls that may end the session or the account they are made with.
ENDING = re.compile(r"^(?!GET )\w+ /v1/(auth/|users/account)")
UUIDV7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", re.IGNORECASE)

# The format alone says any version; the pattern beside it says 7.
schemathesis.openapi.format("uuid", strategies.integers(0, (1 << 128) - 1).map(
    lambda number: str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))))

names = itertools.count(1)


def call(method, path, body=None, token=None):
    request = urllib.request.Request(ADDRESS + path, method=method)
    if token:
        request.add_header("authorization", f"Bearer {token}")
    data = None
    if body is not None:
        request.add_header("content-type", "application/json")
        data = json.dumps(body).encode()
    with urllib.request.urlopen(request, data=data, timeout=300) as response:
        text = response.read()
        return json.loads(text) if text else None


def register():
    name = f"run_{os.getpid()}_{next(names)}"
    account = {"email": f"{name}@example.org", "username": name, "password": PASSWORD, "displayName": "Mara"}
    return call("POST", "/v1/auth/register", account)


@schemathesis.auth(refresh_interval=600)
class Member:
    """One user for nearly everything, so that what was made is met again; a new one for what ends sessions."""

    def get(self, case, context):
        return os.environ["FITAI_TOKEN"]

    def set(self, case, data, context):
        operation = f"{case.method.upper()} {case.operation.path}"
        token = register()["tokens"]["accessToken"] if ENDING.match(operation) else data
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


known = json.loads(os.environ["FITAI_KNOWN"])


def kind(operation, name):
    if name == "userId":
        return "user"
    if name == "id" and "/exercises/" in operation.path and "/workouts/" not in operation.path:
        return "exercise"
    if name == "id" and "/workouts/" in operation.path:
        return "workout"
    if name == "exerciseId":
        return "entry"
    return {"setId": "set"}.get(name)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every second well-formed id becomes one that exists; malformed ones stay as they are."""
    if not path_parameters:
        return path_parameters
    mapped = dict(path_parameters)
    if random.random() < 0.5:
        for name, value in path_parameters.items():
            ids = known.get(kind(context.operation, name))
            if ids and isinstance(value, str) and UUIDV7.match(value):
                mapped[name] = random.choice(ids)
    return mapped
