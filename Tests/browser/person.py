"""A person in front of a browser: what the tests do and what they wait for."""

import json

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# A watchdog: nothing is expected to take so long, on however slow a machine.
PATIENCE_SECONDS = 180


def browser(width=1280, height=900, scheme="dark", keeps_frames=False):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"):
        options.add_argument(argument)
    options.add_argument(f"--window-size={width},{height}")
    logs = {"browser": "ALL", **({"performance": "ALL"} if keeps_frames else {})}
    options.set_capability("goog:loggingPrefs", logs)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    # The window cannot become as narrow as a phone; its viewport can.
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    return driver


class Person:
    """One user with a browser of their own."""

    def __init__(self, address, username, name, **window):
        self.address = address
        self.username = username
        self.name = name
        self.password = f"correct horse {username}"
        self.driver = browser(**window)
        self.faults = []

    # Finding and waiting

    def wait(self, condition, what):
        wait = WebDriverWait(
            self.driver, PATIENCE_SECONDS, poll_frequency=0.05,
            ignored_exceptions=(NoSuchElementException, StaleElementReferenceException),
        )
        return wait.until(lambda _: condition(), f"{self.name} waited in vain for {what}")

    def find(self, selector):
        return self.wait(lambda: next((e for e in self.all(selector) if e.is_displayed()), None), selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.press(lambda: next((e for e in self.all(selector) if e.is_displayed()), None), selector)

    def press(self, find, what):
        """Clicks what `find` finds; looks again when the page has moved on meanwhile."""

        def attempt():
            element = find()
            if not element or not element.is_enabled():
                return False
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
            self.driver.execute_script("arguments[0].click()", element)
            return True

        self.wait(attempt, what)

    def button(self, text, within="body"):
        self.press(
            lambda: next(
                (e for e in self.all(f"{within} button, {within} a") if e.is_displayed() and text in e.text), None
            ),
            f"a button “{text}”",
        )

    def sees(self, text, within="#main"):
        self.wait(lambda: text in self.text(within), f"“{text}” in {within}")

    def sees_no(self, selector):
        self.wait(lambda: not any(e.is_displayed() for e in self.all(selector)), f"no {selector}")

    def text(self, selector="#main"):
        return " ".join(e.text for e in self.all(selector))

    def fill(self, name, value):
        field = self.find(f"input[name={name}]")
        field.clear()
        field.send_keys(value)

    # What people do

    def register(self):
        self.driver.get(self.address)
        self.button("Create an account")
        self.fill("displayName", self.name)
        self.fill("email", f"{self.username}@example.org")
        self.fill("username", self.username)
        self.fill("password", self.password)
        self.button("Create account", "form")
        self.sees(f"Hi {self.name}")

    def go(self, fragment):
        """To another page, as a link leads there: nothing is loaded anew."""
        self.driver.execute_script("location.hash = arguments[0]", fragment)

    def sign_in(self, login, password):
        self.fill("login", login)
        self.fill("password", password)
        self.button("Sign in", "form")
        self.sees("Hi ")

    def sign_out(self):
        self.go("#/settings")
        self.button("Sign out")
        self.find("input[name=login]")

    def everything_is_sent(self):
        self.wait(lambda: self.stored("fitai.op.") == [], "an empty outbox")

    def start_workout(self):
        self.button("Start workout")
        self.sees("Add exercise")

    def add_exercise(self, search, name):
        self.button("Add exercise")
        self.find("dialog input").send_keys(search)
        self.press(
            lambda: next((e for e in self.all("dialog .result") if e.find_element(By.TAG_NAME, "strong").text == name), None),
            f"{name} among the results",
        )
        self.wait(lambda: name in self.text(".entry.open h2"), f"an open card of {name}")

    def log_set(self, weight, reps):
        before = len(self.all(".entry.open .sets > li"))
        for index, value in enumerate((weight, reps)):
            field = self.all(".entry.open .stepper input")[index]
            field.clear()
            field.send_keys(str(value))
        self.button("Log set", ".entry.open")
        self.wait(lambda: len(self.all(".entry.open .sets > li")) == before + 1, "the new set")

    def everything_is_saved(self):
        self.wait(
            lambda: self.all(".standing") and len(self.all(".standing.durable")) == len(self.all(".standing")),
            "every set to be durable",
        )

    @property
    def workout_id(self):
        return self.driver.current_url.rsplit("/", 1)[1]

    def watch(self, workout_id):
        self.driver.get(f"{self.address}/#/watch/{workout_id}")

    # What pages must not do

    def scrolls_sideways(self):
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def complaints(self, allowed=()):
        """What the console said, without what belongs to the test."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING") and not any(text in entry["message"] for text in allowed):
                self.faults.append(entry["message"])
        return self.faults

    def network(self, is_on):
        """Takes the network away from this browser, or gives it back; open sockets are cut."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": not is_on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    def frames(self):
        """What went over the socket, with the side that sent it; for a browser that keeps frames."""
        sides = {"Network.webSocketFrameSent": "client", "Network.webSocketFrameReceived": "server"}
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in sides:
                yield sides[message["method"]], json.loads(message["params"]["response"]["payloadData"])

    def stored(self, prefix):
        script = "return JSON.stringify(Object.keys(localStorage).filter((key) => key.startsWith(arguments[0])))"
        return json.loads(self.driver.execute_script(script, prefix))

    def leave(self):
        self.driver.quit()


def set_texts(person):
    return [element.text for element in person.all(".sets .set-text")]


def befriend(asking, asked):
    user_id = asked.driver.execute_script("return JSON.parse(localStorage.getItem('fitai.user')).id")
    asking.driver.get(f"{asking.address}/#/add/{user_id}")
    asking.button("Send friend request")
    asking.sees("has your request")
    asked.driver.get(f"{asked.address}/")
    asked.driver.refresh()
    asked.sees("Friend requests")
    asked.button("Accept")
    asked.sees_no("ul[aria-label='Friend requests']")
    asked.sees(asking.name)
    asking.button("Back to start")
