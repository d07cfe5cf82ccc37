"""What the server tells of real training logs agrees with an independent computation over the same sets."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest

import reckoning
from athlete import Athlete
from training_logs import LOGS, PLACES, shifted

SCORED = {
    "Squat (Barbell)": "Barbell Squat", "Bench Press (Barbell)": "Barbell Bench Press - Medium Grip",
    "Deadlift (Barbell)": "Barbell Deadlift",
}
BODY_WEIGHT = 81.5
# A value that the server rounds to whole grams.
GRAM = 0.00051


def close(value, expected, tolerance=GRAM):
    return value == pytest.approx(float(expected), abs=tolerance, rel=1e-9)


def exercises(workouts, library):
    """Each name of a log stands for a movement of the library, another one for each; every third lifts the body too."""
    names = sorted({name for workout in workouts for name, _ in workout.exercises})
    free = [name for name in sorted(library) if name not in SCORED.values()]
    loaded = [name for name in free if library[name]["bodyWeightShare"]]
    rest = [name for name in free if not library[name]["bodyWeightShare"]]
    assert len(loaded) > 20
    chosen = {}
    for place, name in enumerate(names):
        pool = loaded if place % 3 == 0 and loaded else rest
        chosen[name] = library[SCORED.get(name) or pool.pop()]
    return chosen


@pytest.fixture(scope="module", params=LOGS)
def athlete(request, served, library):
    name = request.param
    zone, week_start = PLACES[name]
    athlete = Athlete(served, name, zone, week_start)
    now = datetime.now(athlete.zone).replace(tzinfo=None)
    # An athlete's clock may stand in its last minutes of the day: what was lifted lies an hour back at least.
    workouts = shifted(LOGS[name](), now - timedelta(hours=12))
    athlete.weigh(BODY_WEIGHT)
    athlete.lift(workouts, exercises(workouts, library))
    return athlete


def check_bests(athlete):
    groups = reckoning.by_exercise(athlete.sets)
    rows = {row["exerciseId"]: row for row in athlete.pages("/v1/progress/strength")}
    assert set(rows) == set(groups)
    for exercise, sets in groups.items():
        row = rows[exercise]
        assert row["workingSets"] == len(sets)
        heaviest = reckoning.first_best([one for one in sets if reckoning.is_lift(one)], lambda one: one.grams)
        assert (row["heaviest"] or {}).get("setId") == (heaviest and heaviest.id)
        strongest = reckoning.first_best([one for one in sets if reckoning.makes_record(one)], reckoning.epley)
        assert (row["strongest"] or {}).get("setId") == (strongest and strongest.id)
        if strongest:
            estimates = row["strongest"]["estimates"]
            assert close(estimates["epleyKg"], reckoning.epley(strongest))
            assert close(estimates["brzyckiKg"], reckoning.brzycki(strongest))
            assert close(estimates["lombardiKg"], reckoning.lombardi(strongest))
            assert estimates["isUnsure"] == (strongest.reps > 10)


def check_records(athlete):
    groups = reckoning.by_exercise(athlete.sets)
    rows = {row["exerciseId"]: row["records"] for row in athlete.pages("/v1/progress/records")}
    assert set(rows) == set(groups)
    for exercise, sets in groups.items():
        told = {}
        for record in rows[exercise]:
            weight = round((record["weightKg"] or 0) * 1000) if record["kind"] == "mostReps" else None
            told[record["kind"], weight] = (record["value"], record["setId"])
        expected = reckoning.records(sets)
        assert set(told) == set(expected)
        for key, (value, holder) in expected.items():
            assert close(told[key][0], value), key
            assert told[key][1] == holder, key


def check_volume(athlete, library):
    report = athlete.call("GET", "/v1/progress/volume?weeks=104")
    muscles = {exercise["id"]: exercise for exercise in library.values()}
    weeks = defaultdict(list)
    for one in reckoning.working(athlete.sets):
        weeks[reckoning.week(one.date, athlete.week_start)].append(one)
    told = {date.fromisoformat(week["start"]): week for week in report["weeks"]}
    assert len(told) == 104 and set(weeks) <= set(told)
    for start, week in told.items():
        sets = weeks.get(start, [])
        assert week["workingSets"] == len(sets)
        assert week["workouts"] == len({one.workout for one in sets})
        assert close(week["tonnageKg"], sum(map(reckoning.tonnage, sets)), 1e-6)
        hard, tonnage = defaultdict(float), defaultdict(float)
        for one in sets:
            for share, members in ((1, "primaryMuscles"), (0.5, "secondaryMuscles")):
                for muscle in muscles[one.exercise][members]:
                    hard[muscle] += share
                    tonnage[muscle] += share * float(reckoning.tonnage(one))
        assert {row["muscle"]: row["hardSets"] for row in week["muscles"]} == dict(hard)
        for row in week["muscles"]:
            assert close(row["tonnageKg"], tonnage[row["muscle"]], 1e-6)


def test_bests_and_their_estimates(athlete):
    check_bests(athlete)


def test_records_and_the_sets_that_hold_them(athlete):
    check_records(athlete)


def test_volume_by_muscle_and_week(athlete, library):
    check_volume(athlete, library)


def test_sessions_and_trend_of_the_most_trained_exercises(athlete):
    groups = sorted(reckoning.by_exercise(athlete.sets).items(), key=lambda pair: -len(pair[1]))
    for exercise, sets in groups[:5]:
        answer = athlete.call("GET", f"/v1/progress/strength/{exercise}")
        expected = reckoning.sessions(sets)
        assert [(row["date"], row["workoutId"]) for row in answer["sessions"]] == [
            (day.isoformat(), workout) for day, workout in expected]
        points = []
        for row, ((day, _), done) in zip(answer["sessions"], expected.items()):
            assert close(row["tonnageKg"], sum(map(reckoning.tonnage, done)), 1e-6)
            assert row["reps"] == sum(one.reps or 0 for one in done)
            best = reckoning.first_best([one for one in done if reckoning.makes_record(one)], reckoning.epley)
            assert (row["strongest"] or {}).get("setId") == (best and best.id)
            if best:
                points.append((day.toordinal(), float(reckoning.epley(best))))
        assert answer["trend"]["points"] == len(points)
        if len(points) < 5:
            assert answer["trend"]["missing"] == "fewerThanFivePoints"
        elif len({x for x, _ in points}) > 1:
            slope, margin = reckoning.line(points)
            told = answer["trend"]["perWeek"]
            assert close(told["value"], 7 * slope, 1e-3)
            assert close(told["high"] - told["low"], 14 * margin, 2e-3)


def test_streaks_load_and_scores(athlete):
    board = athlete.call("GET", "/v1/progress/analytics")
    today = date.fromisoformat(board["today"])
    trained = {one.workout for one in reckoning.working(athlete.sets)}
    done = [session for session in athlete.sessions if session.id in trained]
    days = {session.date.toordinal() for session in done}
    assert (board["dayStreak"]["current"], board["dayStreak"]["longest"]) == reckoning.streak(days, today.toordinal())
    weeks = {reckoning.week(session.date, athlete.week_start).toordinal() // 7 for session in done}
    now = reckoning.week(today, athlete.week_start).toordinal() // 7
    assert (board["weekStreak"]["current"], board["weekStreak"]["longest"]) == reckoning.streak(weeks, now)

    loads = [0.0] * 28
    recent = [session for session in done if 0 <= (today - session.date).days < 28]
    for session in recent:
        loads[27 - (today - session.date).days] += (session.rpe or 0) * session.minutes
    load = board["load"]
    assert load["sessions"] == len(recent)
    assert load["sessionsWithoutRpe"] == sum(session.rpe is None for session in recent)
    assert close(load["week"], sum(loads[21:]), 1e-6)
    mean = sum(loads[21:]) / 7
    deviation = (sum((value - mean) ** 2 for value in loads[21:]) / 7) ** 0.5
    if deviation > 0:
        assert close(load["monotony"], mean / deviation, 1e-9)
        assert close(load["strain"], sum(loads[21:]) * mean / deviation, 1e-6)
    else:
        assert load["monotony"] is None
    assert load["acuteToChronic"] == (pytest.approx(mean / (sum(loads) / 28)) if sum(loads) else None)

    scores = board["scores"]
    if not scores["missing"]:
        total = sum(lift["estimatedOneRepMaxKg"] for lift in scores["lifts"])
        assert close(scores["totalKg"], total)
        assert close(scores["dots"], reckoning.dots(total, BODY_WEIGHT), 1e-6)


def test_a_volume_goal_and_the_times_of_its_quarters(athlete):
    today = date.fromisoformat(athlete.call("GET", "/v1/progress/analytics")["today"])
    start = today - timedelta(days=300)
    lifted = defaultdict(int)
    for one in reckoning.working(athlete.sets):
        lifted[one.workout] += reckoning.tonnage(one)
    # In the order of their begin, as the athlete did them.
    done = sorted(
        (session for session in athlete.sessions if session.date >= start and session.id in lifted),
        key=lambda session: session.end - session.minutes * 60_000)
    total = float(sum(lifted[session.id] for session in done))
    if total < 2:
        pytest.skip("nothing was lifted")
    target = round(total * 0.8, 1)
    goal = athlete.call("POST", "/v1/goals", {
        "kind": "volume", "title": "Tonnes", "target": target, "startsOn": start.isoformat()})
    assert goal["status"] == "completed" and goal["isAchieved"]
    expected, running = {}, 0
    for session in done:
        running += lifted[session.id]
        for percent in (25, 50, 75, 100):
            if percent not in expected and float(running) >= target * percent / 100:
                expected[percent] = session.end
    told = {
        milestone["percent"]: round(datetime.fromisoformat(milestone["reachedAt"]).timestamp() * 1000)
        for milestone in goal["milestones"]}
    assert told == expected


def test_nothing_is_stale_after_sets_were_changed_and_deleted(athlete, library):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    # Those that hold records hurt most when they go.
    holders = {holder for sets in reckoning.by_exercise(athlete.sets).values()
               for _, holder in reckoning.records(sets).values()}
    picked = chance.sample([one for one in athlete.sets if one.id in holders], min(16, len(holders)))
    for place, one in enumerate(picked):
        if place % 2:
            athlete.delete(one)
        else:
            athlete.change(one, chance.randrange(10, 400) / 2, chance.randrange(1, 20))
    check_bests(athlete)
    check_records(athlete)
    check_volume(athlete, library)
