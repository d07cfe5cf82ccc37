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
    eve.driver.refresh()
    eve.sees("We have mailed you a link to set a new password")
    assert not any(e.is_displayed() for e in eve.all("form"))
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


def start_turning_on(person):
    """Goes as far as the first code, which is typed and not sent; answers the secret."""
    person.go("#/settings")
    person.sees("It is off.")
    person.button("Turn on", "section")
    person.fill("password", person.password)
    person.button("Next", "dialog")
    secret = person.find("dialog code").text.replace(" ", "")
    person.fill("code", code(secret, int(time.time()) // 30))
    return secret


HOLD = """
    const real = window.fetch;
    window.fetch = async (url, options) => {
        if (!url.endsWith(arguments[0])) return real(url, options);
        window.fetch = real;
        const answer = await real(url, options);
        await new Promise((resolve) => { window.arrive = resolve; });
        return answer;
    };
    """

LOSE = """
    const real = window.fetch;
    window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!url.endsWith(arguments[0])) return answer;
        window.fetch = real;
        throw new TypeError("lost");
    };
    """


def test_a_dialog_stays_while_its_answer_is_on_the_way(people):
    ada = people("Ada", width=390, height=844)
    start_turning_on(ada)
    ada.driver.execute_script(HOLD, "/confirm")
    ada.button("Turn on", "dialog")
    ada.wait(lambda: ada.driver.execute_script("return Boolean(window.arrive)"), "the answer that is held back")
    for _ in range(2):
        ada.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    ada.click("dialog [aria-label=Close]")
    ada.driver.back()
    ada.sees("Hi Ada")
    assert len(ada.all("dialog")) == 1
    ada.driver.execute_script("window.arrive()")
    assert len(ada.find("dialog pre").text.split()) == 10
    # Nor does going elsewhere take away what is shown once.
    ada.driver.forward()
    ada.sees("Privacy")
    ada.button("I have kept them", "dialog")
    ada.sees_no("dialog")


def test_recovery_codes_whose_answer_was_lost_are_made_anew(people):
    ada = people("Ada")
    ada.allowed = ("status of 409", "status of 403", "status of 404")
    secret = start_turning_on(ada)
    ada.driver.execute_script(LOSE, "/confirm")
    ada.button("Turn on", "dialog")
    ada.sees("It is on, but you have not seen your recovery codes.")
    ada.sees_no("dialog")
    # A code that was just used is refused, and it says which one is taken.
    ada.button("Turn off", "section")
    ada.fill("password", ada.password)
    ada.fill("code", code(secret, int(time.time()) // 30 - 1))
    ada.button("Turn off", "dialog")
    ada.sees("use the next one", "dialog")
    ada.click("dialog [aria-label=Close]")
    ada.sees_no("dialog")
    ada.sees("It is on, but you have not seen your recovery codes.")
    ada.driver.execute_script(
        """
        const real = window.fetch;
        window.fetch = async (url, options) => {
            if (!url.endsWith("/recovery-codes")) return real(url, options);
            window.fetch = real;
            window.sent = JSON.parse(options.body);
            return new Response(JSON.stringify({recoveryCodes: ["aaaa-bbbb", "cccc-dddd"]}),
                {headers: {"content-type": "application/json"}});
        };
        """)
    ada.button("Get new recovery codes", "section")
    ada.fill("password", ada.password)
    ada.fill("code", "123456")
    ada.button("Get new codes", "dialog")
    assert ada.find("dialog pre").text.split() == ["aaaa-bbbb", "cccc-dddd"]
    assert ada.driver.execute_script("return window.sent") == {"password": ada.password, "code": "123456"}
    ada.button("I have kept them", "dialog")
    ada.sees_no("dialog")
    ada.sees("It is on. 10 recovery codes left.")


def test_it_says_that_it_is_on_also_where_the_server_could_not_be_asked_at_once(people):
    ada = people("Ada")
    ada.allowed = ("status of 409",)
    start_turning_on(ada)
    ada.driver.execute_script(
        """
        const real = window.fetch;
        window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (url.endsWith("/second-factor")) window.fetch = real;
            throw new TypeError("lost");
        };
        """)
    ada.button("Turn on", "dialog")
    ada.sees("The server cannot be reached", "dialog")
    ada.button("Turn on", "dialog")
    ada.sees_no("dialog")
    ada.sees("It is on, but you have not seen your recovery codes.")
