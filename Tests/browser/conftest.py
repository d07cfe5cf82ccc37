import itertools

import pytest

from person import Person
from served import Served

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("data")).start()
    yield server
    server.stop()


@pytest.fixture
def people(served):
    """Makes people with accounts; at the end their browsers' consoles must be clean."""
    made = []

    def make(name, **window):
        person = Person(served.address, f"{name.lower()}_{next(numbers)}", name, **window)
        made.append(person)
        person.allowed = []
        person.register()
        served.verify(f"{person.username}@example.org")
        return person

    yield make
    faults = {person.name: person.complaints(person.allowed) for person in made}
    for person in made:
        person.leave()
    assert not any(faults.values()), faults


@pytest.fixture
def pair(people):
    """An athlete with a phone and a friend at a desk."""

    def make(**athlete_window):
        athlete = people("Mara", **{"width": 390, "height": 844, **athlete_window})
        friend = people("Jo", width=1200, height=900, scheme="light")
        befriend(athlete, friend)
        return athlete, friend

    return make


def befriend(asking, asked):
    user_id = asked.driver.execute_script("return JSON.parse(localStorage.getItem('fitai.user')).id")
    asking.driver.get(f"{asking.address}/#/add/{user_id}")
    asking.button("Send friend request")
    asking.sees("has your request")
    asked.driver.get(f"{asked.address}/")
    asked.driver.refresh()
    asked.sees("Friend requests")
    asked.button("Accept")
    asked.sees_no("ul[aria-label='Friend requests']")
    asked.sees(asking.name)
    asking.button("Back to start")
