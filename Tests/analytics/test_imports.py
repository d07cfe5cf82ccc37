"""What the server makes of real exports agrees with a reading of the same files that shares nothing with its own."""

import json
import urllib.request
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pytest

from athlete import Athlete
from training_logs import LOGS, PLACES

BODY_WEIGHT = 81.5


class Imported:
    """A log in somebody's account, beside the workouts of the file that have anything to import."""

    def __init__(self, served, library, name):
        self.log = LOGS[name]
        zone, week_start = PLACES[name]
        self.athlete = Athlete(served, f"{name}_importer", zone, week_start)
        self.athlete.weigh(BODY_WEIGHT)
        self.expected = sorted((one for one in self.log() if one.exercises), key=lambda one: one.start)
        self.answer = self.send()
        self.report = self.answer["report"]
        self.exercises = {row["name"].strip(): row["exerciseId"] for row in self.report["exercises"]}
        self.shares = {one["id"]: Fraction(str(one["bodyWeightShare"] or 0)) for one in library.values()}
        self.workouts = self.read()

    def send(self, query=""):
        served = self.athlete.served
        unit = f"&unit={self.log.unit}" if self.log.unit else ""
        request = urllib.request.Request(
            f"{served.address}/v1/workouts/import?unknownExercises=create{unit}{query}", method="POST",
            data=self.log.path.read_bytes(),
            headers={"content-type": "text/csv", "authorization": f"Bearer {self.athlete.token}"})
        with urllib.request.urlopen(request, timeout=600) as response:
            assert response.status == 200
            return json.load(response)

    def read(self):
        """Every workout as the server shows it, in the order of their begin."""
        rows = sorted(self.athlete.pages("/v1/workouts"), key=lambda row: row["startedAt"])
        return [self.athlete.call("GET", f"/v1/workouts/{row['id']}") for row in rows]

    def body_grams(self, name):
        """What a repetition lifts of the body."""
        return round(self.shares.get(self.exercises[name], 0) * round(BODY_WEIGHT * 1000))

    def tonnage(self, workout):
        """In kilograms, exactly."""
        return sum(
            Fraction((round((one.weight or 0) * 1000) + self.body_grams(name)) * (one.reps or 0), 1000)
            for name, sets in workout.exercises for one in sets if one.kind != "warmup")


@pytest.fixture(scope="module", params=LOGS)
def imported(request, served, library):
    return Imported(served, library, request.param)


def told(entry, one):
    return (entry["exerciseId"], one["type"], round((one["weightKg"] or 0) * 1000), one["reps"] or 0, one["rpe"],
            one["durationSeconds"], one["distanceMeters"] and round(one["distanceMeters"] * 1000))


def read(exercise, one):
    return (exercise, one.kind, round((one.weight or 0) * 1000), one.reps or 0, one.rpe, one.seconds,
            one.meters and round(one.meters * 1000))


def test_the_report_counts_what_the_file_has(imported):
    report = imported.report
    assert report["workouts"]["created"] == len(imported.expected)
    assert report["sets"]["created"] == sum(len(sets) for one in imported.expected for _, sets in one.exercises)
    names = {name for one in imported.expected for name, _ in one.exercises}
    assert names <= set(imported.exercises)
    assert not report["isCut"]
    made = {row["exerciseId"] for row in report["exercises"] if row["outcome"] == "created"}
    assert made == {one["id"] for one in imported.athlete.pages("/v1/exercises") if one["isOwn"]}


def test_every_workout_has_its_time_and_its_sets(imported):
    assert len(imported.workouts) == len(imported.expected)
    for workout, expected in zip(imported.workouts, imported.expected):
        start = expected.start.replace(tzinfo=imported.athlete.zone).astimezone(timezone.utc)
        assert datetime.fromisoformat(workout["startedAt"]) == start
        if timedelta(0) < expected.length <= timedelta(hours=12):
            assert datetime.fromisoformat(workout["endedAt"]) == start + expected.length
        assert workout["status"] == "completed"
        assert [told(entry, one) for entry in workout["exercises"] for one in entry["sets"]] == [
            read(imported.exercises[name], one) for name, sets in expected.exercises for one in sets]


def test_tonnage_and_working_sets_of_the_workouts_and_of_the_history(imported):
    history = {row["id"]: row for row in imported.athlete.pages("/v1/workouts")}
    for workout, expected in zip(imported.workouts, imported.expected):
        working = sum(one.kind != "warmup" for _, sets in expected.exercises for one in sets)
        for totals in (workout["summary"], history[workout["id"]]):
            assert totals["workingSets"] == working
            assert totals["tonnageKg"] == pytest.approx(float(imported.tonnage(expected)), abs=1e-6)
    total = float(sum(map(imported.tonnage, imported.expected)))
    assert sum(row["tonnageKg"] for row in history.values()) == pytest.approx(total, abs=1e-3)


def test_a_second_import_changes_nothing(imported):
    report = imported.send()["report"]
    assert report["workouts"] == {"created": 0, "updated": 0, "unchanged": len(imported.expected),
                                  "refused": imported.report["workouts"]["refused"]}
    assert report["sets"]["created"] == report["sets"]["updated"] == 0
    assert imported.read() == imported.workouts
