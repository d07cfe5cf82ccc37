"""The second factor as its owner turns it on, signs in with it and turns it off."""

import time

from authenticator import code
from selenium.webdriver.common.keys import Keys


def show_codes(person):
    """Goes as far as the dialog with the recovery codes."""
    person.go("#/settings")
    person.sees("It is off.")
    assert not any(e.text == "Turn off" for e in person.all("section button"))
    person.button("Turn on", "section")
    person.fill("password", person.password)
    person.button("Next", "dialog")
    secret = person.find("dialog code").text.replace(" ", "")
    assert person.driver.switch_to.active_element.get_attribute("name") == "code"
    step = int(time.time()) // 30
    person.fill("code", code(secret, step))
    person.button("Turn on", "dialog")
    return person.find("dialog pre").text.split()


def turn_on(person):
    """Answers the recovery codes."""
    codes = show_codes(person)
    person.button("I have kept them", "dialog")
    person.sees_no("dialog")
    return codes


def test_it_is_turned_on_asked_for_and_turned_off(people):
    ada = people("Ada")
    ada.allowed = ("status of 401", "status of 403")
    codes = turn_on(ada)
    assert len(codes) == 10
    ada.sees("It is on. 10 recovery codes left.")
    assert not any(e.text == "Turn on" for e in ada.all("section button"))
    ada.sign_out()
    ada.fill("login", ada.username)
    ada.fill("password", ada.password)
    ada.button("Sign in", "form")
    ada.sees("One more step")
    ada.fill("code", "000000")
    ada.button("Go on", "form")
    ada.sees("The code is incorrect")
    # What the server answers after the fifth, said as it says it and not as if it had taken too long.
    ada.driver.execute_script(
        """
        const real = window.fetch;
        window.fetch = async (url, options) => {
            window.fetch = real;
            const problem = {code: "challengeInvalid", detail: "Too many wrong codes. Sign in again."};
            return new Response(JSON.stringify(problem), {status: 401, headers: {"content-type": "application/problem+json"}});
        };
        """)
    ada.button("Go on", "form")
    ada.sees("Too many wrong codes. Sign in again.")
    ada.fill("login", ada.username)
    ada.fill("password", ada.password)
    ada.button("Sign in", "form")
    ada.sees("One more step")
    # A recovery code stands in for the app.
    ada.fill("code", codes[0])
    ada.button("Go on", "form")
    ada.sees("Hi Ada")
    ada.go("#/settings")
    ada.sees("9 recovery codes left")
    ada.button("Turn off", "section")
    ada.fill("password", ada.password)
    ada.fill("code", codes[1])
    ada.button("Turn off", "dialog")
    ada.sees_no("dialog")
    ada.sees("It is off.")
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
    # The token outlives a reload.
    eve.driver.refresh()
    eve.button("Remove the second factor", "form")
    eve.sees("We have mailed you a link to set a new password")
    served.link(f"{eve.username}@example.org", r"/reset-password/#token=\S+")
    eve.driver.get("about:blank")
    eve.driver.get(served.address + link)
    eve.button("Remove the second factor", "form")
    eve.sees("This link no longer works")


def test_the_recovery_codes_are_not_left_by_accident(people):
    ada = people("Ada", width=390, height=844)
    codes = show_codes(ada)
    # Escape twice: a browser would close the dialog at the second.
    for _ in range(2):
        ada.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        ada.sees("Have you kept them?", "dialog")
    ada.button("Back to the codes", "dialog")
    assert "Have you kept them?" not in ada.text("dialog")
    ada.click("dialog [aria-label=Close]")
    ada.sees("Have you kept them?", "dialog")
    assert ada.find("dialog pre").text.split() == codes
    leaves = "return dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert not ada.driver.execute_script(leaves)
    ada.button("Yes, close", "dialog")
    ada.sees_no("dialog")
    ada.sees("It is on. 10 recovery codes left.")
    assert ada.driver.execute_script(leaves)
