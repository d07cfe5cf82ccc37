"""The frames that really go over the socket are those of spec/asyncapi.yaml, and have no member it does not name."""

from pathlib import Path

import yaml
from jsonschema import Draft7Validator

from person import befriend

SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "spec/asyncapi.yaml").read_text())
MESSAGES = SPEC["components"]["messages"]
BENCH = ("barbell bench", "Barbell Bench Press - Medium Grip")


def name_of(side, frame):
    if frame["type"] == "ok":
        return "server.subscribed" if "room" in frame else "server.applied" if "seq" in frame else "server.ok"
    return f"{side}.{frame['type']}"


def followed(schema):
    """What a schema refers to, if it does."""
    if "$ref" not in schema:
        return schema
    node = SPEC
    for step in schema["$ref"].removeprefix("#/").split("/"):
        node = node[step]
    return followed(node)


def parts(schema, value):
    """The schemas that together describe this value: references followed, the branch of its kind chosen."""
    schema = followed(schema)
    yield schema
    for branch in schema.get("allOf", []):
        yield from parts(branch, value)
    for branch in schema.get("oneOf", []):
        described = list(parts(branch, value))
        kinds = [part["properties"]["kind"]["const"] for part in described if "kind" in part.get("properties", {})]
        if value.get("kind") in kinds:
            yield from described


def unknown(schemas, value, path=""):
    """Paths of members that no schema names."""
    described = [part for schema in schemas for part in parts(schema, value)]
    if isinstance(value, dict) and not any("additionalProperties" in part for part in described):
        for member, inner in value.items():
            named = [part["properties"][member] for part in described if member in part.get("properties", {})]
            if named:
                yield from unknown(named, inner, f"{path}/{member}")
            else:
                yield f"{path}/{member}"
    elif isinstance(value, list):
        for inner in value:
            yield from unknown([part["items"] for part in described if "items" in part], inner, f"{path}/*")


def merged(schema):
    """A schema with what it refers to and is made of in one."""
    schema = followed(schema)
    whole = {**schema, "properties": {**schema.get("properties", {})}, "required": [*schema.get("required", [])]}
    for part in map(merged, whole.pop("allOf", [])):
        whole = {**part, **whole, "properties": {**part["properties"], **whole["properties"]},
                 "required": part["required"] + whole["required"]}
    return whole


def smallest(schema):
    """Values with only the members that a schema requires, one for each of its branches."""
    whole = merged(schema)
    branches = whole.pop("oneOf", None) or whole.pop("anyOf", None)
    if branches:
        return [value for branch in branches for value in smallest({"allOf": [branch, whole]})]
    for fixed in ("const", "enum"):
        if fixed in whole:
            return [whole[fixed] if fixed == "const" else whole[fixed][0]]
    if whole["properties"]:
        values = [{}]
        for name in set(whole["required"]) & set(whole["properties"]):
            values = [{**value, name: inner} for value in values for inner in smallest(whole["properties"][name])]
        return values
    return [{"array": [], "integer": whole.get("minimum", 1), "number": 1.5, "boolean": True, "object": {}}.get(
        whole.get("type"), "x")]


def test_the_pages_read_frames_that_have_only_what_they_must(people):
    someone = people("Fay")
    frames = [frame for name, message in MESSAGES.items() if name.startswith("server.")
              for frame in smallest(message["payload"])]
    assert len(frames) > len([name for name in MESSAGES if name.startswith("server.")])
    refused = someone.driver.execute_async_script("""
        const [frames, done] = arguments;
        const { readFrame } = await import("/live/wire.js");
        done(frames.filter((frame) => {
          try { return readFrame(JSON.stringify(frame)) === null; } catch { return true; }
        }));
        """, frames)
    assert refused == []


def faults(side, frame):
    payload = MESSAGES[name_of(side, frame)]["payload"]
    validator = Draft7Validator({**payload, "components": SPEC["components"]})
    yield from (error.message for error in validator.iter_errors(frame))
    yield from (f"{member} is not in the specification" for member in unknown([payload], frame))


def test_every_frame_of_a_whole_workout_is_as_specified(people, served):
    mara = people("Mara", width=390, height=844, keeps_frames=True)
    jo = people("Jo", keeps_frames=True)
    befriend(mara, jo)
    mara.start_workout()
    jo.watch(mara.workout_id)
    jo.sees("Mara", ".hero-live")
    mara.add_exercise(*BENCH)
    mara.log_set(80, 12)
    mara.button("Skip", ".rest")
    mara.button("Repeat", ".entry")
    mara.button("Pause")
    mara.button("Resume")
    jo.click(".cheer-button.wow")
    mara.find(".cheer.wow")
    mara.click(".set-row")
    mara.button("Delete set", "dialog")
    mara.wait(lambda: len(mara.all(".sets > li")) == 1, "one set less")
    mara.everything_is_saved()
    mara.click(".watching")
    mara.button("Mute", "dialog")
    mara.sees("muted", "#toasts")
    mara.click("dialog .round")
    mara.button("Finish")
    mara.button("9", "dialog")
    mara.sees("Everything is saved")
    jo.wait(lambda: "finished" in jo.text(".mark").lower(), "the end")

    seen = set()
    found = []
    for person in (mara, jo):
        for side, frame in person.frames():
            seen.add(name_of(side, frame))
            found += [f"{name_of(side, frame)}: {fault}" for fault in faults(side, frame)]
    assert found == []
    assert seen >= {
        "client.hello", "client.time", "client.subscribe", "client.op", "client.cheer", "client.moderate",
        "server.welcome", "server.time", "server.ok", "server.applied", "server.subscribed", "server.event",
        "server.durable", "server.presence", "server.cheer", "server.friend",
    }
