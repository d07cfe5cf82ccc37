"""Addresses that name something: one's own, a friend's, what is hidden, what is over, and what never was."""

import urllib.request

BENCH = ("barbell bench", "Barbell Bench Press - Medium Grip")
NOBODYS = "019a0000-0000-7000-8000-00000000dead"
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "WebSocket connection", "ERR_CONNECTION_REFUSED")


def tokens(person, served):
    return served.call("POST", "/v1/auth/login", {"login": person.username, "password": person.password})["tokens"]


def can_log(person):
    return any(element.is_displayed() for element in person.all(".controls, .entry, .add"))


def test_a_friend_who_opens_a_workout_watches_it(pair):
    mara, jo = pair()
    mara.start_workout()
    mara.add_exercise(*BENCH)
    mara.log_set(60, 5)
    jo.go(f"#/workout/{mara.workout_id}")
    jo.sees("60 kg × 5", ".timeline")
    assert jo.driver.current_url.endswith(f"#/watch/{mara.workout_id}")
    assert not can_log(jo)
    jo.driver.back()
    jo.sees("Hi Jo")
    # However the id is written.
    jo.go(f"#/workout/{mara.workout_id.upper()}")
    jo.sees("60 kg × 5", ".timeline")
    jo.driver.refresh()
    jo.sees("60 kg × 5", ".timeline")


def test_what_is_hidden_or_never_was_is_said_to_be_so_with_a_way_back(pair):
    mara, jo = pair()
    mara.go("#/settings")
    mara.press(lambda: mara.driver.find_element("css selector", "input[name=live][value=private]"), "“Nobody”")
    mara.sees("Saved", "#toasts")
    mara.go("#/")
    mara.start_workout()
    mara.everything_is_sent()
    for path in (f"workout/{mara.workout_id}", f"watch/{mara.workout_id}", f"workout/{NOBODYS}", f"watch/{NOBODYS}"):
        jo.go(f"#/{path}")
        jo.sees("Nothing to see here")
        assert not can_log(jo), path
        jo.button("Back to start")
        jo.sees("Hi Jo")
    jo.allowed = ("status of 404",)
    jo.go(f"#/add/{NOBODYS}")
    jo.sees("This link leads to nobody")
    jo.button("Back to start")
    jo.go("#/workout/nonsense")
    jo.sees("Hi Jo")


def test_a_workout_that_was_deleted_elsewhere_is_gone_here(people, served):
    mara = people("Mara", width=390, height=844)
    mara.start_workout()
    workout = mara.workout_id
    mara.add_exercise(*BENCH)
    mara.log_set(60, 5)
    mara.everything_is_saved()
    served.call("DELETE", f"/v1/workouts/{workout}", token=tokens(mara, served)["accessToken"])
    mara.sees("Nothing to see here")
    assert not can_log(mara)
    mara.driver.refresh()
    mara.sees("Nothing to see here")
    mara.button("Back to start")
    mara.sees("Start workout")


def test_an_address_waits_for_the_connection_and_then_says_what_is_there(pair):
    mara, jo = pair()
    jo.allowed = OFFLINE
    mara.start_workout()
    mara.everything_is_sent()
    jo.network(False)
    jo.find("#banner.shown")
    jo.go(f"#/workout/{mara.workout_id}")
    jo.sees("Waiting for a connection")
    jo.go(f"#/watch/{mara.workout_id}")
    jo.sees("Waiting for a connection")
    jo.go(f"#/workout/{NOBODYS}")
    jo.sees("Waiting for a connection")
    assert not can_log(jo)
    jo.network(True)
    jo.sees("Nothing to see here")
    jo.go(f"#/workout/{mara.workout_id}")
    jo.sees("Mara", ".hero-live")


def test_ops_on_a_workout_that_is_not_ones_own_come_to_an_end(pair):
    """As an older page may have left them: a friend's workout opened for logging."""
    mara, jo = pair()
    mara.start_workout()
    mara.everything_is_sent()
    jo.driver.execute_script(
        """
        const user = JSON.parse(localStorage.getItem("fitai.user")).id;
        for (const [order, workout] of arguments[0].entries()) {
            const opId = `019a8b3c-7001-7000-8000-00000000bee${order}`;
            const op = {opId, at: Date.now(), kind: "rest.skip"};
            const record = {order, room: `workout:${workout}`, op, local: {}, epoch: null, seq: null};
            localStorage.setItem(`fitai.op.${user}.${opId}`, JSON.stringify(record));
        }
        """,
        [mara.workout_id, NOBODYS])
    jo.driver.execute_script("window.confirm = () => true")
    jo.driver.get(f"{jo.address}/#/")
    jo.driver.refresh()
    for workout in (mara.workout_id, NOBODYS):
        jo.go(f"#/workout/{workout}")
        jo.sees("Nothing to see here")
        assert not can_log(jo)
        jo.driver.execute_script("window.confirm = () => true")
        jo.button("Discard")
        jo.wait(lambda: len(jo.stored("fitai.op.")) == (1 if workout == mara.workout_id else 0), "one op less")
    jo.go(f"#/workout/{mara.workout_id}")
    jo.sees("Mara", ".hero-live")


