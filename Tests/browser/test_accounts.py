"""Two accounts on one browser: what a page does is done by the one whose page it is, or not at all."""

import json

import pytest

BENCH = ("barbell bench", "Barbell Bench Press - Medium Grip")
SIGNED_OUT = ("status of 401", "WebSocket connection", "ERR_INTERNET_DISCONNECTED")


@pytest.fixture
def shared(people, served):
    """Ada in front of a browser that Bob uses too; the tests switch between them."""

    def make(**window):
        ada = people("Ada", **window)
        ada.allowed = SIGNED_OUT
        name = f"bob_{ada.username}"
        account = {"email": f"{name}@example.org", "username": name, "password": f"correct horse {name}",
                   "displayName": "Bob"}
        served.call("POST", "/v1/auth/register", account)
        return ada, account

    return make


def cookie(person):
    cookies = person.driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
    return next((one["value"] for one in cookies if "fitai_refresh" in one["name"]), None)


def kept(person):
    return sorted(person.stored("fitai."))


def sign_in_behind_the_page(person, account):
    """As the explorer, or a provider in another tab, would: the cookie changes and nobody tells the page."""
    status = person.driver.execute_async_script(
        """
        const [members, done] = arguments;
        fetch("/v1/auth/login", {method: "POST", headers: {"content-type": "application/json"},
            body: JSON.stringify({...members, cookie: true})}).then(({status}) => done(status));
        """,
        {"login": account["username"], "password": account["password"]},
    )
    assert status == 200


def test_a_page_never_goes_on_with_another_accounts_cookie(shared):
    ada, bob = shared()
    sign_in_behind_the_page(ada, bob)
    ada.driver.refresh()
    ada.sees("Somebody else signed in on this browser")
    assert "Hi " not in ada.text()
    assert kept(ada) == []
    ada.sign_in(ada.username, ada.password)
    ada.sees("Hi Ada")


def test_signing_out_and_in_is_known_to_every_tab_at_once(shared):
    ada, bob = shared()
    first = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    second = ada.driver.current_window_handle
    ada.driver.get(ada.address)
    ada.sees("Hi Ada")
    ada.sign_out()
    ada.driver.switch_to.window(first)
    ada.sees("Your session has ended")

    ada.driver.switch_to.window(second)
    ada.sign_in(bob["username"], bob["password"])
    ada.sees("Hi Bob")
    ada.driver.switch_to.window(first)
    ada.sees("Go on as Bob")
    assert "Hi Bob" not in ada.text()
    ada.button("Go on as Bob")
    ada.sees("Hi Bob")

    # The same account comes back by itself.
    ada.sign_out()
    ada.driver.switch_to.window(second)
    ada.sees("Your session has ended")
    ada.driver.switch_to.window(first)
    ada.sign_in(bob["username"], bob["password"])
    ada.driver.switch_to.window(second)
    ada.sees("Hi Bob")


def test_a_sign_in_in_another_tab_ends_the_page_of_somebody_else(shared):
    ada, bob = shared()
    ada.start_workout()
    ada.button("Add exercise")
    ada.find("dialog")
    first = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    ada.driver.get(ada.address)
    ada.sees("Hi Ada")
    # Without signing out: the tab's page is a sign-in page that was left open.
    ada.driver.execute_script(
        """
        const [user] = arguments;
        localStorage.setItem("fitai.user", JSON.stringify(user));
        """,
        {"id": "019a0000-0000-7000-8000-00000000b0b0", "username": "bob", "displayName": "Bob", "mark": "other"},
    )
    ada.driver.switch_to.window(first)
    ada.sees("Somebody else signed in on this browser")
    assert ada.all("dialog") == []
    assert ada.driver.current_url.endswith("#/")


def test_signing_out_leaves_nothing_of_the_account_on_the_device(shared):
    ada, bob = shared(width=390, height=844)
    ada.start_workout()
    workout = ada.workout_id
    ada.add_exercise(*BENCH)
    ada.log_set(81, 7)
    ada.everything_is_saved()
    ada.wait(lambda: ada.stored("fitai.room.") and ada.stored("fitai.exercises."), "what a page keeps")
    ada.sign_out()
    assert kept(ada) == []
    ada.sign_in(bob["username"], bob["password"])
    ada.sees("Hi Bob")
    ada.sees("Start workout")

    # Back leads to the address of Ada's workout, which is nobody's business.
    ada.driver.execute_script("location.hash = arguments[0]", f"#/workout/{workout}")
    ada.sees("Nothing to see here")
    ada.driver.back()
    ada.sees("Hi Bob")
    ada.driver.forward()
    ada.sees("Nothing to see here")
    ada.driver.refresh()
    ada.sees("Nothing to see here")
    assert "81" not in ada.text() and ada.all(".entry") == []
    # Nor does the weight come up that Ada lifted last.
    ada.button("Back to start")
    ada.start_workout()
    ada.add_exercise(*BENCH)
    assert ada.all(".entry.open .stepper input")[0].get_attribute("value") != "81"


