"""A client that was written after spec/asyncapi.yaml folds what the server does, and finds its bounds where it says."""

import pytest
from live_client import LIMITS, LiveClient, Refused, uuid7
from websockets.exceptions import ConnectionClosed

PASSWORD = "weights-9-barbells"


def member(served, name):
    account = {"email": f"{name}@example.org", "username": name, "password": PASSWORD, "displayName": name}
    signed_in = served.call("POST", "/v1/auth/register", account)
    token = signed_in["tokens"]["accessToken"]
    served.call("PUT", "/v1/users/preferences", {"privacy": {"live": "public", "workouts": "public"}}, token=token)
    return token


@pytest.fixture(scope="module")
def tokens(served):
    return {name: member(served, name) for name in ("liv", "wim")}


def a_workout(athlete):
    room = f"workout:{uuid7()}"
    athlete.op(room, "workout.start", name="Leg day")
    return room


def test_athlete_and_watcher_fold_the_same_state_and_only_the_athlete_hears_durable(served, tokens):
    exercise = served.call("GET", "/v1/exercises?limit=1", token=tokens["liv"])["items"][0]["id"]
    with LiveClient(served, tokens["liv"]) as athlete, LiveClient(served, tokens["wim"]) as watcher:
        room = a_workout(athlete)
        athlete.subscribe(room)
        watcher.subscribe(room, since={"epoch": 0, "seq": 0}, mode="events")
        entry, other, logged = uuid7(), uuid7(), uuid7()
        athlete.op(room, "exercise.add", entryId=entry, exerciseId=exercise, restSeconds=90.5)
        athlete.op(room, "exercise.add", entryId=other, name="Farmer's walk")
        athlete.op(room, "set.log", setId=logged, entryId=entry, set={"weightKg": 102.625, "reps": 5, "rpe": 8.5})
        athlete.op(room, "rest.start", seconds=120)
        athlete.op(room, "set.log", setId=uuid7(), entryId=other, set={"durationSeconds": 62.5, "distanceMeters": 40})
        athlete.op(room, "set.update", setId=logged, set={"weightKg": 105, "reps": 4, "rir": 1})
        athlete.op(room, "exercise.reorder", entryIds=[other])
        athlete.op(room, "note", text="Knees out", entryId=entry)
        athlete.op(room, "workout.pause")
        athlete.op(room, "workout.resume")
        athlete.op(room, "set.delete", setId=logged)
        done = athlete.op(room, "workout.complete", rpe=8)
        athlete.until(lambda: athlete.rooms[room].durable == done["seq"])
        watcher.until(lambda: watcher.rooms[room].seq == done["seq"])
        hashes = {each.rooms[room].state.state_hash() for each in (athlete, watcher)}
        with LiveClient(served, tokens["wim"]) as late:
            hashes.add(late.subscribe(room).state.state_hash())
        assert len(hashes) == 1
        assert not [frame for frame in watcher.pushes if frame["type"] in ("durable", "rejected")]
        assert watcher.rooms[room].state.entries[1]["note"] == {"text": None, "shared": False}
        athlete.op(room, "workout.delete")
        athlete.until(lambda: athlete.rooms[room].has_ended)
        watcher.until(lambda: watcher.rooms[room].has_ended)
        with pytest.raises(Refused, match="deleted"):
            athlete.op(room, "rest.skip")


def test_durable_comes_to_a_connection_that_only_sent_ops_and_goes_on_after_unsubscribing(served, tokens):
    with LiveClient(served, tokens["liv"]) as athlete:
        room = a_workout(athlete)
        athlete.until(lambda: any(frame["type"] == "durable" for frame in athlete.pushes))
        assert not [frame for frame in athlete.pushes if frame["type"] == "event"]
        athlete.subscribe(room)
        athlete.ask("unsubscribe", room=room)
        paused = athlete.op(room, "workout.pause")
        athlete.until(lambda: athlete.pushes and athlete.pushes[-1].get("seq") == paused["seq"])
        assert athlete.pushes[-1]["type"] == "durable"


def test_a_client_gives_an_op_up_by_beginning_a_new_connection(served, tokens):
    with LiveClient(served, tokens["liv"]) as athlete:
        room = a_workout(athlete)
        with pytest.raises(Refused, match="unknownTarget"):
            athlete.op(room, "set.delete", setId=uuid7())
        with pytest.raises(Refused, match="outOfOrder"):
            athlete.op(room, "workout.pause")
    with LiveClient(served, tokens["liv"]) as again:
        again.op(room, "workout.pause")


def test_the_first_frame_is_hello_and_it_is_said_once(served, tokens):
    with LiveClient(served, None, says_hello=False) as hasty:
        hasty.send("time", t0=1)
        with pytest.raises(ConnectionClosed) as closed:
            hasty.receive()
        assert closed.value.rcvd.code == 4503
    with LiveClient(served, tokens["liv"], says_hello=False) as eager:
        hello, time = eager.send("hello", token=tokens["liv"]), eager.send("time", t0=1)
        assert eager.answer(hello)["type"] == "welcome"
        assert eager.answer(time)["t0"] == 1
        with pytest.raises(Refused, match="badRequest"):
            eager.ask("hello", token=tokens["liv"])


def test_the_limits_are_those_that_are_written(served, tokens):
    with LiveClient(served, tokens["liv"]) as athlete:
        assert athlete.welcome["limits"].items() <= LIMITS.items()
        assert athlete.welcome["heartbeatSeconds"] == LIMITS["heartbeatSeconds"]
        room = a_workout(athlete)
        for _ in range(LIMITS["exercises"]):
            athlete.op(room, "exercise.add", entryId=uuid7(), name="Carry")
        with pytest.raises(Refused, match="limitReached"):
            athlete.op(room, "exercise.add", entryId=uuid7(), name="Carry")
    with LiveClient(served, tokens["liv"]) as athlete:
        frame = f'{{"type":"time","id":7,"t0":1,"pad":"{"x" * LIMITS["frameBytes"]}"}}'
        excess = len(frame) - LIMITS["frameBytes"]
        athlete.socket.send(frame.replace("x" * excess, "", 1))
        assert athlete.answer(7)["t0"] == 1
        athlete.socket.send(frame.replace("x" * (excess - 1), "", 1))
        with pytest.raises(ConnectionClosed) as closed:
            athlete.receive()
        assert closed.value.rcvd.code == 1009


def test_a_watcher_cheers_as_often_as_is_written(served, tokens):
    with LiveClient(served, tokens["liv"]) as athlete, LiveClient(served, tokens["wim"]) as watcher:
        room = a_workout(athlete)
        watcher.subscribe(room)
        requests = [watcher.send("cheer", room=room, kind="fire") for _ in range(LIMITS["cheersPerWatcher"] + 1)]
        for request in requests[:-1]:
            watcher.answer(request)
        with pytest.raises(Refused, match="rateLimited"):
            watcher.answer(requests[-1])
