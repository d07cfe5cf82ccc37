"""The second factor as its owner turns it on, signs in with it and turns it off."""

import time

from authenticator import code


def test_it_is_turned_on_asked_for_and_turned_off(people):
    ada = people("Ada")
    ada.allowed = ("status of 401",)
    ada.go("#/settings")
    ada.sees("Second factor")
    ada.button("Turn on", "section")
    ada.fill("password", ada.password)
    ada.button("Next", "dialog")
    secret = ada.find("dialog code").text.replace(" ", "")
    step = int(time.time()) // 30
    ada.fill("code", code(secret, step))
    ada.button("Turn on", "dialog")
    codes = ada.find("dialog pre").text.split()
    assert len(codes) == 10
    ada.button("I have kept them", "dialog")
    ada.sees_no("dialog")
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
