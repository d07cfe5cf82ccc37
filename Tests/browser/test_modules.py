"""The pages' modules, tested in the browser by pages of their own."""

import pytest


@pytest.mark.parametrize("page", ["fold", "connection", "outbox", "room", "bounds", "session", "parts"])
def test_a_module_passes_its_own_page(people, served, page):
    someone = people("Fay")
    someone.driver.get(f"{served.address}/tests/{page}.html")
    someone.wait(lambda: someone.driver.execute_script("return document.documentElement.dataset.result"), "the result")
    assert someone.text("#result").startswith("passed"), someone.text("#result")
