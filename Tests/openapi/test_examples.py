"""Every example of a body in the specification is sent as it stands, and accepted.

Only what an example cannot know is put in: ids of things that exist, tokens that were given out, and ids that are new.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import re
import time
import urllib.error
import uuid

import pytest
from served import Served

# Calls that end the session or change the password: last, in this order.
LAST = [
    "POST /v1/users/second-factor", "POST /v1/users/second-factor/confirm", "POST /v1/auth/second-factor",
    "POST /v1/users/second-factor/recovery-codes", "DELETE /v1/users/second-factor",
    "POST /v1/auth/verify-email", "PUT /v1/auth/email", "POST /v1/auth/confirm-email", "PUT /v1/auth/password",
    "POST /v1/auth/forgot-password", "POST /v1/auth/reset-password",
    "POST /v1/auth/refresh", "POST /v1/auth/logout", "DELETE /v1/users/account",
]

# What no call of ours can make: the example is read, the password in it is right, and its id names nothing.
OF_NOTHING = [("DELETE /v1/auth/identities/{id}", 404)]


def totp(secret):
    """The code of an authenticator app (RFC 6238)."""
    count = int(time.time() // 30).to_bytes(8)
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), count, hashlib.sha1)
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start:start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def uuid7():
    number = int(time.time() * 1000) << 80 | uuid.uuid4().int & (1 << 80) - 1
    return str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))


@pytest.fixture(scope="module")
def fresh():
    """A server of its own: the example's account is registered here."""
    server = Served(REQUESTS_PER_MINUTE="1000000").start()
    yield server
    server.stop()


