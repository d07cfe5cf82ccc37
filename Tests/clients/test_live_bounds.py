"""Every bound of a client's frame in spec/asyncapi.yaml is where the server's is: at it taken, beyond it refused."""

import itertools
import re
from decimal import Decimal

import pytest
from live_client import SCHEMAS, SPEC, LiveClient, Refused, now, uuid7
from test_live import a_workout, member

# An op of each kind that has bounds, apart from ids; what a workout needs before it is made for each.
OPS = {
    "workout.plan": {}, "workout.start": {}, "workout.update": {}, "workout.complete": {},
    "exercise.add": {"name": "Carry"}, "exercise.update": {}, "set.log": {"set": {"reps": 5}},
    "set.update": {"set": {"reps": 5}}, "rest.start": {"seconds": 60}, "note": {"text": "x"},
}
# Filled in by the server; what a client sends is not read.
FILLED_IN = {"primaryMuscles", "secondaryMuscles", "bodyLoadKg"}


def resolved(schema):
    """The schema with what it refers to and all its parts in one."""
    parts = [schema]
    if "$ref" in schema:
        parts.append(resolved(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]))
    parts += [resolved(part) for part in schema.get("allOf", [])]
    whole = {}
    for part in parts:
        properties = {**whole.get("properties", {}), **part.get("properties", {})}
        whole = {**whole, **part, "properties": properties}
    return whole


def members(schema, path=()):
    for name, member in resolved(schema)["properties"].items():
        if name in FILLED_IN:
            continue
        member = resolved(member)
        yield (*path, name), member
        if member.get("type") == "object" or member["properties"]:
            yield from members(member, (*path, name))


def number_bounds(schema):
    step = Decimal(1).scaleb(-schema.get("x-decimals", 0))
    grid = Decimal(str(schema.get("multipleOf", step)))
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None:
        yield least, True
        yield Decimal(str(least)) - grid, False
    if most is not None:
        yield most, True
        yield Decimal(str(most)) + grid, False
        if "x-decimals" in schema:
            yield Decimal(str(most)) - grid - step / 10, False
        if "multipleOf" in schema:
            yield Decimal(str(most)) - grid / 2, False


def text_bounds(schema):
    if "maxLength" in schema:
        yield "é" * schema["maxLength"], True
        yield "é" * (schema["maxLength"] + 1), False
    if schema.get("minLength"):
        yield "é" * schema["minLength"], True
        yield "é" * (schema["minLength"] - 1), False
    if "x1F" in schema.get("pattern", ""):
        yield "tab\there", "x0B" in schema["pattern"]
        yield "bell\x07", False
        if "x0B" not in schema["pattern"]:
            yield "\x85", re.search(schema["pattern"], "\x85") is not None
    if schema.get("format") == "date":
        yield "2040-02-29", True
        yield "2039-02-29", False
        yield "2039-2-1", False
    if "enum" in schema:
        yield from ((value, True) for value in schema["enum"])
        yield "none of them", False


def probes():
    """(kind, path of the member, value, whether it is taken)."""
    for kind in OPS:
        for path, schema in members(SCHEMAS[kind]):
            if path[-1] == "kind":
                continue
            bounds = text_bounds(schema) if schema.get("type") == "string" or "enum" in schema else number_bounds(schema)
            for value, is_taken in bounds:
                yield kind, path, value, is_taken
    for value, is_taken in number_bounds(resolved(SCHEMAS["PastTime"])):
        yield "rest.skip", ("at",), value, is_taken


