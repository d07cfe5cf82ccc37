"""What the pages say and do when people are quick, come back, or the network is not there."""

from selenium.webdriver import ActionChains

from person import set_texts

BENCH = ("barbell bench", "Barbell Bench Press - Medium Grip")
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "WebSocket connection", "ERR_NETWORK_CHANGED")

# Holds back each write until one calls what is in `window.held`.
HOLD_WRITES = """
    const real = window.fetch;
    window.held = [];
    window.fetch = async (url, options) => {
        if (options?.method !== "PUT") return real(url, options);
        await new Promise((resolve) => window.held.push(resolve));
        return real(url, options);
    };
    """


def choose(person, name, value):
    person.press(lambda: person.driver.find_element("css selector", f"input[name={name}][value={value}]"), f"{name} {value}")


def chosen(person, name):
    return person.driver.execute_script("return document.querySelector(`input[name=${arguments[0]}]:checked`)?.value", name)


def preferences(person, served):
    tokens = served.call("POST", "/v1/auth/login", {"login": person.username, "password": person.password})["tokens"]
    return served.call("GET", "/v1/users/preferences", token=tokens["accessToken"])


def test_the_last_of_quick_choices_is_the_one_that_holds(people, served):
    ada = people("Ada")
    ada.go("#/settings")
    ada.wait(lambda: chosen(ada, "live"), "the choices")
    ada.driver.execute_script(HOLD_WRITES)
    choose(ada, "live", "public")
    choose(ada, "live", "private")
    choose(ada, "unit", "imperial")
    choose(ada, "unit", "metric")
    # One of each control; were there more, the last to arrive would hold.
    ada.wait(lambda: ada.driver.execute_script("return window.held.length") == 2, "the first writes")
    release = "for (const go of window.held.splice(0).reverse()) go()"
    ada.driver.execute_script(release)
    ada.wait(lambda: ada.driver.execute_script("return window.held.length") == 2, "the last choices")
    ada.driver.execute_script(release)
    ada.sees("Saved", "#toasts")

    def stored():
        kept = preferences(ada, served)
        return kept["privacy"]["live"], kept["unit"]

    ada.wait(lambda: stored() == ("private", "metric"), "the last choices to be stored")
    assert (chosen(ada, "live"), chosen(ada, "unit")) == ("private", "metric")


def test_a_choice_that_could_not_be_saved_goes_back(people):
    ada = people("Ada")
    ada.allowed = OFFLINE
    ada.go("#/settings")
    ada.wait(lambda: chosen(ada, "live"), "the choices")
    ada.network(False)
    ada.find("#banner.shown")
    choose(ada, "live", "public")
    choose(ada, "unit", "imperial")
    ada.wait(lambda: (chosen(ada, "live"), chosen(ada, "unit")) == ("friends", "metric"), "what is stored")
    ada.sees("The server cannot be reached", "#toasts")
    assert "Try again" not in ada.text("form")
    ada.network(True)
    ada.sees_no("#banner.shown")
    choose(ada, "live", "private")
    ada.sees("Saved", "#toasts")
    assert chosen(ada, "live") == "private"


def test_a_workout_is_discarded_only_when_that_is_meant(people):
    mara = people("Mara", width=390, height=844)
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(60, 5)
    mara.log_set("62,5", 5)
    mara.wait(lambda: [e.text for e in mara.all(".sets .set-text")] == ["60 kg × 5", "62.5 kg × 5"], "both sets")
    # A dialog belongs to its page.
    mara.button("Finish")
    mara.find("dialog")
    mara.go("#/")
    mara.sees("Continue workout")
    mara.sees_no("dialog")
    mara.button("Continue workout")
    mara.button("Finish")
    mara.button("Discard workout", "dialog")
    mara.sees("Discard 2 sets?", "dialog")
    mara.button("Keep it", "dialog")
    mara.sees_no("dialog")
    assert any(e.is_displayed() for e in mara.all(".controls"))
    mara.button("Finish")
    mara.button("Discard workout", "dialog")
    mara.button("Discard", "dialog:last-of-type")
    mara.sees("Discarded.")
    mara.everything_is_sent()
    mara.sees_no(".saved")
    assert "Everything is saved" not in mara.text()


def test_a_workout_that_was_finished_here_is_told_as_running_nowhere(people):
    """The socket is away while REST goes on: the server still takes the workout for running."""
    mara = people("Mara", width=390, height=844)
    mara.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.everything_is_sent()
    mara.network(False)
    mara.find("#banner.shown")
    mara.driver.execute_script("window.WebSocket = class { send() {} close() {} }")
    mara.network(True)
    mara.button("Finish")
    mara.button("Finish", "dialog")
    mara.sees("to be saved")
    answered = """
        const real = window.fetch;
        window.listed = 0;
        window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (url.includes("/workouts?")) setTimeout(() => { window.listed += 1; }, 50);
            return answer;
        };
        """
    mara.driver.execute_script(answered)
    mara.go("#/")
    mara.wait(lambda: mara.driver.execute_script("return window.listed") == 1, "the list of workouts")
    mara.sees("Ready to lift?")
    assert "Your workout is running" not in mara.text()
    # One change waits; without a network signing out is not even asked about.
    mara.go("#/settings")
    mara.button("Sign out")
    mara.sees("1 change of your workout did not reach the server yet. It stays on this device", "dialog")
    mara.button("Stay signed in", "dialog")
    mara.network(False)
    mara.button("Sign out")
    mara.sees("Signing out needs a connection", "#toasts")
    assert mara.all("dialog[open]") == []