class Rehearsal:
    """What the examples speak of: an account, and one of each thing that a path names."""

    def __init__(self, served, examples):
        self.served, self.examples = served, examples
        self.account = examples["POST /v1/auth/register"]
        self.signed_in = served.call("POST", "/v1/auth/register", self.account)
        served.verify(self.account["email"])
        self.exercise = self.call("GET", "/v1/exercises?limit=1")["items"][0]["id"]
        self.other, self.other_token = self.member("other")

    def call(self, method, path, body=None):
        return self.served.call(method, path, body, token=self.signed_in["tokens"]["accessToken"])

    def sign_in(self, password):
        self.signed_in = self.served.call("POST", "/v1/auth/login", {"login": "mara", "password": password})

    def challenge(self):
        """What a sign-in with the password alone is answered where there is a second factor."""
        with pytest.raises(urllib.error.HTTPError) as refusal:
            self.sign_in(self.account["password"])
        return json.loads(refusal.value.read())["challenge"]

    def member(self, name):
        account = {**self.account, "email": f"{name}@example.org", "username": name}
        signed_in = self.served.call("POST", "/v1/auth/register", account)
        return signed_in["user"]["id"], signed_in["tokens"]["accessToken"]

    def make(self, path, **members):
        """Something made by its own example."""
        return self.call("POST", path, {**self.filled(self.examples[f"POST {path}"]), **members})["id"]

    def filled(self, example):
        """The example with an exercise that exists, and new ids for what is made."""
        if isinstance(example, list):
            return [self.filled(each) for each in example]
        if not isinstance(example, dict):
            return example
        known = {"exerciseId": lambda: self.exercise, "id": uuid7, "userId": lambda: self.other}
        return {name: known[name]() if name in known else self.filled(value) for name, value in example.items()}

    def workout(self, state="active"):
        members = {"plannedFor": "2040-01-01"} if state == "planned" else {"startedAt": "2025-11-22T09:00:00Z"}
        workout = self.call("POST", "/v1/workouts", members)["id"]
        step = {"paused": "pause", "completed": "complete"}.get(state)
        if step:
            self.call("POST", f"/v1/workouts/{workout}/{step}", {"at": "2025-11-22T09:30:00Z"})
        return workout

    def ids(self, method, path):
        """An id for each parameter of the path."""
        last = path.rsplit("/", 1)[1]
        if path.startswith("/v1/workouts/{id}"):
            changes = (method, last) == ("PUT", "{id}")
            state = "completed" if changes else {"resume": "paused", "start": "planned"}.get(last, "active")
            ids = {"id": self.workout(state)}
            if "{exerciseId}" in path:
                ids["exerciseId"] = self.call(
                    "POST", f"/v1/workouts/{ids['id']}/exercises", {"exerciseId": self.exercise})["id"]
            if "{setId}" in path:
                sets = f"/v1/workouts/{ids['id']}/exercises/{ids['exerciseId']}/sets"
                ids["setId"] = self.call("POST", sets, {"reps": 5})["id"]
            return ids
        if path == "/v1/exercises/{id}/rate":
            return {"id": self.trained()}
        if path == "/v1/templates/{id}/rate":
            return {"id": self.others_template_trained()}
        if path == "/v1/users/friends/{userId}":
            user, token = self.member("asking")
            self.served.verify("asking@example.org")
            self.served.call("POST", "/v1/users/friends/request", {"userId": self.signed_in["user"]["id"]}, token=token)
            return {"userId": user}
        made = {
            "/v1/exercises/{id}": {"name": f"Squat {uuid7()[-6:]}"},
            "/v1/progress/body/{id}": {"measuredAt": "2025-11-21T10:00:00Z"},
        }
        collection = path.removesuffix("/{id}")
        if path == "/v1/auth/identities/{id}":
            return {"id": uuid7()}
        return {"id": self.make(collection, **made.get(path, {}))} if path.endswith("/{id}") else {}

    def trained(self):
        """An exercise that was logged: only those are rated."""
        workout = self.workout()
        entry = self.call("POST", f"/v1/workouts/{workout}/exercises", {"exerciseId": self.exercise})["id"]
        self.call("POST", f"/v1/workouts/{workout}/exercises/{entry}/sets", {"reps": 5})
        self.call("POST", f"/v1/workouts/{workout}/complete", {})
        return self.exercise

    def others_template_trained(self):
        """Somebody else's template that was trained: only those are rated."""
        self.served.verify("other@example.org")
        example = {**self.filled(self.examples["POST /v1/templates"]), "visibility": "public"}
        template = self.served.call("POST", "/v1/templates", example, token=self.other_token)["id"]
        workout = self.call("POST", "/v1/workouts", {"templateId": template, "day": 1})
        entry = workout["exercises"][0]["id"]
        self.call("POST", f"/v1/workouts/{workout['id']}/exercises/{entry}/sets", {"reps": 5})
        self.call("POST", f"/v1/workouts/{workout['id']}/complete", {})
        return template

    def lock_out(self):
        """Turns on a second factor of another account; answers the token of the mail that removes it."""
        _, token = self.member("locked")
        self.served.verify("locked@example.org")
        path, password = "/v1/users/second-factor", {"password": self.account["password"]}
        secret = self.served.call("POST", path, password, token=token)["secret"]
        self.served.call("POST", f"{path}/confirm", {"code": totp(secret)}, token=token)
        return self.mailed_token("remove-second-factor", "locked@example.org")

    def mailed_token(self, page, address=""):
        """The token of the newest mail, to an address if it is given, whose link leads to a page."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            mails = sorted((self.served.data / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)
            for path in reversed(mails):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                found = re.search(page + r"\S*token=([\w-]+)", mail.get_body(("plain",)).get_content())
                if found and address in mail["To"]:
                    return found.group(1)
            time.sleep(0.05)
        raise AssertionError("no mail with a token")

    def send(self, call, example):
        """Sends an example; raises HTTPError where it is refused."""
        method, path = call.split(" ")
        body = self.filled(example)
        if call == "POST /v1/auth/reset-password":
            body["token"] = self.mailed_token("reset-password", self.account["email"])
        if call == "POST /v1/auth/remove-second-factor":
            body["token"] = self.lock_out()
        if call == "POST /v1/auth/verify-email":
            body["token"] = self.mailed_token("verify-email", self.account["email"])
        if call == "POST /v1/auth/confirm-email":
            body["token"] = self.mailed_token("confirm-email")
        if call == "POST /v1/users/second-factor/confirm":
            body["code"] = totp(self.secret)
        if call == "POST /v1/auth/second-factor":
            body |= {"challenge": self.challenge(), "code": self.recovery_codes[0]}
        if call in ("POST /v1/users/second-factor/recovery-codes", "DELETE /v1/users/second-factor"):
            body["code"] = self.recovery_codes[1]
        if call == "POST /v1/auth/refresh":
            body["refreshToken"] = self.signed_in["tokens"]["refreshToken"]
        ids = self.ids(method, path)
        answer = self.call(method, re.sub(r"\{(\w+)\}", lambda match: ids[match.group(1)], path), body)
        if call == "POST /v1/users/second-factor":
            self.secret = answer["secret"]
        elif call in ("POST /v1/users/second-factor/confirm", "POST /v1/users/second-factor/recovery-codes"):
            self.recovery_codes = answer["recoveryCodes"]
        elif call == "POST /v1/auth/second-factor":
            self.signed_in = answer
        elif call in ("PUT /v1/auth/password", "POST /v1/auth/reset-password"):
            self.sign_in(body.get("newPassword") or body["password"])
        elif call == "POST /v1/auth/refresh":
            self.signed_in["tokens"] = answer.get("tokens", answer)
        elif call == "POST /v1/auth/logout":
            self.sign_in(self.account["password"])
        return answer


def examples_of(specification):
    for path, item in specification["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                yield f"{method.upper()} {path}", content["example"]


def test_every_example_of_a_body_is_accepted_as_it_stands(fresh):
    examples = dict(examples_of(fresh.call("GET", "/v1/openapi.json")))
    last = [call for call in LAST if call in examples]
    rehearsal = Rehearsal(fresh, examples)
    sent = {"POST /v1/auth/register"}
    refused = {}
    for call in sorted(set(examples) - sent - set(last)) + last:
        sent.add(call)
        try:
            rehearsal.send(call, examples[call])
        except urllib.error.HTTPError as refusal:
            if (call, refusal.code) in OF_NOTHING:
                continue
            refused[call] = f"{refusal.code} {refusal.read().decode()}"
    assert refused == {}
    assert sent == set(examples)


def test_every_example_in_a_path_that_is_no_id_names_something(served):
    token = served.call("POST", "/v1/auth/register", {
        "email": "path@example.org", "username": "path", "password": "weights-9-barbells", "displayName": "Path",
    })["tokens"]["accessToken"]
    asked = 0
    for path, item in served.call("GET", "/v1/openapi.json")["paths"].items():
        parameters = [each for each in item.get("get", {}).get("parameters", []) if each["in"] == "path"]
        if parameters and all(each["schema"].get("format") != "uuid" for each in parameters):
            for each in parameters:
                path = path.replace(f"{{{each['name']}}}", each["example"])
            assert served.call("GET", path, token=token)["items"], path
            asked += 1
    assert asked > 1
