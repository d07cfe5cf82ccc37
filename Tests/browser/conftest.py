import itertools

import pytest

from person import Person, befriend
from served import Served

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def served():
    # All people of a module come from one address.
    server = Served(REQUESTS_PER_MINUTE="100000").start()
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
