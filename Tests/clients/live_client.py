"""A small live client: written after spec/asyncapi.yaml, and it holds every frame that comes against it."""

import itertools
import json
import time
import uuid
from decimal import Decimal
from pathlib import Path

import yaml
from fold import Workout
from jsonschema import Draft7Validator
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]
SPEC = yaml.safe_load((ROOT / "spec/asyncapi.yaml").read_text())
SCHEMAS = SPEC["components"]["schemas"]
LIMITS = SPEC["channels"]["live"]["x-limits"]
# A watchdog: nothing is expected to take so long, on however slow a machine.
SECONDS = 300


def validator(message):
    return Draft7Validator({**SPEC["components"]["messages"][message]["payload"], "components": SPEC["components"]})


VALIDATORS = {name: validator(name) for name in SPEC["components"]["messages"] if name.startswith("server.")}


def message_of(frame):
    if frame["type"] != "ok":
        return f"server.{frame['type']}"
    return "server.subscribed" if "room" in frame else "server.applied" if "epoch" in frame else "server.ok"


def uuid7():
    number = int(time.time() * 1000) << 80 | uuid.uuid4().int & (1 << 80) - 1
    return str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))


def now():
    return int(time.time() * 1000)


class Refused(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code, self.is_temporary = error["code"], error["temporary"]


class Room:
    """A workout that is followed, folded event by event."""

    def __init__(self):
        self.state, self.epoch, self.seq, self.durable, self.has_ended = Workout(), 0, 0, None, False

    def take(self, snapshot):
        self.state = Workout.from_snapshot(snapshot["state"])
        self.epoch, self.seq = snapshot["epoch"], snapshot["seq"]
        assert self.state.state_hash() == snapshot["stateHash"]

    def fold(self, event):
        if event["seq"] <= self.seq:
            return
        assert event["seq"] == self.seq + 1, f"{self.seq} is followed by {event['seq']}"
        self.state.apply(event)
        self.epoch, self.seq = event["epoch"], event["seq"]
        totals = self.state.summary()
        assert Decimal(str(event["summary"]["tonnageKg"])) * 1000 == totals["tonnage"]
        assert Decimal(str(event["summary"]["workingSeconds"])) * 1000 == totals["workingMs"]


class LiveClient:
    def __init__(self, served, token, says_hello=True):
        self.socket = connect(f"ws://127.0.0.1:{served.port}/v1/live", subprotocols=["fitai.v1.json"], max_size=None)
        self.ids = itertools.count(1)
        self.rooms = {}
        self.pushes = []
        self.welcome = self.ask("hello", token=token) if says_hello else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, type, **members):
        request = next(self.ids)
        self.socket.send(json.dumps({"type": type, "id": request, **members}))
        return request

    def receive(self):
        frame = json.loads(self.socket.recv(timeout=SECONDS))
        VALIDATORS[message_of(frame)].validate(frame)
        room = self.rooms.get(frame.get("room"))
        if frame["type"] == "page":
            for event in frame["events"]:
                room.fold(event)
        elif "id" not in frame:
            self.pushes.append(frame)
            if room:
                self.follow(room, frame)
        return frame

    def follow(self, room, frame):
        if frame["type"] == "event":
            room.fold(frame)
        elif frame["type"] == "reset":
            room.take(frame["snapshot"])
        elif frame["type"] == "durable" and frame["epoch"] == room.epoch:
            room.durable = frame["seq"]
        elif frame["type"] == "ended":
            room.has_ended = True

    def answer(self, request):
        while True:
            frame = self.receive()
            if frame.get("id") == request and frame["type"] != "page":
                if frame["type"] == "error":
                    raise Refused(frame)
                return frame

    def ask(self, type, **members):
        return self.answer(self.send(type, **members))

    def until(self, holds):
        while not holds():
            self.receive()

    def subscribe(self, room, **members):
        self.rooms[room] = self.rooms.get(room) or Room()
        answer = self.ask("subscribe", room=room, **members)
        followed = self.rooms[room]
        if "snapshot" in answer:
            followed.take(answer["snapshot"])
        for event in answer.get("events", []):
            followed.fold(event)
        assert followed.seq == answer["seq"]
        followed.durable = answer["durable"]
        return followed

    def op(self, room, kind, **members):
        return self.ask("op", **{"room": room, "opId": uuid7(), "at": now(), "kind": kind, **members})
