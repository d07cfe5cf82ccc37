"""Real training logs, read without the product's own importer: workouts of exercises of sets, weights in kilograms."""

import csv
import re
from collections.abc import Callable
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


def once(rows):
    """The rows without the copies behind them: Strong has written whole workouts several times over."""
    for length in range(1, len(rows)):
        is_numbered = any(row["Set Order"].isdigit() for row in rows[:length])
        if is_numbered and len(rows) % length == 0 and all(row == rows[place % length] for place, row in enumerate(rows)):
            return rows[:length]
    return rows


def strong(path, delimiter=",", unit=1.0):
    groups = {}
    for raw in csv.DictReader(path.open(encoding="utf-8-sig", newline=""), delimiter=delimiter):
        row = {CHINESE.get(name, name): value for name, value in raw.items()}
        groups.setdefault((row["Date"], row["Workout Name"]), []).append(row)
    workouts = {}
    for row in (row for rows in groups.values() for row in once(rows)):
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


@dataclass
class Log:
    """A file, how it is read here, and the unit that the server has to be told of one that names none."""

    path: Path
    reader: Callable
    options: dict = field(default_factory=dict)
    unit: str | None = None

    def __call__(self):
        return self.reader(self.path, **self.options)


LOGS = {
    "hevy_kg": Log(WHOLE / "hevy_kg.csv", hevy),
    "hevy_kg_emoji": Log(WHOLE / "hevy_kg_emoji.csv", hevy),
    "strong_without_notes": Log(WHOLE / "strong_without_notes.csv", strong, unit="kg"),
    "strong_comma": Log(EXCERPTS / "strong_comma.csv", strong, unit="kg"),
    "strong_german": Log(EXCERPTS / "strong_german.csv", strong, unit="kg"),
    "strong_semicolon": Log(EXCERPTS / "strong_semicolon.csv", strong, {"delimiter": ";"}),
    # Kilograms that were stored as pounds.
    "strong_chinese": Log(EXCERPTS / "strong_chinese.csv", strong, {"unit": POUND}, unit="lb"),
}

# Where their athletes are taken to live, and when their weeks begin.
PLACES = {
    "hevy_kg": ("Europe/London", "monday"), "hevy_kg_emoji": ("America/New_York", "sunday"),
    "strong_without_notes": ("Pacific/Auckland", "monday"), "strong_comma": ("Europe/Athens", "saturday"),
    "strong_german": ("Europe/Berlin", "monday"), "strong_semicolon": ("America/Los_Angeles", "sunday"),
    "strong_chinese": ("Asia/Shanghai", "monday"),
}


def shifted(workouts, latest):
    """The same workouts, whole weeks later, so that the last one lies within the week up to `latest`."""
    last = max(workout.start + workout.length for workout in workouts)
    weeks = (latest - last) // timedelta(days=7)
    for workout in workouts:
        workout.start += timedelta(weeks=weeks)
    return sorted(workouts, key=lambda workout: workout.start)