def test_what_one_account_did_not_send_waits_for_it_and_for_nobody_else(shared, served):
    ada, bob = shared(width=390, height=844)
    ada.start_workout()
    ada.add_exercise(*BENCH)
    ada.everything_is_sent()
    # The socket stays away while REST goes on.
    ada.network(False)
    ada.find("#banner.shown")
    ada.driver.execute_script("window.WebSocket = class { send() {} close() {} }")
    ada.network(True)
    ada.log_set(81, 7)
    ops = sorted(ada.stored("fitai.op."))
    assert ops

    ada.go("#/settings")
    ada.button("Sign out")
    ada.sees("did not reach the server yet", "dialog")
    ada.button("Stay signed in", "dialog")
    ada.button("Sign out")
    ada.button("Sign out", "dialog")
    ada.sees("They are kept")
    assert kept(ada) == ops

    ada.sign_in(bob["username"], bob["password"])
    ada.sees("Hi Bob")
    ada.driver.refresh()
    ada.sees("Start workout")
    ada.sees_no("#banner.shown")
    ada.wait(lambda: ada.stored("fitai.exercises."), "Bob's library")
    assert sorted(ada.stored("fitai.op.")) == ops
    ada.sign_out()
    assert kept(ada) == ops

    ada.sign_in(ada.username, ada.password)
    ada.button("Continue workout")
    ada.everything_is_saved()
    ada.wait(lambda: ada.text(".sets .set-text") == "81 kg × 7", "Ada's set")
    ada.wait(lambda: ada.stored("fitai.op.") == [], "an empty outbox")


def test_the_explorer_signs_nobody_in_on_the_pages(shared, served):
    ada, bob = shared()
    before = cookie(ada)
    assert before
    paths = served.call("GET", "/v1/openapi.json")["paths"]
    bodies = [operation["requestBody"]["content"].get("application/json", {}) for item in paths.values()
              for operation in item.values() if "requestBody" in operation]
    assert len(bodies) > 30
    assert not any(body.get("example", {}).get("cookie") for body in bodies)

    ada.driver.get(f"{served.address}/docs/")
    ada.wait(lambda: ada.all(".opblock-tag, main.plain"), "the explorer, or the list that stands in for it")
    if ada.all("main.plain"):
        pytest.skip("the explorer is not installed")
    for tag in ada.all(".opblock-tag[data-is-open=false]"):
        ada.driver.execute_script("arguments[0].click()", tag)
    ada.press(lambda: next(iter(ada.all(".opblock-summary-path[data-path='/v1/auth/login']")), None), "the login")
    area = ada.find(".opblock.is-open textarea")
    text = json.dumps({"login": bob["username"], "password": bob["password"], "cookie": True})
    ada.driver.execute_script(
        """
        const [area, text] = arguments;
        Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
        area.dispatchEvent(new Event("input", {bubbles: true}));
        """,
        area, text)
    ada.click(".opblock.is-open .execute")
    ada.sees("accessToken", ".opblock.is-open .live-responses-table")
    assert cookie(ada) == before
    ada.driver.get(served.address)
    ada.sees("Hi Ada")


def test_what_the_service_worker_keeps_is_the_same_for_everybody(shared):
    ada, _ = shared()
    ada.driver.get(f"{ada.address}/#/settings")
    ada.find("fieldset")
    names = """
        const done = arguments[0];
        caches.keys().then((names) => Promise.all(names.map(async (name) => {
            const shell = await caches.open(name);
            return (await shell.keys()).map(({url}) => url);
        }))).then((lists) => done(lists.flat()));
        """
    ada.wait(lambda: len(ada.driver.execute_async_script(names)) > 30, "the page's files to be kept")
    # A page that asks for more gets no more.
    ada.driver.execute_async_script(
        """
        const done = arguments[0];
        navigator.serviceWorker.ready.then(({active}) => {
            active.postMessage({keep: [`${location.origin}/`, `${location.origin}/v1/openapi.json`]});
            const look = () => caches.open("fitai-shell").then((shell) => shell.keys())
                .then((kept) => (kept.length === 1 ? done() : setTimeout(look, 20)));
            look();
        });
        """)
    assert ada.driver.execute_async_script(names) == [f"{ada.address}/"]


def test_a_request_of_the_one_who_left_is_not_repeated_by_the_next(shared):
    """Ada's write is under way when she leaves and Bob comes: it must not go out again in Bob's name."""
    ada, bob = shared()
    ada.go("#/settings")
    ada.wait(lambda: ada.all("input[name=live]"), "the choices")
    ada.driver.execute_script(
        """
        const real = window.fetch;
        window.held = [];
        window.fetch = (url, options) => (options?.method === "PUT"
            ? new Promise((resolve) => window.held.push(() => resolve(new Response("{}", {status: 401}))))
            : real(url, options));
        """)
    ada.press(lambda: ada.driver.find_element("css selector", "input[name=live][value=private]"), "“Nobody”")
    ada.wait(lambda: ada.driver.execute_script("return window.held.length") == 1, "the write under way")
    ada.sign_out()
    ada.sign_in(bob["username"], bob["password"])
    ada.sees("Hi Bob")
    ada.driver.execute_script("window.held[0]()")
    ada.go("#/settings")
    ada.wait(lambda: ada.all("input[name=live]"), "the choices")
    assert ada.driver.execute_script("return window.held.length") == 1
    assert ada.all("input[name=live][value=friends]")[0].is_selected()


