"""Real training logs, read without the product's own importer: workouts of exercises of sets, weights in kilograms."""

import csv
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
WHOLE = TESTS / "Fixtures/logs"
EXCERPTS = TESTS / "ProtocolTests/Fixtures"
POUND = 0.45359237


@dataclass
class Set:
    kind: str
    weight: float | None
    reps: int | None
    rpe: float | None
    seconds: int | None
    meters: float | None


@dataclass
class Workout:
    """`start` is the athlete's local time."""

    start: datetime
    length: timedelta
    exercises: list[tuple[str, list[Set]]] = field(default_factory=list)


def number(text):
    """A decimal, nothing for an empty field or a zero that only fills a column."""
    value = float(text.replace(",", ".")) if text and text.strip() else None
    return value or None


def rpe(text):
    value = number(text)
    return value if value and 1 <= value <= 10 and (2 * value).is_integer() else None


def reps(text):
    return int(float(text)) if text and text.strip() else None


def keep(workout, exercise, logged):
    """Adds a set unless it says nothing that can be done."""
    if logged.reps is None and not logged.seconds and not logged.meters:
        return
    if not workout.exercises or workout.exercises[-1][0] != exercise:
        workout.exercises.append((exercise, []))
    workout.exercises[-1][1].append(logged)


def hevy(path):
    workouts = {}
    for row in csv.DictReader(path.open(encoding="utf-8", newline="")):
        start, end = (datetime.strptime(row[name], "%d %b %Y, %H:%M") for name in ("start_time", "end_time"))
        workout = workouts.setdefault((start, row["title"]), Workout(start, end - start))
        kilometers = number(row["distance_km"])
        kind = {"dropset": "dropset", "failure": "failure", "warmup": "warmup"}.get(row["set_type"], "normal")
        keep(workout, row["exercise_title"].strip(), Set(
            kind, number(row["weight_kg"]), reps(row["reps"]), rpe(row["rpe"]),
            int(number(row["duration_seconds"]) or 0) or None, kilometers * 1000 if kilometers else None))
    return list(workouts.values())


DURATION = re.compile(r"(?:(\d+)(?:h|小时))? *(?:(\d+)(?:m|分钟))?")
CHINESE = {
    "日期": "Date", "锻炼名称": "Workout Name", "时长": "Duration", "运动名称": "Exercise Name", "设置顺序": "Set Order",
    "重量": "Weight", "次": "Reps", "距离": "Distance", "秒": "Seconds",
}


def strong(path, delimiter=",", unit=1.0):
    workouts = {}
    for raw in csv.DictReader(path.open(encoding="utf-8-sig", newline=""), delimiter=delimiter):
        row = {CHINESE.get(name, name): value for name, value in raw.items()}
        order = row["Set Order"]
        if not (order.isdigit() or order in ("W", "D", "F")):
            continue
        start = datetime.fromisoformat(row["Date"])
        if "Duration (sec)" in row:
            length = timedelta(seconds=int(row["Duration (sec)"]))
        else:
            hours, minutes = DURATION.match(row["Duration"]).groups()
            length = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        workout = workouts.setdefault((start, row["Workout Name"]), Workout(start, length))
        weight = number(row.get("Weight") or row.get("Weight (kg)"))
        meters = number(row.get("Distance (meters)"))
        kind = {"W": "warmup", "D": "dropset", "F": "failure"}.get(order, "normal")
        keep(workout, row["Exercise Name"].strip(), Set(
            kind, weight * unit if weight else None, reps(row["Reps"]), rpe(row.get("RPE")),
            int(number(row["Seconds"]) or 0) or None, meters))
    return list(workouts.values())


LOGS = {
    "hevy_kg": lambda: hevy(WHOLE / "hevy_kg.csv"),
    "hevy_kg_emoji": lambda: hevy(WHOLE / "hevy_kg_emoji.csv"),
    "strong_without_notes": lambda: strong(WHOLE / "strong_without_notes.csv"),
    "strong_comma": lambda: strong(EXCERPTS / "strong_comma.csv"),
    "strong_german": lambda: strong(EXCERPTS / "strong_german.csv"),
    "strong_semicolon": lambda: strong(EXCERPTS / "strong_semicolon.csv", delimiter=";"),
    # Kilograms that were stored as pounds.
    "strong_chinese": lambda: strong(EXCERPTS / "strong_chinese.csv", unit=POUND),
}


def shifted(workouts, latest):
    """The same workouts, whole weeks later, so that the last one lies within the week up to `latest`."""
    last = max(workout.start + workout.length for workout in workouts)
    weeks = (latest - last) // timedelta(days=7)
    for workout in workouts:
        workout.start += timedelta(weeks=weeks)
    return sorted(workouts, key=lambda workout: workout.start)
