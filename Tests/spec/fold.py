"""A workout's fold, written after the rules in spec/asyncapi.yaml alone: what would have to be guessed is missing there."""

from decimal import Decimal


def scaled(value, places):
    """A wire decimal as a whole number of its smallest unit; None stays None."""
    return None if value is None else int((Decimal(str(value)) * 10**places).to_integral_value())


def thousandths(value):
    return scaled(value, 3)


def present(json, name):
    """A member that is null counts as absent."""
    return json.get(name)


class Workout:
    """WorkoutState, in whole grams, milliseconds, millimetres and tenths."""

    DETAILS = ("name", "visibility", "plannedFor", "startedAt", "endedAt")

    def __init__(self):
        self.status = "new"
        self.name = self.visibility = self.planned_for = self.started_at = self.ended_at = self.paused_at = None
        self.paused_ms = self.resting_ms = self.last_at = 0
        self.rpe_tenths = self.rest = self.note = None
        self.entries = []

    @classmethod
    def from_snapshot(cls, json):
        state = cls()
        state.status = json["status"]
        state.name, state.visibility = present(json, "name"), present(json, "visibility")
        state.planned_for, state.paused_at = present(json, "plannedFor"), present(json, "pausedAt")
        state.started_at, state.ended_at = present(json, "startedAt"), present(json, "endedAt")
        state.paused_ms, state.resting_ms = thousandths(json["pausedSeconds"]), thousandths(json["restingSeconds"])
        state.rpe_tenths = scaled(present(json, "rpe"), 1)
        state.last_at = json["lastAt"]
        state.rest = dict(json["rest"]) if present(json, "rest") else None
        state.note = note_of(json)
        for entry in json["entries"]:
            state.entries.append(new_entry(entry))
            state.entries[-1].update(
                note=note_of(entry), removed=entry.get("removed", False), sets=[
                    {
                        "id": each["setId"], "values": values(each), "loggedAt": each["loggedAt"],
                        "changedAt": each["changedAt"], "deleted": each.get("deleted", False),
                    } for each in entry["sets"]
                ])
        return state

    # Folding

    def apply(self, event):
        if not event.get("automatic"):
            self.last_at = max(self.last_at, event["at"])
        if event.get("superseded"):
            return
        fold = getattr(self, "fold_" + event["kind"].replace(".", "_"), None)
        if fold:
            fold(event, event["at"])

    def change(self, event):
        for name, member in zip(self.DETAILS, ("name", "visibility", "planned_for", "started_at", "ended_at")):
            if present(event, name) is not None:
                setattr(self, member, event[name])

    def is_before_rest(self, at):
        return bool(self.rest) and at < self.rest["startedAt"]

    def end_rest(self, at):
        if self.rest and not self.is_before_rest(at):
            self.resting_ms += max(0, min(at, self.rest["endsAt"]) - self.rest["startedAt"])
            self.rest = None

    def end_pause(self, at):
        if self.paused_at is not None:
            self.paused_ms += max(0, at - self.paused_at)
            self.paused_at = None

    def end(self, at, status):
        if self.rest:
            self.end_rest(max(at, self.rest["startedAt"]))
        self.end_pause(at)
        self.ended_at = at if self.started_at is None else max(at, self.started_at)
        self.status = status

    def fold_workout_plan(self, event, at):
        self.status = "planned"
        self.change(event)

    def fold_workout_start(self, event, at):
        self.status = "active"
        self.change(event)
        self.started_at = at if present(event, "startedAt") is None else event["startedAt"]

    def fold_workout_update(self, event, at):
        self.change(event)

    def fold_workout_pause(self, event, at):
        self.end_rest(at)
        self.status, self.paused_at = "paused", at

    def fold_workout_resume(self, event, at):
        self.end_pause(at)
        self.status = "active"

    def fold_workout_complete(self, event, at):
        self.end(at, "completed")
        self.rpe_tenths = scaled(present(event, "rpe"), 1)

    def fold_workout_abandon(self, event, at):
        self.end(at, "abandoned")

    def fold_workout_delete(self, event, at):
        self.status = "deleted"

    def fold_exercise_add(self, event, at):
        self.entries.append(new_entry(event))

    def fold_exercise_update(self, event, at):
        entry = self.entry(event["entryId"])
        if entry:
            entry["supersetGroup"] = present(event, "supersetGroup")
            entry["restMs"] = thousandths(present(event, "restSeconds"))

    def fold_exercise_remove(self, event, at):
        entry = self.entry(event["entryId"])
        if entry:
            entry["removed"] = True

    def fold_exercise_reorder(self, event, at):
        first = [self.entry(entry) for entry in event["entryIds"] if self.entry(entry)]
        self.entries = first + [entry for entry in self.entries if entry["id"] not in event["entryIds"]]

    def fold_set_log(self, event, at):
        self.end_rest(at)
        entry = self.entry(event["entryId"])
        if entry:
            entry["sets"].append({
                "id": event["setId"], "values": values(event["set"]), "loggedAt": at, "changedAt": at, "deleted": False,
            })

    def fold_set_update(self, event, at):
        logged = self.logged(event["setId"])
        if logged:
            logged.update(values=values(event["set"]), changedAt=at)

    def fold_set_delete(self, event, at):
        logged = self.logged(event["setId"])
        if logged:
            logged.update(deleted=True, changedAt=max(at, logged["changedAt"]))

    def fold_rest_start(self, event, at):
        if self.is_before_rest(at):
            return
        self.end_rest(at)
        ends = present(event, "restEndsAt")
        self.rest = {
            "startedAt": at, "endsAt": at + thousandths(event["seconds"]) if ends is None else ends,
            "running": ends is not None,
        }

    def fold_rest_skip(self, event, at):
        self.end_rest(at)

    def fold_note(self, event, at):
        note = None
        if present(event, "text") != "":
            note = {"text": present(event, "text"), "shared": event.get("shared", False)}
        if present(event, "entryId") is None:
            self.note = note
        elif self.entry(event["entryId"]):
            self.entry(event["entryId"])["note"] = note

    def entry(self, entry_id):
        return next((entry for entry in self.entries if entry["id"] == entry_id), None)

    def logged(self, set_id):
        return next((each for entry in self.entries for each in entry["sets"] if each["id"] == set_id), None)

    # What follows from the state

    def counted(self):
        """(entry, values) of the sets that count for the totals."""
        for entry in self.entries:
            for each in entry["sets"]:
                if not entry["removed"] and not each["deleted"] and each["values"]["type"] != "warmup":
                    yield entry, each["values"]

    def summary(self):
        totals = {"tonnage": 0, "workingSets": 0, "workingMs": 0, "restingMs": 0}
        for entry, done in self.counted():
            totals["tonnage"] += ((done["weightGrams"] or 0) + (entry["bodyLoadGrams"] or 0)) * (done["reps"] or 0)
            totals["workingSets"] += 1
        if self.started_at is not None:
            until = next(time for time in (self.ended_at, self.paused_at, self.last_at) if time is not None)
            elapsed = max(0, until - self.started_at - self.paused_ms)
            totals["restingMs"] = min(elapsed, self.resting_ms)
            totals["workingMs"] = elapsed - totals["restingMs"]
        return totals

    def hard_sets(self):
        """Halves of sets by muscle."""
        halves = {}
        for entry, _ in self.counted():
            for muscles, share in ((entry["primaryMuscles"], 2), (entry["secondaryMuscles"], 1)):
                for muscle in muscles:
                    halves[muscle] = halves.get(muscle, 0) + share
        return halves

    def state_hash(self):
        hash = WordHash()
        hash.string(self.status)
        for value in (
            self.name, self.visibility, self.planned_for, self.started_at, self.ended_at, self.paused_at,
        ):
            hash.optional(value)
        hash.integer(self.paused_ms)
        hash.integer(self.resting_ms)
        hash.optional(self.rpe_tenths)
        hash.integer(self.last_at)
        rest = self.rest or {}
        hash.optional(rest.get("startedAt"))
        hash.optional(rest.get("endsAt"))
        hash.flag(rest.get("running", False))
        hash.integer(len(self.entries))
        for entry in self.entries:
            self.add_entry(hash, entry)
        return hash.text()

    @staticmethod
    def add_entry(hash, entry):
        hash.string(entry["id"])
        hash.optional(entry["exerciseId"])
        hash.string(entry["name"])
        for muscles in (entry["primaryMuscles"], entry["secondaryMuscles"]):
            hash.integer(len(muscles))
            for muscle in muscles:
                hash.string(muscle)
        hash.optional(entry["supersetGroup"])
        hash.optional(entry["restMs"])
        if entry["bodyLoadGrams"] is not None:
            hash.optional(entry["bodyLoadGrams"])
        hash.flag(entry["removed"])
        hash.integer(len(entry["sets"]))
        for each in entry["sets"]:
            hash.string(each["id"])
            hash.string(each["values"]["type"])
            for member in ("weightGrams", "reps", "rpeTenths", "rir", "durationMs", "distanceMm", "side"):
                hash.optional(each["values"][member])
            hash.integer(each["loggedAt"])
            hash.integer(each["changedAt"])
            hash.flag(each["deleted"])


