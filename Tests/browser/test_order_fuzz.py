"""Both shipped clients log one workout while everything breaks: nothing is lost, doubled or put out of order, and all agree.

FITAI_FUZZ_ORDER sets how many sequences are run, FITAI_FUZZ_SEED the first one's seed.
"""

import json
import os
import queue
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException

sys.path.append(str(Path(__file__).resolve().parents[1] / "spec"))

from fold import Workout  # noqa: E402
from fuzz_devices import Network, Pages, SwiftDevice, WebDevice  # noqa: E402
from fuzz_plan import REFUSALS, Plan  # noqa: E402
from served import Served  # noqa: E402

SEQUENCES = int(os.environ.get("FITAI_FUZZ_ORDER", "100"))
SEED = int(os.environ.get("FITAI_FUZZ_SEED", random.randrange(1_000_000_000)))
# Workouts that are under way at a time.
AT_A_TIME = 20
# Access tokens are good for 15 minutes.
TOKEN_SECONDS = 300
ACCOUNT = {"username": "mara", "email": "mara@example.org", "displayName": "Mara", "password": "correct horse mara"}


class Ground:
    """The server with its database, and both devices with their networks."""

    def __init__(self, directory):
        self.pages = Pages()
        self.served = Served(
            REQUESTS_PER_MINUTE="1000000", ALLOWED_ORIGINS=self.pages.address,
            # So little that ops are refused as too many, and as waiting for Postgres.
            OPS_PER_SECOND="200", OPS_BURST="40", QUEUE_BYTES="1048576").start()
        self.query(REFUSALS)
        user = self.served.call("POST", "/v1/auth/register", ACCOUNT)["user"]["id"]
        self.token = directory / "token"
        token = self.sign_in()
        self.networks = [Network(self.served.port) for _ in range(2)]
        self.devices = [
            SwiftDevice(self.networks[0], directory / "outbox", self.token), WebDevice(self.networks[1], self.pages, token, user)]

    def sign_in(self):
        """Gets a token, which is also where the Swift client looks for it."""
        credentials = {"login": ACCOUNT["username"], "password": ACCOUNT["password"]}
        token = self.served.call("POST", "/v1/auth/login", credentials)["tokens"]["accessToken"]
        new = self.token.with_suffix(".new")
        new.write_text(token)
        new.rename(self.token)
        self.signed_in = time.monotonic()
        return token

    def keep_signed_in(self):
        if time.monotonic() - self.signed_in > TOKEN_SECONDS:
            self.devices[1].take(self.sign_in())

    def query(self, statement):
        ready = next(line for line in self.served.log if '"message":"ready"' in line)
        # `psql "host=… dbname=…"`, as a person would type it.
        connection = json.loads(ready)["database"].split('"')[1]
        asked = subprocess.run(
            ["psql", connection, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True, text=True)
        assert asked.returncode == 0, asked.stderr
        return [json.loads(line) for line in asked.stdout.splitlines() if line]

    def stored(self, workouts):
        """The events of each workout, in order."""
        ids = ",".join(f"'{workout}'" for workout in workouts)
        events = {workout: [] for workout in workouts}
        for workout, event in self.query(
                "select json_build_array(workout_id, body) from workout_events"
                f" where workout_id in ({ids}) order by workout_id, seq"):
            events[workout].append(event)
        return events

    def leave(self):
        faults = [fault for device in self.devices for fault in device.leave()]
        self.served.stop()
        return faults


class Round:
    """Some sequences at a time, under the same faults."""

    def __init__(self, ground, seeds):
        self.ground = ground
        self.random = random.Random(seeds[0])
        self.plans = [Plan(seed) for seed in seeds]
        self.stored = set()

    def run(self):
        for device in self.ground.devices:
            for plan in self.plans:
                if self.random.random() < 0.8:
                    device.follow(plan.workout)
        while any(plan.left > 0 for plan in self.plans):
            self.step()
        self.settle()
        # What is still refused is corrected, or not, while the connections are cut.
        for _ in range(3):
            self.correct(0.5)
            self.break_network()
            self.settle()
        self.check()

    def step(self):
        self.ground.keep_signed_in()
        chance = self.random.random()
        if chance < 0.05:
            self.break_something()
        elif chance < 0.09:
            self.correct(0.3)
        elif chance < 0.12:
            self.look()
        plan = self.random.choice([plan for plan in self.plans if plan.left > 0])
        number = self.random.randrange(2)
        for _ in range(self.random.randint(1, 4)):
            if op := plan.next(number, self.stored):
                self.ground.devices[number].submit(plan.workout, op.body)
        # A sequence of which only one device may do something comes to its end too.
        plan.left -= 0.1

    def look(self):
        events = self.ground.stored([plan.workout for plan in self.plans])
        self.stored = {event["opId"] for workout in events.values() for event in workout}

    def correct(self, share):
        for number, device in enumerate(self.ground.devices):
            for plan in self.plans:
                plan.resolve(self.stored)
                asked = set()
                # One by one: what is corrected takes others along.
                while lost := plan.correctable(number, {lost["opId"] for lost in device.status()["refused"]} - asked):
                    asked.add(lost[0].id)
                    if self.random.random() < share:
                        device.submit(plan.workout, plan.correct(lost[0]).body)

    # Faults

    def break_something(self):
        fault = self.random.choices(
            [self.break_network, self.go_away, self.kill_device, self.kill_server, self.drain_server, self.look_away],
            [12, 6, 8, 1, 1, 6])[0]
        fault()

    def break_network(self):
        network = self.random.choice(self.ground.networks)
        network.cut(self.random.choice([None, self.random.randint(1, 3000)]))

    def go_away(self):
        network = self.random.choice(self.ground.networks)
        (network.go_away if network.is_there else network.come_back)()

    def kill_device(self): self.random.choice(self.ground.devices).kill()

    def kill_server(self):
        self.ground.served.kill()
        self.ground.served.start()

    def drain_server(self):
        self.ground.served.stop()
        self.ground.served.start()

    def look_away(self):
        device, plan = self.random.choice(self.ground.devices), self.random.choice(self.plans)
        (device.unfollow if plan.workout in device.followed else device.follow)(plan.workout)

    # The end

    def settle(self):
        self.ground.keep_signed_in()
        for network in self.ground.networks:
            network.come_back()
        self.ground.devices[1].do("hurry")
        for device in self.ground.devices:
            try:
                device.settle()
            except (queue.Empty, TimeoutException):
                raise AssertionError(self.unsettled(device)) from None
        self.look()

    def unsettled(self, device):
        """What a device does not get rid of: of each workout the first op."""
        waiting = device.pending([plan.workout for plan in self.plans])
        refused = {lost["opId"]: lost["code"] for lost in device.status()["refused"]}
        events = self.ground.stored([plan.workout for plan in self.plans])
        stories = [
            f"seed {plan.seed}, {len(waiting[plan.workout])} wait:\n"
            + plan.story(waiting[plan.workout][:1], [event["opId"] for event in events[plan.workout]], refused)
            for plan in self.plans if waiting.get(plan.workout)]
        return "not settled:\n" + "\n".join(stories)

    def check(self):
        events = self.ground.stored([plan.workout for plan in self.plans])
        refused = [device.status()["refused"] for device in self.ground.devices]
        for plan in self.plans:
            history = events[plan.workout]
            self.check_history(plan, history)
            for number in range(2):
                shown = [(lost["opId"], lost["code"]) for lost in refused[number] if lost["workout"] == plan.workout]
                self.check_device(plan, number, [event["opId"] for event in history], shown)
            if history:
                self.check_states(plan, history)
            for device in self.ground.devices:
                device.unfollow(plan.workout)

    def check_history(self, plan, history):
        assert [event["seq"] for event in history] == list(range(1, len(history) + 1)), f"seed {plan.seed}"
        ids = [event["opId"] for event in history]
        assert len(set(ids)) == len(ids), f"seed {plan.seed}"
        assert set(ids) <= {op.id for op in plan.ops}, f"seed {plan.seed}"

    def check_device(self, plan, number, history, codes):
        where = f"seed {plan.seed}, device {number}"
        shown = [op for op, _ in codes]

        def none(ids, what):
            assert not ids, f"{where}: {what}:\n{plan.story(ids, history, dict(codes))}"

        plan.resolve(set(history))
        wanted, possible, refused, unsure = plan.expectation(number)
        own = {op.id for op in plan.ops if op.device == number}
        stored = {op for op in history if op in own}
        none(wanted - stored, "missing")
        none(stored - wanted - possible, "stored although refused")
        assert len(set(shown)) == len(shown), where
        none(refused - set(shown), "not shown as refused")
        none(set(shown) - refused - unsure, "shown as refused")
        self.check_order(plan, number, history, where)

    def check_order(self, plan, number, history, where):
        place = {op: index for index, op in enumerate(history)}
        stored = [op for op in plan.ops if op.device == number and op.id in place]
        untouched = [op for op in stored if not op.corrects and not op.hasty and not any(base.correction for base in bases(op))]
        places = [place[op.id] for op in untouched]
        assert places == sorted(places), (
            f"{where}: not in order:\n{plan.story({op.id for op in untouched}, history, {})}")
        for op in stored:
            for base in op.bases:
                assert place.get(base.standing.id, -1) < place[op.id], f"{where}: before what it builds on"

    def check_states(self, plan, history):
        state = Workout()
        for event in history:
            state.apply(event)
        for number, device in enumerate(self.ground.devices):
            state_hash = device.reach(plan.workout, history[-1]["seq"])["hash"]
            assert state_hash == state.state_hash(), f"seed {plan.seed}, device {number}"


def bases(op):
    """All that an op builds on."""
    for base in op.bases:
        yield base
        yield from bases(base)


@pytest.fixture
def ground(tmp_path):
    ground = Ground(tmp_path)
    yield ground
    assert ground.leave() == []


def test_both_clients_lose_nothing_whatever_breaks(ground):
    print(f"order fuzz: FITAI_FUZZ_SEED={SEED} FITAI_FUZZ_ORDER={SEQUENCES}", flush=True)
    begun = time.monotonic()
    for first in range(0, SEQUENCES, AT_A_TIME):
        seeds = [SEED + index for index in range(first, min(first + AT_A_TIME, SEQUENCES))]
        Round(ground, seeds).run()
        print(f"order fuzz: {seeds[-1] - SEED + 1} sequences, {time.monotonic() - begun:.0f} s", flush=True)
