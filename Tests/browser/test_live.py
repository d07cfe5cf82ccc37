"""An athlete trains, a friend watches; the real server, real browsers."""

import json
import re

import pytest

from person import set_texts

OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "WebSocket connection", "ERR_NETWORK_CHANGED",
           "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_SOCKET_NOT_CONNECTED")
BENCH = ("barbell bench", "Barbell Bench Press - Medium Grip")


def rest_ends(person):
    """When the rest ends by what the page shows, in seconds of the machine's clock."""
    now, text = person.driver.execute_script(
        "return [Date.now() / 1000, [...document.querySelectorAll('.rest-time')].map((e) => e.textContent).join()]")
    minutes, rest = re.search(r"(\d+):(\d\d)", text).groups()
    return now + int(minutes) * 60 + int(rest)


def test_a_friend_watches_a_workout_from_start_to_finish(pair):
    mara, jo = pair()
    mara.start_workout()
    jo.sees("Training now")
    jo.button("Watch")
    jo.sees("Mara", ".hero-live")
    mara.wait(lambda: "Jo" in mara.text(".watching"), "Jo among the watchers")

    mara.add_exercise(*BENCH)
    mara.log_set(82.5, 8)
    jo.sees("82.5 kg × 8", ".timeline")
    jo.sees("660 kg", ".figures")
    mara.everything_is_saved()

    # One rest clock: both count down to the same moment.
    mara.wait(lambda: abs(rest_ends(mara) - rest_ends(jo)) <= 2, "the same end of the rest")
    mara.button("Skip", ".rest")
    jo.sees_no(".rest")

    mara.button("Repeat", ".entry")
    jo.wait(lambda: len(jo.all(".timeline .set-item")) == 2, "the second set")
    jo.click(".cheer-button.fire")
    mara.find(".cheer.fire")
    assert "Jo" in mara.text(".cheer.fire")
    jo.find(".cheer.fire")
    jo.sees("Chest", ".muscles")

    # A correction shows in its place.
    mara.click(".sets > li:nth-child(2) .set-row")
    field = mara.find("dialog .stepper input")
    field.clear()
    field.send_keys("85")
    mara.button("Save", "dialog")
    jo.sees("85 kg × 8", ".timeline")
    jo.sees("1,340 kg", ".figures")

    mara.button("Finish")
    mara.button("8", "dialog")
    mara.sees("Everything is saved")
    jo.wait(lambda: "finished" in jo.text(".mark").lower(), "the end")
    jo.sees_no(".cheer-buttons")
    mara.button("Done")
    mara.sees("Lately")
    mara.sees("1,340 kg", ".past")


def test_a_workout_goes_on_on_another_device(pair):
    mara, _ = pair()
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(55, 10)
    mara.everything_is_saved()
    # Another device knows nothing but the account.
    mara.driver.execute_script("localStorage.removeItem('fitai.workout.' + JSON.parse(localStorage.getItem('fitai.user')).id)")
    mara.driver.get(f"{mara.address}/#/")
    mara.button("Continue workout")
    mara.wait(lambda: set_texts(mara) == ["55 kg × 10"], "the set of the other device")


def test_a_server_killed_in_the_middle_costs_nothing(pair, served):
    mara, jo = pair()
    mara.allowed = jo.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(80, 5)
    jo.watch(mara.workout_id)
    jo.sees("80 kg × 5", ".timeline")
    mara.everything_is_saved()

    served.kill()
    mara.find("#banner.shown")
    jo.find("#banner.shown")
    mara.log_set(82.5, 5)
    mara.log_set(85, 5)
    assert len(mara.stored("fitai.op.")) >= 2
    mara.sees("kept on this device", "#banner")

    served.start()
    mara.sees_no("#banner.shown")
    mara.everything_is_saved()
    jo.wait(lambda: len(jo.all(".timeline .set-item")) == 3, "all three sets")
    jo.sees("1,238 kg", ".figures")
    assert set_texts(mara) == ["80 kg × 5", "82.5 kg × 5", "85 kg × 5"]
    assert mara.stored("fitai.op.") == []


