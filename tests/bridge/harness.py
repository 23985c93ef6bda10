"""What the tests of jianzai-bridge share: the program at work, a page that calls it, TAP."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ORIGIN = "https://counter.example.gov.cn"

# Made-up people, valid check digits.
PERSON = {"name": "王试用", "number": "34052419800101001X", "card": "A12345678"}


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()
        self.json = json.loads(self.text) if self.text else None

    def is_problem(self, status, code):
        assert (self.status, self.json["code"]) == (status, code), (self.status, self.text)
        assert self.headers["Content-Type"] == "application/problem+json", self.headers
        assert self.json["status"] == status, self.text
        assert self.json["type"] == "urn:jianzai:bridge:" + code, self.text
        assert self.json["fallback"] == "manual" and self.json["title"], self.text
        assert self.headers["Cache-Control"] == "no-store", self.headers


class Bridge:
    """jianzai-bridge with a configuration of its own, on a port that was free."""

    def __init__(self, program, adapters="  - name: pcsc\n"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jianzai-bridge."))
        self.program = program
        self.config = self.folder / "bridge.yaml"
        self.config.write_text(f"port: 0\norigins:\n  - {ORIGIN}\nadapters:\n{adapters}")
        self.token = self.pair()
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, "--config", self.config], stderr=self.log)
        self.port = int(self.wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.log.close()
        shutil.rmtree(self.folder)

    def pair(self):
        return subprocess.run([self.program, "--config", self.config, "--pair"], check=True,
                              capture_output=True, text=True).stdout.strip()

    def logged(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def wait_for_log(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.logged())
            if found:
                return found
            assert self.process.poll() is None, "it ended: " + self.logged()
            time.sleep(0.01)
        raise AssertionError(f"no '{pattern}' in: {self.logged()}")

    def stop(self):
        """Its exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)

    def call(self, method, path, body=None, connection=None, **headers):
        """A page's request; headers are given as origin=…, None leaves one out."""
        sent = {"origin": ORIGIN, "authorization": f"Bearer {self.token}"} | headers
        sent = {name.replace("_", "-"): value for name, value in sent.items() if value is not None}
        connection = connection or self.connect()
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        connection.request(method, path, body, sent)
        return Reply(connection.getresponse())

    def read(self, timeout_s=10, reader=None, **headers):
        body = {"timeout_s": timeout_s} | ({"reader": reader} if reader else {})
        return self.call("POST", "/v1/read", body, **headers)


class Aside(threading.Thread):
    """A call that goes on beside the test."""

    def __init__(self, call, *args, **kwargs):
        super().__init__(daemon=True)
        self.work, self.result, self.error = (call, args, kwargs), None, None
        self.start()

    def run(self):
        call, args, kwargs = self.work
        try:
            self.result = call(*args, **kwargs)
        except Exception as e:  # handed on to whoever waits
            self.error = e

    def wait(self):
        self.join(timeout=90)
        assert not self.is_alive(), "it does not come to an end"
        if self.error:
            raise self.error
        return self.result


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.01)


def run(cases, folder):
    """Runs the functions of `cases` as TAP; a docstring is the name. Then the folder goes."""
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} - {case.__doc__}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {case.__doc__}")
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    shutil.rmtree(folder)
    sys.exit(1 if failed else 0)
