"""The pages' fold agrees with the server's."""


def test_the_pages_fold_makes_what_the_servers_fold_made(people, served):
    someone = people("Fay")
    someone.driver.get(f"{served.address}/tests/fold.html")
    someone.wait(lambda: someone.driver.execute_script("return document.documentElement.dataset.result"), "the result")
    assert someone.text("#result").startswith("passed"), someone.text("#result")
