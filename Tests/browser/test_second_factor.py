"""The second factor as its owner turns it on, signs in with it and turns it off."""

import time

from authenticator import code


def turn_on(person):
    """Answers the recovery codes."""
    person.go("#/settings")
    person.sees("Second factor")
    person.button("Turn on", "section")
    person.fill("password", person.password)
    person.button("Next", "dialog")
    secret = person.find("dialog code").text.replace(" ", "")
    step = int(time.time()) // 30
    person.fill("code", code(secret, step))
    person.button("Turn on", "dialog")
    codes = person.find("dialog pre").text.split()
    person.button("I have kept them", "dialog")
    person.sees_no("dialog")
    return codes


def test_it_is_turned_on_asked_for_and_turned_off(people):
    ada = people("Ada")
    ada.allowed = ("status of 401",)
    codes = turn_on(ada)
    assert len(codes) == 10
    ada.sign_out()
    ada.fill("login", ada.username)
    ada.fill("password", ada.password)
    ada.button("Sign in", "form")
    ada.sees("One more step")
    # A recovery code stands in for the app.
    ada.fill("code", codes[0])
    ada.button("Go on", "form")
    ada.sees("Hi Ada")
    ada.go("#/settings")
    ada.button("Turn off", "section")
    ada.fill("password", ada.password)
    ada.fill("code", codes[1])
    ada.button("Turn off", "dialog")
    ada.sees_no("dialog")
    ada.sign_out()
    ada.sign_in(ada.username, ada.password)
    ada.sees("Hi Ada")


def test_one_that_its_owner_never_wanted_is_removed_by_the_mail_about_it(people, served):
    eve = people("Eve")
    eve.allowed = ("status of 400",)
    turn_on(eve)
    link = served.link(f"{eve.username}@example.org", r"/remove-second-factor/#token=\S+")
    eve.driver.get(served.address + link)
    eve.sees("somebody else knows your password")
    eve.button("Remove the second factor", "form")
    eve.sees("We have mailed you a link to set a new password")
    served.link(f"{eve.username}@example.org", r"/reset-password/#token=\S+")
    eve.driver.get("about:blank")
    eve.driver.get(served.address + link)
    eve.button("Remove the second factor", "form")
    eve.sees("This link does not work any more")