def test_what_is_logged_offline_arrives_once_and_in_order(pair):
    mara, jo = pair()
    mara.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(60, 10)
    jo.watch(mara.workout_id)
    jo.sees("60 kg × 10", ".timeline")

    mara.network(False)
    mara.find("#banner.shown")
    for weight in (62.5, 65, 67.5):
        mara.log_set(weight, 8)
    assert len(mara.all(".standing.waiting")) == 3
    assert len(jo.all(".timeline .set-item")) == 1

    mara.network(True)
    mara.everything_is_saved()
    jo.wait(lambda: len(jo.all(".timeline .set-item")) == 4, "the sets from the tunnel")
    newest_first = [element.text for element in jo.all(".timeline .set-text")]
    assert newest_first == ["67.5 kg × 8", "65 kg × 8", "62.5 kg × 8", "60 kg × 10"]


def test_a_page_that_is_closed_and_opened_again_goes_on(pair):
    mara, jo = pair()
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(70, 6)
    mara.everything_is_saved()
    mara.driver.refresh()
    mara.wait(lambda: set_texts(mara) == ["70 kg × 6"], "the set after a reload")
    jo.driver.get(f"{jo.address}/#/")
    jo.button("Watch")
    jo.sees("70 kg × 6", ".timeline")
    jo.driver.refresh()
    jo.sees("70 kg × 6", ".timeline")


def test_the_page_opens_while_the_server_is_away(pair, served):
    mara, jo = pair()
    mara.allowed = jo.allowed = OFFLINE
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(70, 6)
    mara.everything_is_saved()
    kept = """
        const done = arguments[0];
        caches.open("fitai-shell").then((shell) => shell.keys()).then((keys) => done(keys.length));
        """
    mara.wait(lambda: mara.driver.execute_async_script(kept) > 30, "the page's files to be kept")

    served.kill()
    mara.driver.refresh()
    mara.find("#banner.shown")
    mara.wait(lambda: mara.all(".entry"), "the workout without a server")
    mara.log_set(72.5, 6)
    served.start()
    mara.everything_is_saved()
    assert set_texts(mara) == ["70 kg × 6", "72.5 kg × 6"]


def test_consent_taken_back_ends_watching(pair):
    mara, jo = pair()
    mara.start_workout()
    jo.watch(mara.workout_id)
    jo.sees("Mara", ".hero-live")
    mara.driver.get(f"{mara.address}/#/settings")
    mara.press(lambda: mara.driver.find_element("css selector", "input[name=live][value=private]"), "“Nobody”")
    jo.sees("Nothing to see here")
    assert "Mara" not in jo.text("#main")
    jo.driver.refresh()
    jo.sees("Nothing to see here")


def test_an_athlete_who_thinks_in_pounds_and_a_friend_in_kilograms(pair):
    mara, jo = pair()
    mara.driver.get(f"{mara.address}/#/settings")
    mara.press(lambda: mara.driver.find_element("css selector", "input[name=unit][value=imperial]"), "“Pounds”")
    mara.sees("Saved", "#toasts")
    mara.driver.get(f"{mara.address}/#/")
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(225, 5)
    mara.wait(lambda: set_texts(mara) == ["225 lb × 5"], "the set in pounds")
    jo.watch(mara.workout_id)
    jo.sees("102.06 kg × 5", ".timeline")
    mara.driver.refresh()
    mara.wait(lambda: set_texts(mara) == ["225 lb × 5"], "the set in pounds after a reload")


def test_heart_rate_shows_only_with_consent(pair):
    mara, jo = pair()
    mara.driver.get(f"{mara.address}/#/settings?developer")
    mara.click("input[type=checkbox]")
    mara.driver.get(f"{mara.address}/#/")
    mara.start_workout()
    jo.watch(mara.workout_id)
    jo.sees("Mara", ".hero-live")
    mara.button("Heart rate")
    mara.sees("First choose in Settings", "#toasts")
    assert not any(element.is_displayed() for element in jo.all(".heart-now"))

    workout = mara.driver.current_url
    mara.driver.get(f"{mara.address}/#/settings")
    mara.press(lambda: mara.driver.find_element("css selector", "input[name=heartRate][value=friends]"), "“Friends”")
    mara.sees("Saved", "#toasts")
    mara.driver.get(workout)
    mara.button("Heart rate")
    jo.wait(lambda: re.search(r"\d+ bpm", jo.text(".heart-now")), "a heart rate")