def note_of(json):
    note = present(json, "note")
    return None if note is None else {"text": present(note, "text"), "shared": note.get("shared", False)}


def new_entry(json):
    return {
        "id": json["entryId"], "exerciseId": present(json, "exerciseId"), "name": json.get("name", ""),
        "primaryMuscles": json.get("primaryMuscles", []), "secondaryMuscles": json.get("secondaryMuscles", []),
        "supersetGroup": present(json, "supersetGroup"), "restMs": thousandths(present(json, "restSeconds")),
        "bodyLoadGrams": thousandths(present(json, "bodyLoadKg")), "note": None, "removed": False, "sets": [],
    }


def values(json):
    return {
        "type": json.get("type", "normal"), "weightGrams": thousandths(present(json, "weightKg")),
        "reps": present(json, "reps"), "rpeTenths": scaled(present(json, "rpe"), 1), "rir": present(json, "rir"),
        "durationMs": thousandths(present(json, "durationSeconds")),
        "distanceMm": thousandths(present(json, "distanceMeters")), "side": present(json, "side"),
    }


class WordHash:
    def __init__(self):
        self.a, self.b = 0x811C9DC5, 0

    def word(self, word):
        self.a = ((self.a ^ word) * 0x01000193) & 0xFFFFFFFF
        turned = (self.b << 5 | self.b >> 27) & 0xFFFFFFFF
        self.b = ((turned ^ word) * 0x9E3779B1) & 0xFFFFFFFF

    def integer(self, value):
        self.word(value & 0xFFFFFFFF)
        self.word(value >> 32 & 0xFFFFFFFF)

    def string(self, value):
        data = value.encode()
        self.word(len(data))
        for byte in data:
            self.word(byte)

    def flag(self, value):
        self.word(1 if value else 0)

    def optional(self, value):
        if value is None:
            return self.word(0xFFFFFFFF)
        self.word(1)
        return self.string(value) if isinstance(value, str) else self.integer(value)

    def text(self):
        return f"{self.a:08x}{self.b:08x}"
