"""The pages' modules, tested in the browser by pages of their own."""

import os
import random

import pytest

INPUTS_PER_PAGE = 100_000
MOST_GROWTH_BYTES = 64 << 20


def pass_page(someone, address):
    someone.driver.get(address)
    someone.wait(lambda: someone.driver.execute_script("return document.documentElement.dataset.result"), "the result")
    assert someone.text("#result").startswith("passed"), someone.text("#result")


@pytest.mark.parametrize("page", ["fold", "connection", "outbox", "room", "bounds", "session", "parts"])
def test_a_module_passes_its_own_page(people, served, page):
    pass_page(people("Fay"), f"{served.address}/tests/{page}.html")


def test_the_parts_pass_their_page_where_a_point_stands_before_thousands(people, served):
    someone = people("Fay")
    someone.driver.execute_cdp_cmd("Emulation.setLocaleOverride", {"locale": "de-DE"})
    someone.driver.get(f"{served.address}/tests/parts.html")
    assert someone.driver.execute_script("return new Intl.NumberFormat().format(10000)") == "10.000"
    pass_page(someone, f"{served.address}/tests/parts.html")


def test_whatever_comes_or_is_kept_is_read_or_refused(people, served):
    someone = people("Fay")
    seed = int(os.environ.get("FITAI_FUZZ_SEED", random.randrange(2**31)))
    inputs = int(os.environ.get("FITAI_FUZZ_INPUTS", INPUTS_PER_PAGE))
    print(f"FITAI_FUZZ_SEED={seed}, {inputs} inputs")
    for first in range(0, inputs, INPUTS_PER_PAGE):
        count = min(INPUTS_PER_PAGE, inputs - first)
        pass_page(someone, f"{served.address}/tests/fuzz.html?seed={seed + first // INPUTS_PER_PAGE}&inputs={count}")
        # What is left on the page when nothing is used any more.
        someone.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        assert someone.driver.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"] < MOST_GROWTH_BYTES
