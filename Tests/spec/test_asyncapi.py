"""spec/asyncapi.yaml says exactly what Sources/Protocol speaks."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).resolve().parents[2]
SPEC = yaml.safe_load((ROOT / "spec/asyncapi.yaml").read_text())
MESSAGES = SPEC["components"]["messages"]
SCHEMAS = SPEC["components"]["schemas"]


def source(name):
    return (ROOT / "Sources/Protocol" / name).read_text()


def frame_types(file, enum):
    """The wire names in the `type` switch of a frame."""
    body = re.search(rf"extension {enum} \{{.*?var type: String \{{(.*?)\n    \}}", source(file), re.S).group(1)
    return set(re.findall(r'"(\w+)"', body))


def cases(file, enum):
    """The raw values of a Swift enum of strings."""
    body = re.search(rf"enum {enum}\b[^{{]*\{{(.*?)\}}", source(file), re.S).group(1)
    names = set()
    for line in body.splitlines():
        line = line.split("//")[0].strip()
        if not line.startswith("case ") or line.startswith("case ."):
            continue
        for case in line.removeprefix("case ").split(","):
            name, _, raw = case.strip().partition(" = ")
            names.add(raw.strip('"') or name.strip("`"))
    return names


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def nulls(node, path=""):
    if node is None:
        yield path
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from nulls(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nulls(value, f"{path}/{index}")


def resolve(reference):
    node = SPEC
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_every_reference_leads_somewhere():
    for reference in references(SPEC):
        assert resolve(reference), reference


def test_nothing_is_left_empty():
    assert list(nulls(SPEC)) == []


def test_the_messages_are_the_frames():
    described = {side: set() for side in ("client", "server")}
    for name, message in MESSAGES.items():
        payload = message["payload"]
        first = payload["allOf"][0] if "allOf" in payload else payload
        described[name.split(".")[0]].add(first["properties"]["type"]["const"])
    assert described["client"] == frame_types("Frames/ClientFrame+Writing.swift", "ClientFrame.Body")
    assert described["server"] == frame_types("Frames/ServerFrame+Writing.swift", "ServerFrame")


def test_every_message_belongs_to_the_channel_and_to_an_operation():
    assert set(SPEC["channels"]["live"]["messages"]) == set(MESSAGES)
    used = {reference.rsplit("/", 1)[1] for reference in references(SPEC["operations"])}
    assert used >= set(MESSAGES)


@pytest.mark.parametrize(
    ("described", "file", "enum"),
    [
        (SCHEMAS["RefusalCode"]["enum"], "Frames/Refusal.swift", "Code"),
        (SCHEMAS["Cheer"]["enum"], "Frames/ClientFrame.swift", "Cheer"),
        (SCHEMAS["SetType"]["enum"], "Workout/SetValues.swift", "SetType"),
        (SCHEMAS["SetValues"]["properties"]["side"]["enum"], "Workout/SetValues.swift", "Side"),
        (SCHEMAS["Audience"]["enum"], "Workout/WorkoutAction.swift", "Audience"),
        (SCHEMAS["WorkoutState"]["properties"]["status"]["enum"], "Workout/WorkoutState.swift", "Status"),
        (SCHEMAS["Record"]["properties"]["kind"]["enum"], "Workout/PersonalRecord.swift", "Kind"),
        ([r["$ref"].rsplit("/", 1)[1] for r in SCHEMAS["Action"]["oneOf"]], "Workout/WorkoutAction.swift", "Kind"),
    ],
    ids=["refusals", "cheers", "set types", "sides", "audiences", "statuses", "records", "op kinds"],
)
def test_the_values_are_those_of_the_code(described, file, enum):
    assert len(described) == len(set(described))
    assert set(described) == cases(file, enum)


def test_refusal_codes_say_whether_they_are_temporary():
    temporary = re.search(r"case ((?:\.\w+,? ?)+): true", source("Frames/Refusal.swift")).group(1)
    expected = set(re.findall(r"\.(\w+)", temporary))
    table = SCHEMAS["RefusalCode"]["x-refusalCodes"]
    assert [row["code"] for row in table] == SCHEMAS["RefusalCode"]["enum"]
    assert {row["code"] for row in table if row["temporary"]} == expected


def test_close_codes_are_those_of_the_code():
    expected = {int(code): name for name, code in re.findall(r"case (\w+) = (\d+)", source("Frames/CloseCode.swift"))}
    table = SPEC["channels"]["live"]["x-closeCodes"]
    described = {row["code"]: row["name"] for row in table if isinstance(row["code"], int) and row.get("isSent", True)}
    assert described == expected
    for row in table:
        code = row["code"] if isinstance(row["code"], int) else row["code"][0]
        assert row["comesBack"] == (code in (1001, 1006) or 4000 <= code <= 4499), row


def test_every_op_kind_has_its_schema_and_an_example():
    kinds = cases("Workout/WorkoutAction.swift", "Kind")
    for kind in kinds:
        schema = SCHEMAS[kind]
        first = schema["allOf"][0] if "allOf" in schema else schema
        assert first["properties"]["kind"]["const"] == kind
    assert {example["payload"]["kind"] for example in MESSAGES["client.op"]["examples"]} == kinds


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_fit_their_schema(name):
    message = MESSAGES[name]
    schema = {**message["payload"], "components": SPEC["components"]}
    Draft7Validator.check_schema(message["payload"])
    assert message["examples"], name
    for example in message["examples"]:
        Draft7Validator(schema).validate(example["payload"])
