"""An athlete who puts a log into the server over the live socket, and remembers what was sent under which id."""

import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from websockets.sync.client import connect

CONNECTIONS = 9
# What a connection may send in the long run and at once, with a little to spare.
OPS_PER_SECOND, OPS_AT_ONCE = 48, 190


def uuid7():
    """A UUIDv7 (RFC 9562)."""
    stamp = int(time.time() * 1000).to_bytes(6, "big")
    tail = bytearray(os.urandom(10))
    tail[0] = tail[0] & 0x0F | 0x70
    tail[2] = tail[2] & 0x3F | 0x80
    digits = (stamp + bytes(tail)).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def milliseconds(moment):
    return round(moment.timestamp() * 1000)


class Bucket:
    """Like the one that the server counts a connection's ops by, so that none is refused."""

    def __init__(self):
        self.tokens, self.counted = OPS_AT_ONCE, time.monotonic()

    def take(self):
        """Takes an op's token, or answers how long there is none."""
        now = time.monotonic()
        self.tokens = min(OPS_AT_ONCE, self.tokens + OPS_PER_SECOND * (now - self.counted))
        self.counted = now
        if self.tokens < 1:
            return (1 - self.tokens) / OPS_PER_SECOND
        self.tokens -= 1
        return 0


@dataclass
class Sent:
    """A set as it was sent."""

    id: str
    workout: str
    entry: str
    exercise: str
    kind: str
    grams: int | None
    # What a repetition lifts of the body.
    body_grams: int
    reps: int | None
    seconds: int | None
    millimeters: int | None
    at: int
    date: date


@dataclass
class Session:
    id: str
    date: date
    end: int
    minutes: float
    rpe: float | None


class Athlete:
    def __init__(self, served, name, zone, week_start):
        self.served, self.zone, self.week_start = served, ZoneInfo(zone), week_start
        account = served.call("POST", "/v1/auth/register", {
            "email": f"{name}@example.org", "username": name, "password": "weights-9-barbells", "displayName": name})
        self.token = account["tokens"]["accessToken"]
        self.call("PUT", "/v1/users/profile", {"timeZone": zone, "weekStart": week_start, "sex": "male"})
        self.sets, self.sessions = [], []
        self.body_weight = 0

    def weigh(self, kilograms):
        """Before lifting: workouts count with the weight that is known when they are opened."""
        self.call("POST", "/v1/progress/body", {"weightKg": kilograms})
        self.body_weight = kilograms

    def call(self, method, path, body=None):
        return self.served.call(method, path, body, token=self.token)

    def pages(self, path):
        cursor = ""
        while cursor is not None:
            page = self.call("GET", f"{path}?limit=100" + (f"&cursor={cursor}" if cursor else ""))
            yield from page["items"]
            cursor = page["nextCursor"]

    def local(self, at):
        return datetime.fromtimestamp(at / 1000, timezone.utc).astimezone(self.zone)

    def ops(self, number, workout, exercises):
        """The ops of one workout, each with its time; exercises are the library's."""
        room = uuid7()
        count = sum(len(sets) for _, sets in workout.exercises)
        start = milliseconds(workout.start.replace(tzinfo=self.zone))
        length = max(int(workout.length.total_seconds() * 1000), 60_000 * (count + 1))
        day = self.local(start).date()
        yield room, start, {"kind": "workout.start"}
        done = 0
        for name, sets in workout.exercises:
            entry = uuid7()
            exercise = exercises[name]
            body_grams = round(Fraction(str(exercise["bodyWeightShare"] or 0)) * round(self.body_weight * 1000))
            yield room, start, {"kind": "exercise.add", "entryId": entry, "exerciseId": exercise["id"]}
            for one in sets:
                done += 1
                at = start + length * done // (count + 1)
                values = {"type": one.kind, "weightKg": one.weight and round(one.weight, 3), "reps": one.reps, "rpe": one.rpe,
                          "durationSeconds": one.seconds, "distanceMeters": one.meters}
                sent = Sent(uuid7(), room, entry, exercise["id"], one.kind, one.weight and round(one.weight * 1000),
                            body_grams, one.reps, one.seconds, one.meters and round(one.meters * 1000), at, day)
                self.sets.append(sent)
                values = {member: value for member, value in values.items() if value is not None}
                yield room, at, {"kind": "set.log", "setId": sent.id, "entryId": entry, "set": values}
        # Every third workout is left without an RPE.
        rpe = None if number % 3 == 0 else 6 + number % 7 / 2
        self.sessions.append(Session(room, day, start + length, length / 60_000, rpe))
        yield room, start + length, {"kind": "workout.complete"} | ({"rpe": rpe} if rpe else {})

    def lift(self, workouts, exercises):
        """Sends all workouts over several connections; returns when every op is durable."""
        scripts = [list(self.ops(number, workout, exercises)) for number, workout in enumerate(workouts)]
        shares = [scripts[place::CONNECTIONS] for place in range(CONNECTIONS)]
        faults = []
        threads = [threading.Thread(target=self._send, args=(share, faults)) for share in shares if share]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        self.sets.sort(key=lambda one: (one.at, one.id))

    def _send(self, scripts, faults):
        try:
            address = self.served.address.replace("http", "ws") + "/v1/live"
            with connect(address, subprotocols=["fitai.v1.json"], origin=self.served.address, max_size=None) as socket:
                socket.send(json.dumps({"type": "hello", "id": 1, "token": self.token}))
                self._converse(socket, scripts)
        except Exception as fault:  # told by the thread that waits
            faults.append(fault)

    def _converse(self, socket, scripts):
        number, bucket = 1, Bucket()
        for script in scripts:
            room = f"workout:{script[0][0]}"
            for _, at, action in script:
                number += 1
                while pause := bucket.take():
                    self._hear(socket, timeout=pause)
                frame = {"type": "op", "id": number, "room": room, "opId": uuid7(), "at": at}
                socket.send(json.dumps(frame | action))
            durable = 0
            while durable < len(script):
                frame = self._hear(socket, timeout=300)
                if frame is None:
                    raise TimeoutError(f"{room} is durable up to {durable} of {len(script)}")
                if frame["type"] == "durable" and frame["room"] == room:
                    durable = frame["seq"]

    @staticmethod
    def _hear(socket, timeout):
        """The next frame; nothing when none comes in time."""
        try:
            frame = json.loads(socket.recv(timeout=timeout))
        except TimeoutError:
            return None
        assert frame["type"] not in ("error", "rejected", "goodbye"), frame
        return frame

    def delete(self, one):
        self.call("DELETE", f"/v1/workouts/{one.workout}/exercises/{one.entry}/sets/{one.id}")
        self.sets.remove(one)

    def change(self, one, kilograms, reps):
        self.call("PUT", f"/v1/workouts/{one.workout}/exercises/{one.entry}/sets/{one.id}",
                  {"type": one.kind, "weightKg": kilograms, "reps": reps})
        one.grams, one.reps, one.seconds, one.millimeters = round(kilograms * 1000), reps, None, None
