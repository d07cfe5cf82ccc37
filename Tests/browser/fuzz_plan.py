"""What an athlete does on two devices in one workout, made at random so that the outcome of each op is known beforehand.

Every exercise and set is made by one device. What a device makes well may be used by the other, which then waits for it; what it
makes badly is used by it alone. An op is *bad* when no server takes it. It is shown as refused, with all that builds on it, until
the athlete corrects it; then the correction stands for it and the others are taken behind it.
"""

import random
import uuid
from dataclasses import dataclass, field

# The database refuses for good what says this (see `REFUSALS`), although the server takes it first.
UNSTORABLE_NAME, UNSTORABLE_REPS, UNSTORABLE_REST = "unstorable", 777, 4242

REFUSALS = f"""
    create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'unstorable' using errcode = 'check_violation'; end $$;
    create trigger refusal before insert on workout_events for each row
        when (new.body->>'name' = '{UNSTORABLE_NAME}' or new.body->'set'->>'reps' = '{UNSTORABLE_REPS}'
            or new.body->>'text' = '{UNSTORABLE_NAME}' or new.body->>'restSeconds' = '{UNSTORABLE_REST}')
        execute function refuse();
"""


@dataclass(eq=False)
class Op:
    device: int
    body: dict
    # What makes the things that it builds on.
    bases: list = field(default_factory=list)
    # The id of what it makes.
    makes: str | None = None
    is_bad: bool = False
    # The op by which the athlete has corrected it.
    correction: "Op | None" = None
    # Changes that the athlete made before it was known to be refused; on which side of that the client saw them is not known.
    hasty: list = field(default_factory=list)
    corrects: bool = False

    @property
    def id(self):
        return self.body["opId"]

    @property
    def is_lost(self):
        """Whether it can't be taken as things stand."""
        return self.is_bad or any(base.standing.is_lost for base in self.bases)

    @property
    def is_touched(self):
        """Whether it was lost once, with what it builds on: until it is stored, the server refuses what the other device builds on it."""
        return self.corrects or any(base.correction or base.is_touched for base in self.bases)

    @property
    def standing(self):
        """The op that stands for it now."""
        return self.correction.standing if self.correction else self


