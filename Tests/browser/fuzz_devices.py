"""The two shipped clients as devices that are told what to do, and the network between them and the server."""

import functools
import http.server
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import threading

from person import browser
from served import PATIENCE_SECONDS, ROOT

DEVICE = os.environ.get("FITAI_DEVICE") or ROOT / ".build/debug/LiveDevice"


class Network:
    """A proxy in front of the server that cuts what goes through it, at once or in the middle of a frame."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_there = True
        # Bytes until the next cut; None for none.
        self.left = None
        self.pairs = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, after_bytes=None):
        with self.lock:
            self.left = after_bytes
            pairs = [] if after_bytes else list(self.pairs)
        for pair in pairs:
            self._end(pair)

    def go_away(self):
        self.is_there = False
        self.cut()

    def come_back(self):
        self.is_there = True
        self.cut()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if not self.is_there:
                raise OSError
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return self._end((client,))
        pair = (client, server)
        for end in pair:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.pairs.add(pair)
        if not self.is_there:
            return self._end(pair)
        threading.Thread(target=self._pass, args=(server, client, pair), daemon=True).start()
        self._pass(client, server, pair)

    def _pass(self, source, sink, pair):
        try:
            while data := source.recv(65536):
                with self.lock:
                    passing = len(data)
                    if self.left is not None:
                        passing = min(passing, self.left)
                        self.left -= passing
                    cuts = self.left == 0
                    if cuts:
                        self.left = None
                sink.sendall(data[:passing])
                if cuts:
                    break
        except OSError:
            pass
        self._end(pair)

    def _end(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for end in pair:
            try:
                # A reset: what was not sent yet is lost.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class SwiftDevice:
    """The Swift client in a process of its own, with its outbox on disk."""

    def __init__(self, network, outbox, token):
        """`token` is a file, read whenever a token is needed."""
        self.command = [str(DEVICE), str(network.port), str(outbox), str(token)]
        self.followed = set()
        self.faults = []
        self.begin()

    def begin(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answers = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self.answers), daemon=True).start()
        for workout in self.followed:
            self.ask("follow", workout=workout)

    @staticmethod
    def _read(output, answers):
        for line in output:
            answers.put(json.loads(line))
        answers.put(None)

    def ask(self, order, **members):
        self.process.stdin.write(json.dumps({"do": order, **members}) + "\n")
        self.process.stdin.flush()
        answer = self.answers.get(timeout=PATIENCE_SECONDS)
        assert answer is not None, "the device has ended"
        assert "error" not in answer, answer
        return answer

    def kill(self):
        """As when its battery is empty; then it begins again with what is on its disk."""
        self.note_faults()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.begin()

    def note_faults(self):
        self.faults += self.status()["diverged"]

    def follow(self, workout):
        self.followed.add(workout)
        self.ask("follow", workout=workout)

    def unfollow(self, workout):
        self.followed.discard(workout)
        self.ask("unfollow", workout=workout)

    def submit(self, workout, body):
        self.ask("submit", workout=workout, ops=[body])

    def status(self):
        return self.ask("status")

    def settle(self):
        self.ask("settle")

    def pending(self, workouts):
        """What is not settled; the device may wait for that and is started anew."""
        self.process.kill()
        self.process.wait()
        self.begin()
        return {workout: self.ask("pending", workout=workout)["ops"] for workout in workouts}

    def reach(self, workout, seq):
        self.follow(workout)
        return self.ask("reach", workout=workout, seq=seq)

    def leave(self):
        self.note_faults()
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        return self.faults


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def log_message(self, *_):
        pass


class Pages:
    """The pages' files, there whatever happens to the server."""

    def __init__(self):
        handler = functools.partial(Quiet, directory=ROOT / "web")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class WebDevice:
    """The pages' client in a browser."""

    def __init__(self, network, pages, token, user):
        self.url = f"{pages.address}/tests/device.html"
        self.settings = {"url": f"ws://127.0.0.1:{network.port}/v1/live", "token": token, "userId": user}
        self.followed = set()
        self.driver = browser()
        self.driver.set_script_timeout(PATIENCE_SECONDS)
        self.kill()

    def kill(self):
        """Loads the page anew, as after it was closed at any moment."""
        self.driver.get(self.url)
        # A module runs before `load`, for which the driver waits.
        self.driver.execute_script("begin(arguments[0])", self.settings)
        for workout in self.followed:
            self.follow(workout)

    def take(self, token):
        """Goes on with another token when the connection needs one."""
        self.settings["token"] = token
        self.do("take", token)

    def do(self, method, *arguments):
        return self.driver.execute_script("return device[arguments[0]](...arguments[1])", method, arguments)

    def follow(self, workout):
        self.followed.add(workout)
        self.do("follow", workout)

    def unfollow(self, workout):
        self.followed.discard(workout)
        self.do("unfollow", workout)

    def submit(self, workout, body):
        self.do("submit", workout, [body])

    def status(self):
        return self.do("status")

    def settle(self):
        self.do("settle")

    def pending(self, _):
        return self.do("pending")

    def reach(self, workout, seq):
        self.followed.add(workout)
        return self.do("reach", workout, seq)

    def leave(self):
        faults = self.status()["complaints"]
        self.driver.quit()
        return faults