def plain(value):
    return float(value) if isinstance(value, Decimal) and value % 1 else int(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def athletes(served):
    """Connections of users of their own, each good for so many ops at once."""
    numbers = itertools.count(1)
    tokens = [member(served, f"bound_{next(numbers)}") for _ in range(3)]
    return itertools.cycle(tokens)


class Bench:
    """Workouts in which an op of any kind fits."""

    def __init__(self, athlete):
        self.athlete = athlete
        self.room = a_workout(athlete)
        self.entry, self.set = uuid7(), uuid7()
        athlete.op(self.room, "exercise.add", entryId=self.entry, name="Carry")
        athlete.op(self.room, "set.log", setId=self.set, entryId=self.entry, set={"reps": 5})

    def send(self, kind, path, value):
        room = self.room
        if kind in ("workout.plan", "workout.start"):
            room = f"workout:{uuid7()}"
        elif kind == "workout.complete" or path[-1] == "endedAt":
            room = a_workout(self.athlete)
        if path[-1] == "endedAt":
            self.athlete.op(room, "workout.update", startedAt=946684800000)
            self.athlete.op(room, "workout.complete")
        body = {"at": now(), **OPS[kind]} if kind in OPS else {"at": now()}
        if kind == "exercise.update":
            body["entryId"] = self.entry
        if kind == "exercise.add":
            body["entryId"] = uuid7()
        if kind == "set.log":
            body |= {"entryId": self.entry, "setId": uuid7()}
        if kind == "set.update":
            body["setId"] = self.set
        place = body
        for name in path[:-1]:
            place[name] = dict(place[name])
            place = place[name]
        place[path[-1]] = plain(value)
        self.athlete.op(room, kind, **body)


def test_ops_are_taken_up_to_their_bounds_and_refused_beyond(served, athletes):
    all_probes = list(probes())
    assert len(all_probes) > 100
    wrong = []
    # A connection takes a burst of 200 ops; a probe costs at most four.
    for start in range(0, len(all_probes), 40):
        with LiveClient(served, next(athletes)) as athlete:
            bench = Bench(athlete)
            for kind, path, value, is_taken in all_probes[start:start + 40]:
                told = "taken"
                try:
                    bench.send(kind, path, value)
                except Refused as refusal:
                    told = str(refusal)
                    assert refusal.code in ("invalid", "badRequest"), f"{kind} {path} {value}: {told}"
                if (told == "taken") != is_taken:
                    wrong.append(f"{kind} {'.'.join(path)} = {value!r}: {told}")
    assert wrong == []


def test_every_time_of_an_op_has_a_bound_on_either_side():
    times = [SCHEMAS["PastTime"]] + [
        member for kind in OPS for path, member in members(SCHEMAS[kind]) if path[-1] in ("startedAt", "endedAt")]
    assert len(times) == 5
    for time in times:
        assert {"minimum", "maximum"} <= resolved(time).keys()


def test_what_needs_one_of_several_members_is_refused_without_any(served, athletes):
    with LiveClient(served, next(athletes)) as athlete:
        bench = Bench(athlete)
        for kind, body in [
            ("set.log", {"setId": uuid7(), "entryId": bench.entry, "set": {"weightKg": 100}}),
            ("set.update", {"setId": bench.set, "set": {"rpe": 8}}),
            ("exercise.add", {"entryId": uuid7(), "restSeconds": 60}), ("note", {"shared": True}),
        ]:
            with pytest.raises(Refused, match="invalid|badRequest"):
                athlete.op(bench.room, kind, **body)
        for action in ("mute", "unmute", "remove"):
            with pytest.raises(Refused, match="badRequest"):
                athlete.ask("moderate", room=bench.room, action=action)


def test_other_frames_are_taken_up_to_their_bounds_and_refused_beyond(served, athletes):
    token = next(athletes)
    served.call("PUT", "/v1/users/preferences", {"privacy": {"heartRate": "friends"}}, token=token)
    messages = SPEC["components"]["messages"]
    with LiveClient(served, token) as athlete:
        room = a_workout(athlete)
        bpm = messages["client.heart"]["payload"]["properties"]["bpm"]
        for value, is_taken in number_bounds(bpm):
            # At most 4 in a second: the next one waits for what the refusal says.
            assert taken(athlete, "heart", room=room, bpm=plain(value)) == is_taken, value
    with LiveClient(served, token) as athlete:
        room = a_workout(athlete)
        notices = messages["client.seen"]["payload"]["properties"]["noticeIds"]
        for count in (notices["minItems"], notices["maxItems"]):
            assert taken(athlete, "seen", noticeIds=[uuid7() for _ in range(count)])
        for count in (notices["minItems"] - 1, notices["maxItems"] + 1):
            assert not taken(athlete, "seen", noticeIds=[uuid7() for _ in range(count)])
        reorder = [uuid7()] * 2
        with pytest.raises(Refused, match="invalid|unknownTarget"):
            athlete.op(room, "exercise.reorder", entryIds=reorder)


def taken(athlete, type, **members):
    try:
        athlete.ask(type, **members)
    except Refused as refusal:
        assert refusal.code in ("invalid", "badRequest"), refusal
        return False
    return True