def test_what_came_too_late_and_changed_nothing_is_not_told(people, served):
    mara = people("Mara", width=390, height=844)
    mara.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(60, 5)
    mara.everything_is_saved()
    workout = mara.workout_id
    mara.network(False)
    mara.find("#banner.shown")
    mara.button("Skip", ".rest")
    mara.button("Pause")
    mara.button("Resume")
    mara.button("Finish")
    mara.button("8", "dialog")
    mara.sees("to be saved")
    # Another device has finished it meanwhile.
    tokens = served.call("POST", "/v1/auth/login", {"login": mara.username, "password": mara.password})["tokens"]
    served.call("POST", f"/v1/workouts/{workout}/complete", {"rpe": 6}, token=tokens["accessToken"])
    mara.network(True)
    mara.everything_is_sent()
    mara.sees("your rating 8. The workout had been ended before", ".refused")
    assert len(mara.all(".refused li")) == 1
    mara.wait(lambda: len(mara.stored("fitai.refused.")) == 1, "nothing else to be kept")
    mara.button("OK", ".refused")
    mara.sees_no(".refused li")


def test_an_account_whose_answer_was_lost_leads_to_signing_in(people, served):
    ada = people("Ada")
    ada.allowed = ("status of 409", "status of 401", "WebSocket connection")
    ada.sign_out()
    ada.button("Create an account")
    name = f"again_{ada.username}"
    for field, value in {"displayName": "Ada", "email": f"{name}@example.org", "username": name, "password": ada.password}.items():
        ada.fill(field, value)
    ada.driver.execute_script(
        """
        const real = window.fetch;
        window.fetch = async (url, options) => {
            window.fetch = real;
            await real(url, options);
            throw new TypeError("lost");
        };
        """)
    ada.button("Create account", "form")
    ada.sees("The server cannot be reached")
    ada.button("Create account", "form")
    ada.sees("is taken. Is it yours?")
    ada.button("Sign in", "form")
    assert ada.find("input[name=login]").get_attribute("value").startswith(name)
    ada.fill("password", ada.password)
    ada.button("Sign in", "form")
    ada.sees("Hi Ada")


def test_a_home_page_that_is_open_tells_of_the_workout_that_another_tab_begins(people):
    mara = people("Mara", width=390, height=844)
    mara.sees("Ready to lift?")
    home = mara.driver.current_window_handle
    mara.driver.switch_to.new_window("tab")
    mara.driver.get(mara.address)
    mara.start_workout()
    workout = mara.workout_id
    mara.driver.switch_to.window(home)
    mara.sees("Your workout is running")
    mara.button("Continue workout")
    mara.wait(lambda: mara.workout_id == workout, "the same workout")


def test_a_tab_without_a_connection_keeps_showing_what_another_tab_delivers_for_it(people):
    mara = people("Mara", width=390, height=844)
    mara.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.everything_is_sent()
    offline, workout = mara.driver.current_window_handle, mara.driver.current_url
    mara.network(False)
    mara.find("#banner.shown")
    mara.log_set(60, 8)
    mara.driver.switch_to.new_window("tab")
    mara.driver.get(workout)
    mara.wait(lambda: set_texts(mara) == ["60 kg × 8"], "the other tab's set")
    mara.everything_is_sent()
    mara.driver.switch_to.window(offline)
    mara.find("#banner.shown")
    assert set_texts(mara) == ["60 kg × 8"]
    mara.network(True)
    mara.everything_is_saved()
    assert set_texts(mara) == ["60 kg × 8"]


def test_home_tells_of_a_workout_on_another_device_also_when_it_is_opened_twice(people):
    mara = people("Mara", width=390, height=844)
    mara.start_workout()
    mara.everything_is_sent()
    mara.driver.execute_script("""
        for (const key of Object.keys(localStorage)) if (key.startsWith("fitai.workout")) localStorage.removeItem(key);
        const real = window.fetch;
        window.lists = [];
        window.fetch = async (url, options) => {
            if (!url.includes("/workouts?")) return real(url, options);
            await new Promise((resolve) => window.lists.push(resolve));
            return real(url, options);
        };
        """)
    for page in ("#/", "#/settings", "#/"):
        mara.go(page)
    mara.wait(lambda: mara.driver.execute_script("return window.lists.length") == 2, "two loads of the list")
    mara.driver.execute_script("for (const go of window.lists) go()")
    mara.sees("Your workout is running")


def test_a_double_tap_logs_a_set_once(people):
    mara = people("Mara", width=390, height=844)
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(60, 8)
    ActionChains(mara.driver).double_click(mara.find(".entry.open .repeat")).perform()
    mara.everything_is_saved()
    assert len(mara.all(".entry.open .sets > li")) == 2