class Plan:
    """One sequence of ops of two devices on one workout."""

    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(seed)
        self.workout = self.uuid7()
        self.ops = []
        self.clock = 1_764_000_000_000 + seed % 1000
        self.owner = self.random.randrange(2)
        self.start = None
        self.is_completed = False
        self.starts_badly = self.random.random() < 0.1
        self.left = self.random.randint(16, 40)

    def uuid7(self):
        number = self.random.getrandbits(80) | (1_764_000_000_000 + self.random.getrandbits(30)) << 80
        return str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))

    def made(self, device, kind, bases=(), makes=None, is_bad=False, **members):
        self.clock += self.random.randint(1, 2000)
        body = {"opId": self.uuid7(), "at": self.clock, "kind": kind, **members}
        op = Op(device, body, list(bases), makes, is_bad)
        self.ops.append(op)
        return op

    # What may be built on

    def usable(self, device, kind, stored):
        """Ops of a kind that a device may build on: its own, and what the other one makes well."""
        return [
            op for op in self.ops
            if op.body["kind"] == kind and op.makes and not op.correction and not op.hasty
            and (op.device == device or not op.is_lost and (not op.is_touched or op.id in stored))
        ]

    def next(self, device, stored):
        """The device's next op, or None while it has to wait; `stored` holds the ids of ops that are known stored."""
        if self.start is None:
            if device != self.owner:
                return None
            name = UNSTORABLE_NAME if self.starts_badly else "Legs"
            self.start = self.made(device, "workout.start", makes="workout", is_bad=self.starts_badly, name=name)
            return self.start
        start = self.start.standing
        if self.starts_badly and device != self.owner and start.id not in stored:
            return None
        self.left -= 1
        if self.left == 4 and not self.is_completed and self.random.random() < 0.5:
            self.is_completed = True
            return self.made(device, "workout.complete", [self.start])
        return self.content(device, stored)

    def content(self, device, stored):
        entries, sets = self.usable(device, "exercise.add", stored), self.usable(device, "set.log", stored)
        if not entries or self.random.random() < 0.15:
            return self.entry(device)
        entry = self.random.choice(entries)
        choices = [
            (40, lambda: self.set(device, entry)),
            (6, lambda: self.made(device, "note", [self.start, entry], entryId=entry.makes, text="heavy")),
            (3, lambda: self.made(device, "note", [self.start], is_bad=True, text=UNSTORABLE_NAME)),
            (3, lambda: self.made(device, "workout.resume", [self.start], is_bad=True)),
            (3, lambda: self.made(device, "exercise.remove", [self.start, entry], entryId=entry.makes)),
            (3, lambda: self.made(device, "rest.skip", [self.start])),
        ]
        if not self.starts_badly:
            choices.append((3, lambda: self.made(device, "workout.update", [self.start], name="Push")))
        if sets:
            choices += [
                (10, lambda: self.change(device, self.random.choice(sets))),
                (5, lambda: self.delete(device, self.random.choice(sets))),
                (5, lambda: self.again(device, self.random.choice(sets), stored)),
            ]
        weights, bodies = zip(*choices)
        return self.random.choices(bodies, weights)[0]()

    def entry(self, device):
        makes, chance = self.uuid7(), self.random.random()
        members = {"entryId": makes, "name": "Sled"}
        if chance < 0.12:
            # There is no such exercise.
            members["exerciseId"] = self.uuid7()
        elif chance < 0.24:
            members["restSeconds"] = UNSTORABLE_REST
        return self.made(device, "exercise.add", [self.start], makes, chance < 0.24, **members)

    def set(self, device, entry):
        makes, is_bad = self.uuid7(), self.random.random() < 0.12
        return self.made(
            device, "set.log", [self.start, entry], makes, is_bad, entryId=entry.makes, setId=makes, set=self.values(is_bad))

    def values(self, is_bad=False):
        reps = UNSTORABLE_REPS if is_bad else self.random.randint(1, 15)
        return {"weightKg": self.random.randint(0, 80) * 1.25, "reps": reps}

    def change(self, device, log):
        """Other values for a set; of one that is lost they may be its correction, when the device knows that already."""
        op = self.made(device, "set.update", [self.start, log], setId=log.makes, set=self.values())
        if log.is_lost:
            op.bases = log.bases
            log.hasty.append(op)
        return op

    def delete(self, device, log):
        return self.made(device, "set.delete", [self.start, log], setId=log.makes)

    def again(self, device, log, stored):
        """A set under the id of another one, which is there before."""
        if log.is_lost or (log.device != device and log.id not in stored):
            return self.set(device, self.random.choice(self.usable(device, "exercise.add", stored)))
        bases = [self.start, *log.bases]
        return self.made(
            device, "set.log", bases, is_bad=True, entryId=log.body["entryId"], setId=log.makes, set=self.values())

    # Corrections

    def correct(self, lost):
        """Corrects a bad op that its device shows as refused."""
        self.clock += self.random.randint(1, 2000)
        common = {"opId": self.uuid7(), "at": self.clock}
        if lost.body["kind"] == "workout.start":
            body, stands = {**common, "kind": "workout.update", "name": "Legs"}, False
        elif lost.body["kind"] == "exercise.add" and "exerciseId" in lost.body:
            body, stands = {**common, "kind": "exercise.add", "entryId": lost.makes, "name": "Sled"}, False
        elif lost.body["kind"] == "exercise.add":
            body, stands = {**common, "kind": "exercise.update", "entryId": lost.makes, "restSeconds": 60}, False
        else:
            stands = self.random.random() < 0.2
            body = {**common, "kind": "set.update", "setId": lost.makes, "set": self.values(stands)}
        op = Op(lost.device, body, lost.bases, lost.makes, stands, corrects=True)
        op.kind_as_made = lost.body["kind"]
        lost.correction = op
        self.ops.append(op)
        return op

    def correctable(self, device, refused):
        return [
            op for op in self.ops
            if op.device == device and op.is_bad and op.makes and not op.correction and op.id in refused
        ]

    # What has to come of it

    def resolve(self, stored):
        """Learns of hasty changes whether the client took them as corrections."""
        for op in list(self.ops):
            taken = [change for change in op.hasty if change.id in stored]
            if op.is_bad and not op.correction and taken:
                op.correction = taken[0]
                op.correction.makes = op.makes

    def expectation(self, device):
        """The ids that have to be stored, those that may be, and those that have to be shown as refused."""
        wanted, possible, shown, unsure = set(), set(), set(), set()
        hasty = {change for op in self.ops for change in op.hasty}
        for op in self.ops:
            if op.device != device:
                continue
            if op.correction:
                continue
            if op in hasty or op.hasty and (not op.is_bad or any(base.standing.is_lost for base in op.bases)):
                possible.add(op.id)
                unsure.add(op.id)
            elif op.is_lost:
                shown.add(op.id)
            else:
                wanted.add(op.id)
        return wanted, possible, shown, unsure

    def story(self, ids, history, codes):
        """What became of these ops and of all that they build on."""
        family = [op for op in self.ops if op.id in ids]
        for op in family:
            family += [other for other in (*op.bases, op.correction, *op.hasty) if other and other not in family]
        place = {op: f"seq {index + 1}" for index, op in enumerate(history)}
        return "\n".join(
            f"{'*' if op.id in ids else ' '} device {op.device} {'bad ' if op.is_bad else ''}{op.body}"
            f" → {place.get(op.id, '')}{codes.get(op.id, '')}{' corrected by ' + op.correction.id if op.correction else ''}"
            for op in self.ops if op in family)