def test_a_forgotten_password_is_reset_from_the_sign_in_page_on(shared, served):
    ada, _ = shared(width=390, height=844)
    ada.allowed = (*SIGNED_OUT, "status of 400", "status of 422")
    ada.sign_out()
    said = []
    for address in (f"nobody_{ada.username}@example.org", f"{ada.username}@example.org"):
        ada.fill("login", address)
        ada.button("Forgot your password?")
        assert ada.find("input[name=email]").get_attribute("value") == address
        ada.button("Send the link", "form")
        ada.sees("is on its way")
        said.append(ada.text(".sign-in").replace(address, ""))
        ada.button("Sign in", ".switch")
    assert said[0] == said[1]
    link = served.address + served.link(f"{ada.username}@example.org", r"/reset-password/#token=\S+")

    ada.driver.get(f"{served.address}/reset-password/")
    ada.sees("This link is incomplete")
    # In the tab that shows the page already only what stands behind # changes.
    ada.driver.execute_script("location.href = arguments[0]", link)
    ada.find("input[name=password]")
    assert "token" not in ada.driver.current_url
    ada.driver.refresh()
    ada.fill("password", "password1")
    ada.button("Set the password", "form")
    ada.sees("one of the most common passwords", "[role=alert]")
    assert ada.find("input[name=password]").get_attribute("aria-invalid") is not None
    assert ada.all("input[autocomplete=username]")
    card = ada.find(".card").rect
    assert card["x"] >= 16 and card["x"] + card["width"] <= 374 and not ada.scrolls_sideways()
    ada.fill("password", "an entirely new secret")
    ada.button("Set the password", "form")
    ada.sees("Your password is set")
    ada.driver.refresh()
    ada.sees("Your password is set")
    ada.driver.execute_script("location.href = arguments[0]", link)
    ada.fill("password", "yet another new secret")
    ada.button("Set the password", "form")
    ada.sees("This link no longer works")
    ada.button("Ask for another link")
    ada.find("input[name=email]")
    ada.button("Sign in", ".switch")
    ada.sign_in(ada.username, "an entirely new secret")


def test_refusals_say_what_helps(shared, served):
    ada, bob = shared()
    ada.allowed = (*SIGNED_OUT, "status of 403", "status of 429")
    ada.sign_out()
    ada.sign_in(bob["username"], bob["password"])
    user = served.call("POST", "/v1/auth/login", {"login": ada.username, "password": ada.password})["user"]["id"]
    ada.go(f"#/add/{user}")
    ada.button("Send friend request")
    ada.sees("Verify your email address first")
    clear = "document.getElementById('toasts').replaceChildren()"
    # One came with the registration, four more may; then it says when, and nothing of a mail on its way.
    for _ in range(4):
        mails = len(served.mails())
        ada.driver.execute_script(clear)
        ada.button("Send again")
        ada.sees("A new link is on its way.", "#toasts")
        ada.wait(lambda: len(served.mails()) == mails + 1, "the mail")
    ada.button("Send again")
    ada.sees("Try again in 60 minutes.", "#toasts")
    assert "on its way" not in ada.text("#toasts")

    ada.sign_out()
    ada.fill("login", f"guessed_{ada.username}")
    ada.fill("password", "wrong")
    said = []
    # Five are free; then come pauses that double, so that even slow guesses meet one soon.
    while len(said) < 20 and "Too many" not in (said or [""])[-1]:
        ada.button("Sign in", "form")
        said.append(ada.wait(lambda: ada.text(".form-fault"), "a refusal"))
    assert said[0] == "Email, username or password is incorrect"
    assert len(said) > 5 and said[-1].startswith("Too many failed attempts to sign in. Try again in "), said


def test_an_account_that_was_to_be_erased_says_that_it_stays(shared, served):
    ada, _ = shared()
    served.call("DELETE", "/v1/users/account", {"password": ada.password}, token=served.call(
        "POST", "/v1/auth/login", {"login": ada.username, "password": ada.password})["tokens"]["accessToken"])
    ada.fill("login", ada.username)
    ada.fill("password", ada.password)
    ada.button("Sign in", "form")
    ada.sees("Your account stays", "dialog")
    ada.button("Good", "dialog")
    ada.sees("Hi Ada")
    ada.sign_out()
    ada.sign_in(ada.username, ada.password)
    assert ada.all("dialog") == []


def test_settings_that_were_opened_offline_load_when_the_connection_is_back(shared):
    ada, _ = shared()
    ada.network(False)
    ada.find("#banner.shown")
    ada.go("#/settings")
    ada.sees("The server cannot be reached")
    ada.network(True)
    ada.wait(lambda: ada.all("input[name=live]"), "the choices")
    ada.sees("It is off.")
    assert "cannot be reached" not in ada.text()