def imported(person, served):
    """The id of a workout that came by an import: its history begins from a stored state."""
    access = tokens(person, served)["accessToken"]
    rows = "\n".join([
        "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,set_type,weight_kg,"
        "reps,distance_km,duration_seconds,rpe",
        '"Push","4 Jan 2025, 10:00","4 Jan 2025, 11:00","","Bench Press (Barbell)",,"",0,"normal",70,5,,,',
        '"Push","4 Jan 2025, 10:00","4 Jan 2025, 11:00","","Bench Press (Barbell)",,"",1,"normal",72.5,5,,,',
    ])
    request = urllib.request.Request(f"{served.address}/v1/workouts/import", data=rows.encode(), method="POST")
    request.add_header("authorization", f"Bearer {access}")
    request.add_header("content-type", "text/csv")
    urllib.request.urlopen(request).close()
    found = []

    def look():
        found[:] = served.call("GET", "/v1/workouts", token=access)["items"]
        return found

    person.wait(look, "the imported workout")
    return found[0]["id"]


def test_an_imported_workout_is_asked_for_once(people, served):
    mara = people("Mara", width=390, height=844, keeps_frames=True)
    workout = imported(mara, served)
    mara.go(f"#/workout/{workout}")
    mara.sees("Well done")
    mara.sees("713 kg")
    mara.go("#/")
    mara.sees("Lately")
    mara.go(f"#/watch/{workout}")
    mara.sees("72.5 kg × 5", ".timeline")
    mara.go("#/")
    mara.sees("Lately")
    asked = [frame for side, frame in mara.frames()
             if side == "client" and frame["type"] == "subscribe" and frame["room"].endswith(workout)]
    # Each page looks for the state and then for what led to it; the first also asks whose it is.
    assert 2 <= len(asked) <= 5, asked


def test_a_planned_workout_is_shown_as_planned_and_can_be_started(people, served):
    mara = people("Mara", width=390, height=844)
    access = tokens(mara, served)["accessToken"]
    planned = served.call("POST", "/v1/workouts", {"name": "Leg day", "plannedFor": "2027-03-01"}, token=access)
    mara.go(f"#/workout/{planned['id']}")
    mara.sees("Planned for 2027-03-01")
    mara.button("Start workout")
    mara.sees("Add exercise")
    mara.everything_is_sent()
    assert served.call("GET", f"/v1/workouts/{planned['id']}", token=access)["status"] == "active"


def test_an_address_that_leads_nowhere_has_a_page_that_leads_back(people):
    mara = people("Mara", width=390, height=844)
    mara.allowed = ("status of 404",)
    mara.driver.get(f"{mara.address}/nothing-here")
    mara.sees("There is nothing here")
    assert not mara.scrolls_sideways()
    mara.button("Go to FitAI")
    mara.sees("Hi Mara")


def test_the_links_of_mails_open_pages_that_say_what_they_did(people, served):
    mara = people("Mara", width=390, height=844)
    mara.allowed = ("status of 400", "status of 422")
    old, new = f"{mara.username}@example.org", f"{mara.username}@example.net"
    verify = served.link(old, r"/v1/auth/verify-email\?token=\S+")
    access = tokens(mara, served)["accessToken"]
    served.call("PUT", "/v1/auth/email", {"email": new, "password": mara.password}, token=access)
    links = [served.link(address, r"/v1/auth/confirm-email\?token=\S+") for address in (old, new)]

    def opens(path):
        mara.driver.get(served.address + path)
        # In the product's style, whose background follows the colour scheme.
        background = mara.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(16, 19, 18)" and not mara.scrolls_sideways()

    for link in links:
        opens(link)
        mara.sees(f"is to have the address {new}")
    assert served.call("GET", "/v1/users/profile", token=access)["email"] == old
    opens(verify)
    mara.sees("Your email address is verified")
    opens(links[0])
    mara.button("Confirm the change")
    mara.sees("the change needs both")
    opens(links[1])
    mara.button("Confirm the change")
    mara.sees("Your email address is changed")
    assert served.call("GET", "/v1/users/profile", token=access)["email"] == new
    for path, words in ((verify, "no longer works"), ("/v1/auth/confirm-email?token=nonsense", "no longer works"),
                        ("/v1/auth/confirm-email", "is incomplete"), ("/v1/auth/verify-email", "is incomplete")):
        opens(path)
        mara.sees(words)
    other = f"new_{mara.username}"
    served.call("POST", "/v1/auth/register", {
        "username": other, "email": f"{other}@example.org", "displayName": "Nora", "password": mara.password})
    opens(served.link(f"{other}@example.org", r"/v1/auth/verify-email\?token=\S+"))
    mara.sees(f"{other}@example.org belongs to the FitAI account @{other}")
    mara.button("Verify the address")
    mara.sees("Your email address is verified")
    mara.button("Go to FitAI")
    mara.sees("Hi Mara")
    # What this browser kept of the account is older.
    mara.go("#/settings")
    mara.sees(new)
    assert old not in mara.text()