def test_an_op_that_is_never_taken_is_shown_to_the_athlete(pair):
    mara, _ = pair()
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(50, 5)
    mara.everything_is_saved()
    # As an older version of the page might have left it behind.
    mara.driver.execute_script(
        """
        const user = JSON.parse(localStorage.getItem("fitai.user")).id;
        const room = "workout:" + location.hash.split("/").pop();
        const entry = document.querySelector(".entry").dataset.key;
        const opId = "019a8b3c-7001-7000-8000-00000000beef";
        const op = {opId, at: Date.now(), kind: "set.log", setId: "019a8b3c-7001-7000-8000-00000000beee",
            entryId: entry, set: {type: "normal", weightKg: 5000, reps: 1}};
        localStorage.setItem(`fitai.op.${user}.${opId}`, JSON.stringify({order: 99, room, op, local: {}, epoch: null, seq: null}));
        """
    )
    mara.driver.refresh()
    mara.sees("Not taken", ".refused")
    mara.sees("The weight must be 0…1000 kg", ".refused")
    mara.wait(lambda: set_texts(mara) == ["50 kg × 5"], "the good set alone")
    mara.button("OK", ".refused")
    mara.sees_no(".refused li")
    assert mara.stored("fitai.refused.") == []


def test_a_session_ended_elsewhere_ends_here(pair, served):
    mara, jo = pair()
    mara.allowed = (*OFFLINE, "status of 401")
    tokens = served.call("POST", "/v1/auth/login", {"login": mara.username, "password": mara.password})["tokens"]
    served.call("POST", "/v1/auth/logout", {"everywhere": True}, token=tokens["accessToken"])
    mara.sees("Sign in")
    assert mara.driver.execute_script("return localStorage.getItem('fitai.user')") is None
    jo.sees("Mara")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_scrolls_sideways_on_a_small_phone(people, scheme):
    someone = people("Kim", width=360, height=740, scheme=scheme)
    pages = []

    def look(name):
        if someone.scrolls_sideways():
            pages.append(name)

    look("home")
    someone.driver.get(f"{someone.address}/#/settings")
    someone.find("fieldset")
    look("settings")
    someone.driver.get(f"{someone.address}/#/")
    someone.start_workout()
    someone.add_exercise(*BENCH)
    someone.log_set(1000, 1000)
    look("workout")
    someone.click(".more summary")
    look("workout, more")
    workout = someone.workout_id
    someone.watch(workout)
    someone.find(".timeline .set-item")
    look("watch")
    assert pages == []


def test_the_keyboard_alone_logs_a_set(people):
    someone = people("Lea")
    someone.start_workout()
    someone.button("Add exercise")
    active = someone.driver.switch_to.active_element
    active.send_keys("barbell squat\ue007")
    someone.wait(lambda: someone.all(".entry.open"), "the exercise that Enter chose")
    someone.wait(lambda: someone.driver.switch_to.active_element.text == "Log set", "the focus on “Log set”")
    someone.driver.switch_to.active_element.send_keys("\ue007")
    someone.wait(lambda: len(set_texts(someone)) == 1, "the set")


NAMELESS = """
    return [...document.querySelectorAll("button, a[href], input, select, summary")]
        .filter((element) => element.checkVisibility())
        .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.length))
        .map((element) => element.outerHTML)
    """


def test_every_control_has_a_name(people):
    someone = people("Ida", width=390, height=844)
    found = []

    def look():
        found.extend(someone.driver.execute_script(NAMELESS))

    look()
    someone.start_workout()
    someone.add_exercise(*BENCH)
    someone.log_set(40, 10)
    someone.click(".more summary")
    look()
    someone.click(".set-row")
    someone.find("dialog")
    look()
    someone.watch(someone.workout_id)
    someone.find(".cheer-button")
    look()
    assert found == []


def test_the_pages_run_nothing_inline(people):
    someone = people("Pia")
    violations = someone.driver.execute_async_script(
        """
        const done = arguments[0];
        const seen = [];
        document.addEventListener("securitypolicyviolation", (event) => seen.push(event.violatedDirective));
        const script = document.createElement("script");
        script.textContent = "window.inlineRan = true";
        document.body.append(script);
        setTimeout(() => done(JSON.stringify({seen, ran: window.inlineRan === true})), 100);
        """
    )
    someone.allowed = ("Content Security Policy",)
    result = json.loads(violations)
    assert result["ran"] is False
    assert any("script-src" in directive for directive in result["seen"])
