"""A fold that was written after spec/asyncapi.yaml alone agrees with the server's, by spec/fold-vectors.json."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from fold import Workout

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "spec/fold-vectors.json").read_text(), parse_float=Decimal)["sequences"]


def on_the_wire(summary):
    return {
        "tonnageKg": Decimal(summary["tonnage"]) / 1000, "workingSets": summary["workingSets"],
        "workingSeconds": Decimal(summary["workingMs"]) / 1000, "restingSeconds": Decimal(summary["restingMs"]) / 1000,
    }


def halves(hard_sets):
    return {muscle: sets * 2 for muscle, sets in hard_sets.items()}


@pytest.mark.parametrize("sequence", VECTORS, ids=lambda sequence: f"seed {sequence['seed']}")
def test_every_step_of_a_sequence_has_the_vectors_hash_and_totals(sequence):
    workout = Workout()
    for step in sequence["steps"]:
        event = step["event"]
        workout.apply(event)
        where = f"seq {event['seq']}, {event['kind']}"
        assert workout.state_hash() == step["stateHash"], where
        assert on_the_wire(workout.summary()) == event["summary"], where
        told = halves(event.get("hardSets", {}))
        assert {muscle: workout.hard_sets().get(muscle, 0) for muscle in told} == told, where
    assert halves(sequence["state"]["hardSets"]) == workout.hard_sets()


@pytest.mark.parametrize("sequence", VECTORS, ids=lambda sequence: f"seed {sequence['seed']}")
@pytest.mark.parametrize("snapshot", ["state", "watchersState"])
def test_a_snapshot_is_read_as_the_state_that_the_events_made(sequence, snapshot):
    read = Workout.from_snapshot(sequence[snapshot])
    assert read.state_hash() == sequence["steps"][-1]["stateHash"]
    assert on_the_wire(read.summary()) == sequence[snapshot]["summary"]
    if snapshot == "state":
        folded = Workout()
        for step in sequence["steps"]:
            folded.apply(step["event"])
        assert vars(read) == vars(folded)
