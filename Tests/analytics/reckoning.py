"""The formulas once more, as plainly as they are written in the literature, with exact fractions where there are ties."""

import math
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from functools import cache


def working(sets):
    return [one for one in sets if one.kind != "warmup"]


def by_exercise(sets):
    groups = defaultdict(list)
    for one in working(sets):
        groups[one.exercise].append(one)
    return groups


def epley(one):
    kilograms = Fraction(one.grams, 1000)
    return kilograms if one.reps == 1 else kilograms * (1 + Fraction(one.reps, 30))


def brzycki(one):
    return Fraction(36 * one.grams, 1000 * (37 - one.reps)) if one.reps < 37 else None


def lombardi(one):
    return one.grams / 1000 * one.reps ** 0.10


def is_lift(one):
    return bool(one.grams) and bool(one.reps)


def makes_record(one):
    return is_lift(one) and one.reps <= 15


def tonnage(one):
    """(Weight + what a repetition lifts of the body) × repetitions, in kilograms."""
    return Fraction(((one.grams or 0) + one.body_grams) * (one.reps or 0), 1000)


def first_best(sets, value):
    """The earliest set with the highest value above nothing."""
    best = None
    for one in sets:
        if value(one) and (best is None or value(one) > value(best)):
            best = one
    return best


def records(sets):
    """(kind, weight for most reps) → (value, the set that holds it)"""
    found = {}

    def add(kind, value, candidates=sets):
        best = first_best(candidates, value)
        if best:
            found[kind, None] = (value(best), best.id)

    add("heaviestWeight", lambda one: Fraction(one.grams, 1000), [one for one in sets if is_lift(one)])
    add("bestEstimatedOneRepMax", epley, [one for one in sets if makes_record(one)])
    add("bestSetTonnage", tonnage)
    add("longest", lambda one: one.seconds)
    add("farthest", lambda one: one.millimeters and Fraction(one.millimeters, 1000))
    totals = defaultdict(Fraction)
    for one in sets:
        totals[one.workout] += tonnage(one)
    best = first_best(sets, lambda one: totals[one.workout])
    if best:
        last = [one for one in sets if one.workout == best.workout and tonnage(one)][-1]
        found["bestSessionTonnage", None] = (totals[best.workout], last.id)
    heavier = 0
    # Sets without weight are one of the weights.
    done = [one for one in sets if one.reps]
    for grams in sorted({one.grams or 0 for one in done}, reverse=True):
        best = first_best([one for one in done if (one.grams or 0) == grams], lambda one: one.reps)
        if best.reps > heavier and sum(kind == "mostReps" for kind, _ in found) < 20:
            heavier = best.reps
            found["mostReps", grams] = (best.reps, best.id)
    return found


def sessions(sets):
    """(date, workout) → the workout's sets, oldest first"""
    groups = defaultdict(list)
    for one in sets:
        groups[one.date, one.workout].append(one)
    return dict(sorted(groups.items()))


def week(day, start):
    return day - timedelta(days=(day.weekday() - {"monday": 0, "saturday": 5, "sunday": 6}[start]) % 7)


def streak(places, now):
    """(current, longest) over whole numbers"""
    longest, run = 0, 0
    for place in range(min(places), max(places) + 1) if places else ():
        run = run + 1 if place in places else 0
        longest = max(longest, run)
    last = now if now in places else now - 1
    current = 0
    while last - current in places:
        current += 1
    return current, longest


@cache
def t975(degrees):
    """Student's 97.5 % quantile, by integrating its density (Simpson) and bisecting."""
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)

    def density(x):
        return scale * (1 + x * x / degrees) ** (-(degrees + 1) / 2)

    def half(x, steps=2000):
        width = x / steps
        inner = sum((4 if step % 2 else 2) * density(step * width) for step in range(1, steps))
        return width / 3 * (density(0) + inner + density(x))

    low, high = 0.0, 50.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if half(middle) < 0.475 else (low, middle)
    return low


def line(points):
    """(slope, half width of its 95 % interval) of the least squares through (x, y)"""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    squares = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    return slope, t975(n - 2) * math.sqrt(squares / (n - 2) / spread)


def dots(total, body):
    """For men."""
    coefficients = (-1.093e-6, 0.0007391293, -0.1918759221, 24.0900756, -307.75076)
    body = min(max(body, 40), 210)
    return 500 * total / sum(factor * body ** power for factor, power in zip(coefficients, (4, 3, 2, 1, 0)))
