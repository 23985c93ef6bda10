#!/usr/bin/python3
"""jianzai-bridge towards the page and towards helpers, which are scripts here. Prints TAP.

usage: test_http.py JIANZAI-BRIDGE
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import harness
from harness import ORIGIN, PERSON, Aside, Bridge, is_alive, wait_until

PROGRAM = sys.argv[1]
WORK = pathlib.Path(tempfile.mkdtemp(prefix="jianzai-bridge-test."))

CARD = {"kind": "citizen_id", "name": PERSON["name"],
        "document": {"kind": "citizen_id", "number": PERSON["number"]},
        "valid_from": "2015-06-01", "valid_until": "2035-06-01"}


def helper(name, script):
    """A helper in sh; $1 is probe or read. Returns its path."""
    path = WORK / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


def says(name, answer):
    """A helper that answers every question with this text."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    (WORK / (name + ".text")).write_text(text + "\n", encoding="utf-8")
    return helper(name, f"cat {WORK}/{name}.text\n")


def adapters(**paths):
    return "".join(f"  - name: {name}\n    command: [{path}]\n" for name, path in paths.items())


def bridge(**paths):
    return Bridge(PROGRAM, adapters(**paths))


def configurations():
    """a configuration that is not right is refused with the reason"""
    whole = {"port": "17655", "origins": f"[{ORIGIN}]", "adapters": "[{name: pcsc}]"}
    for key, value, why in [
        ("port", None, "port"),
        ("port", "70000", "port"),
        ("port", "x", "port"),
        ("origins", "[]", "origins"),
        ("origins", "['https://a.example/']", "without a slash"),
        ("origins", "['https://A.example']", "small letters"),
        ("origins", "['*']", "https://HOST"),
        ("origins", "['null']", "https://HOST"),
        ("origins", "['http://a.example']", "only with 127.0.0.1"),
        ("origins", "['http://localhost.example']", "only with 127.0.0.1"),
        ("origins", "[" + "'https://a.example'," * 17 + "]", "origins"),
        ("adapters", "[]", "adapters"),
        ("adapters", "[{name: idcard}]", "has no command"),
        ("adapters", "[{name: pcsc}, {name: pcsc}]", "two adapters"),
        ("adapters", "[{name: A}]", "small letters"),
        ("adapters", "[{name: a, command: [read-id]}]", "not a path from the root"),
        ("adapters", "[{name: a, comand: [/x]}]", "comand"),
        ("colour", "red", "colour"),
    ]:
        path = WORK / "wrong.yaml"
        path.write_text("".join(f"{k}: {v}\n" for k, v in (whole | {key: value}).items() if v))
        ran = subprocess.run([PROGRAM, "--config", path], capture_output=True, text=True,
                             timeout=30, check=False)
        assert ran.returncode == 2 and why in ran.stderr, (key, value, ran)
    ran = subprocess.run([PROGRAM, "--config", WORK / "none.yaml"], capture_output=True, text=True,
                         timeout=30, check=False)
    assert ran.returncode == 2 and "No such file" in ran.stderr, ran
    path.write_text("")
    ran = subprocess.run([PROGRAM, "--config", path], capture_output=True, text=True, timeout=30,
                         check=False)
    assert ran.returncode == 2 and "nothing in it" in ran.stderr, ran
    example = pathlib.Path(__file__).resolve().parents[2] / "bridge" / "bridge.yaml"
    path.write_text(example.read_text())
    assert subprocess.run([PROGRAM, "--config", path, "--pair"], capture_output=True,
                          check=False).returncode == 0


def usages():
    """what is typed wrong is answered with what there is"""
    for program, *words in [("",), ("", "--config"), ("", "--colour"), ("", "--config", "x", "y"),
                            ("-pcsc",), ("-pcsc", "see"), ("-pcsc", "read"), ("-pcsc", "read", "0"),
                            ("-pcsc", "read", "61"), ("-pcsc", "read", "5s"),
                            ("-pcsc", "read", "5", "x", "y"), ("-pcsc", "probe", "5")]:
        ran = subprocess.run([PROGRAM + program, *words], capture_output=True, text=True,
                             timeout=30, check=False)
        assert ran.returncode == 2 and "jianzai-bridge" in ran.stderr and not ran.stdout, ran
    ran = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    assert "--pair" in ran.stdout
    ran = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("jianzai-bridge ")


def pairing():
    """the pairing token: only its digest is kept, and a new one ends the old one"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        kept = pathlib.Path(str(b.config) + ".pairing")
        assert len(b.token) == 32 and set(b.token) <= set("0123456789abcdef"), b.token
        assert kept.stat().st_mode & 0o777 == 0o600 and b.token not in kept.read_text()
        assert b.read().status == 200
        old, b.token = b.token, b.pair()
        assert old != b.token and b.read().status == 200
        b.read(authorization="Bearer " + old).is_problem(401, "not_paired")
        kept.write_text("something else\n")
        b.read().is_problem(500, "internal")
        kept.unlink()
        b.read().is_problem(401, "not_paired")
        assert "no token yet" in b.logged()


def preflight():
    """the preflight of a page that may, also from a public to the private network"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        asked = {"authorization": None, "access_control_request_method": "POST",
                 "access_control_request_headers": "authorization,content-type"}
        reply = b.call("OPTIONS", "/v1/read", **asked)
        assert reply.status == 204 and not reply.text
        for name, value in {"Origin": ORIGIN, "Methods": "GET, POST",
                            "Headers": "Authorization, Content-Type",
                            "Private-Network": None}.items():
            assert reply.headers["Access-Control-Allow-" + name] == value, reply.headers
        assert reply.headers["Vary"] == "Origin"
        reply = b.call("OPTIONS", "/v1/read", access_control_request_private_network="true",
                       **asked)
        assert reply.headers["Access-Control-Allow-Private-Network"] == "true"
        reply = b.call("OPTIONS", "/v1/read", origin="https://other.example", **asked)
        reply.is_problem(403, "foreign_origin")
        assert reply.headers["Access-Control-Allow-Origin"] is None


def origins():
    """only exactly the origins of the configuration, and only under the bridge's own name"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        reply = b.read()
        assert reply.status == 200 and reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        for origin in [None, "null", "", "*", ORIGIN + "/", ORIGIN + ":443", ORIGIN.upper(),
                       ORIGIN + ".evil.example", "http" + ORIGIN[5:], ORIGIN + ", " + ORIGIN]:
            reply = b.read(origin=origin)
            reply.is_problem(403, "foreign_origin")
            assert reply.headers["Access-Control-Allow-Origin"] is None
        for host in ["evil.example", f"evil.example:{b.port}", "127.0.0.1", "127.0.0.1:1"]:
            b.read(host=host).is_problem(421, "foreign_host")
        assert b.read(host=f"localhost:{b.port}").status == 200


def only_loopback():
    """it listens on 127.0.0.1 and nowhere else"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        rows = [row.split() for name in ("tcp", "tcp6")
                for row in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]]
        ours = [row[1] for row in rows if row[1].endswith(f":{b.port:04X}") and row[3] == "0A"]
        assert ours == [f"0100007F:{b.port:04X}"], ours


def wrong_tokens():
    """a wrong token is answered after a second, a crowd of them one a second"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        for wrong in [None, "Bearer", "Bearer " + b.token[:-1], "Bearer " + b.token + "0",
                      "Basic " + b.token]:
            start = time.monotonic()
            reply = b.read(authorization=wrong)
            reply.is_problem(401, "not_paired")
            assert reply.headers["WWW-Authenticate"] == "Bearer"
            assert time.monotonic() - start > 0.9
        start = time.monotonic()
        crowd = [Aside(b.read, authorization="Bearer 0") for _ in range(3)]
        assert b.read().status == 200 and crowd[-1].is_alive(), "the right one waited"
        for one in crowd:
            one.wait().is_problem(401, "not_paired")
        assert time.monotonic() - start > 2.9
        crowd = [Aside(b.read, authorization="Bearer 0") for _ in range(8)]
        wait_until(lambda: b.read().status == 429)
        reply = b.read()
        reply.is_problem(429, "too_many_tries")
        assert reply.headers["Retry-After"] == "1"
        for one in crowd:
            one.wait().is_problem(401, "not_paired")
        assert b.read().status == 200


def requests():
    """requests that are not right, and bodies that are too large"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        b.call("GET", "/v1/cards").is_problem(404, "not_found")
        b.call("GET", "/v1/read").is_problem(405, "method_not_allowed")
        b.call("POST", "/v1/readers", {}).is_problem(405, "method_not_allowed")
        for body, why in [("", "no JSON"), ("{", "no JSON"), ("[]", "the body"), ("{} {}", "more"),
                          ({"timeout_s": 0}, "1 to 60"), ({"timeout_s": 61}, "1 to 60"),
                          ({"timeout_s": "5"}, "integer"), ({"colour": 1}, "more"),
                          ('{"timeout_s": 1, "timeout_s": 2}', "no JSON"),
                          ({"reader": "x" * 200}, "too long"), ({"reader": "a\0b"}, "no JSON")]:
            reply = b.call("POST", "/v1/read", body)
            reply.is_problem(400, "bad_request")
            assert why in reply.json["detail"], reply.text
        b.read(reader="other").is_problem(404, "no_reader")
        b.read(reader="idcar").is_problem(404, "no_reader")
        assert b.call("POST", "/v1/read", {}).status == 200
        assert b.read(reader="idcard").status == b.read(reader="idcard/").status == 200
        b.call("POST", "/v1/read", "x" * 1025).is_problem(413, "too_large")
        with socket.create_connection(("127.0.0.1", b.port)) as s:
            s.sendall(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + b"400\r\n" + b"x" * 1024 + b"\r\n400\r\n" + b"x" * 1024 + b"\r\n")
            s.settimeout(10)
            assert s.recv(100) == b"", "a body without end was not cut off"
        assert b.read().status == 200


def languages():
    """sentences in the language of the page"""
    with bridge(idcard=says("none", {"error": "no_card"})) as b:
        for language, text in [("zh-CN,zh;q=0.9", "没有放卡"), ("zh-TW", "沒有放卡"),
                               ("en-GB", "No card"), (None, "No card")]:
            assert text in b.read(accept_language=language).json["title"], language


def good_cards():
    """what a helper read comes to the page, and what is wrong with a number with it"""
    wrong = {"kind": "citizen_id", "number": "340524198001010011"}
    old = {"kind": "citizen_id", "number": "340524800101001"}
    social = {"kind": "social_card", "card_number": PERSON["card"]}
    for name, card, want in [
        ("whole", CARD, CARD | {"document": CARD["document"] | {"warnings": []}}),
        ("wrong", CARD | {"document": wrong}, CARD | {"document": wrong | {
            "warnings": ["wrong_check"]}}),
        ("old", {"kind": "citizen_id", "document": old},
         {"kind": "citizen_id", "document": CARD["document"] | {"warnings": []}}),
        ("permit", {"kind": "hmt_permit", "document": {
            "kind": "hmt_permit", "number": "H01234567", "warnings": ["kind_guessed"]}}, None),
        ("passport", {"kind": "passport", "document": {
            "kind": "passport", "number": "C01234567", "issuer": "USA", "warnings": []}}, None),
        ("social", social, social),
        ("withheld", {"kind": "social_card", "withheld": True}, None),
        ("open", social | {"withheld": False}, social),
    ]:
        with bridge(idcard=says(name, {"card": card})) as b:
            reply = b.read()
            assert reply.status == 200, reply.text
            assert reply.headers["Content-Type"] == "application/json"
            assert reply.json == {"adapter": "idcard", "card": want or card}, reply.text


def bad_helpers():
    """a helper that fails, or says what cannot be right, is the helper's failure"""
    number = CARD["document"]["number"]
    bad = {
        "nothing": "", "text": "hello", "list": "[]", "two": json.dumps({"card": CARD, "x": 1}),
        "cut": json.dumps({"card": CARD})[:-2], "readers": {"readers": []},
        "long": {"card": CARD | {"name": "x" * 8200}}, "kind": {"card": CARD | {"kind": "bus"}},
        "unknown-kind": {"card": CARD | {"kind": "unknown"}}, "key": {"card": CARD | {number: 1}},
        "name": {"card": CARD | {"name": "x" * 129}}, "control": {"card": CARD | {"name": "a\x1b"}},
        "blank": {"card": CARD | {"name": "  "}}, "type": {"card": CARD | {"name": 5}},
        "date": {"card": CARD | {"valid_until": "2035-02-30"}},
        "number": {"card": CARD | {"card_number": "1 2"}},
        "document": {"card": CARD | {"document": {"kind": "citizen_id", "number": "无" + number}}},
        "warning": {"card": CARD | {"document": CARD["document"] | {"warnings": ["x"]}}},
        "empty": {"card": {"kind": "social_card"}}, "error": {"error": "tired"},
        "ours": {"error": "busy"}, "null": {"error": None},
    }
    paths = {name: says("bad-" + name, answer) for name, answer in bad.items()}
    paths |= {"missing": WORK / "missing", "dies": helper("dies", "kill -9 $$\n"),
              "flood": helper("flood", "yes | tr -d '\\n'\n"),
              "bytes": helper("bytes", "printf '{\"error\":\"\\377\"}\\n'\n"),
              "folder": WORK}
    names = list(paths)
    for some in [names[i:i + 8] for i in range(0, len(names), 8)]:
        with bridge(**{name: paths[name] for name in some}) as b:
            for name in some:
                b.read(reader=name).is_problem(502, "helper_failed")
            assert number not in b.logged() and PERSON["name"] not in b.logged(), b.logged()


def helper_errors():
    """every error that a helper may answer reaches the page"""
    for code, status in [("service_missing", 503), ("no_reader", 404), ("reader_in_use", 409),
                         ("no_card", 404), ("card_removed", 409), ("unknown_card", 422),
                         ("card_unreadable", 422)]:
        with bridge(idcard=says("error-" + code, {"error": code})) as b:
            b.read().is_problem(status, code)


def probing():
    """the readers of all adapters, in the order of the configuration"""
    found = helper("found", 'test "$#" = 1 && test "$1" = probe && echo \'{"readers": ['
                   '{"name": "Lene 读卡", "card": true}, {"name": "2"}]}\'\n')
    with bridge(first=found, second=says("gone", {"error": "no_reader"}),
                third=WORK / "missing", fourth=says("many", {"readers": [{"name": "x"}] * 17}),
                fifth=says("same", {"readers": []})) as b:
        reply = b.call("GET", "/v1/readers")
        assert reply.status == 200, reply.text
        assert reply.json == {"fallback": "manual", "adapters": [
            {"name": "first", "readers": [
                {"id": "first/Lene 读卡", "name": "Lene 读卡", "card": True},
                {"id": "first/2", "name": "2", "card": False}]},
            {"name": "second", "problem": "no_reader"},
            {"name": "third", "problem": "helper_failed"},
            {"name": "fourth", "problem": "helper_failed"},
            {"name": "fifth", "readers": []}]}, reply.text
    with bridge(only=WORK / "missing") as b:
        reply = b.call("GET", "/v1/readers")
        assert reply.json["adapters"] == [{"name": "only", "problem": "helper_failed"}], reply.text


def helper_words():
    """a helper gets the question, the seconds and the reader, no descriptors, no signals blocked"""
    path = helper("words", f"""
        printf '%s|' "$@" >{WORK}/words.args
        ls /proc/self/fd >{WORK}/words.fds
        grep SigBlk /proc/self/status >{WORK}/words.signals
        echo chatter >&2
        echo '{{"error": "no_card"}}'
    """)
    with bridge(idcard=f"{path}, --port, '1001'") as b:
        b.read(timeout_s=7, reader="idcard/A b; c/d").is_problem(404, "no_card")
        assert (WORK / "words.args").read_text() == "--port|1001|read|7|A b; c/d|"
        # ls itself opens one more, the folder.
        assert len((WORK / "words.fds").read_text().split()) == 4
        assert int((WORK / "words.signals").read_text().split()[1], 16) == 0
        b.read(timeout_s=8).is_problem(404, "no_card")
        assert (WORK / "words.args").read_text() == "--port|1001|read|8|"
        assert "chatter" not in b.logged()


def slow_helper(name):
    """Never answers, and has a child of its own; both write their numbers down."""
    return helper(name, f"sleep 300 & echo $! $$ >{WORK}/{name}.new; "
                  f"mv {WORK}/{name}.new {WORK}/{name}.pids; wait\n")


def pids_of(name):
    path = WORK / (name + ".pids")
    wait_until(path.exists)
    pids = path.read_text().split()
    path.unlink()
    return pids


def timeout():
    """a helper that does not answer is ended with all that it started"""
    with bridge(idcard=slow_helper("slow")) as b:
        start = time.monotonic()
        b.read(timeout_s=1).is_problem(504, "timeout")
        assert 3.5 < time.monotonic() - start < 10, "one second, and three of grace"
        assert not any(map(is_alive, pids_of("slow")))
        start = time.monotonic()
        reply = b.call("GET", "/v1/readers")
        assert reply.json["adapters"] == [{"name": "idcard", "problem": "timeout"}], reply.text
        assert time.monotonic() - start < 10


def two_at_once():
    """one read at a time: the second is told so at once, and the first goes on"""
    path = helper("wait", f"touch {WORK}/asked; until [ -e {WORK}/go ]; do sleep 0.05; done\n"
                  f"cat {WORK}/go\n")
    with bridge(idcard=path) as b:
        first = Aside(b.read, timeout_s=30)
        wait_until((WORK / "asked").exists)
        b.read().is_problem(503, "busy")
        reply = b.call("GET", "/v1/readers")
        reply.is_problem(503, "busy")
        assert reply.headers["Retry-After"] == "1"
        (WORK / "new").write_text(json.dumps({"card": CARD}))
        os.rename(WORK / "new", WORK / "go")
        assert first.wait().status == 200
        assert b.read().status == 200
        (WORK / "go").unlink()


def page_gone():
    """a page that goes away ends its read, and the next can begin"""
    with bridge(slow=slow_helper("left"), idcard=says("good", {"card": CARD})) as b:
        connection = b.connect()
        connection.request("POST", "/v1/read", '{"timeout_s": 60}',
                           {"Origin": ORIGIN, "Authorization": "Bearer " + b.token})
        pids = pids_of("left")
        b.read(reader="idcard").is_problem(503, "busy")
        connection.close()
        wait_until(lambda: not any(map(is_alive, pids)))
        wait_until(lambda: b.read(reader="idcard").status == 200)


def keep_alive():
    """many reads on one connection"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        connection = b.connect()
        for _ in range(50):
            assert b.read(connection=connection).status == 200


def many_connections():
    """connections beyond the limit are not served, and those within go on"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        first = b.connect()
        assert b.read(connection=first).status == 200
        crowd = [socket.create_connection(("127.0.0.1", b.port)) for _ in range(60)]
        time.sleep(0.2)
        assert b.read(connection=first).status == 200
        for one in crowd:
            one.close()
        wait_until(lambda: served(b))


def served(b):
    try:
        return b.read().status == 200
    except OSError:
        return False


def stopping():
    """SIGTERM: whoever waits is told, no helper stays, the exit status is 0"""
    with bridge(idcard=slow_helper("stop")) as b:
        suspect = Aside(b.read, authorization="Bearer 0")
        time.sleep(0.5)
        reading = Aside(b.read, timeout_s=60)
        pids = pids_of("stop")
        start = time.monotonic()
        assert b.stop() == 0 and time.monotonic() - start < 5, b.logged()
        reading.wait().is_problem(503, "stopping")
        suspect.wait().is_problem(401, "not_paired")
        assert not any(map(is_alive, pids))
    with bridge(idcard=says("good", {"card": CARD})) as b:
        assert b.stop() == 0


def nothing_kept():
    """neither the log nor a file holds what was read, nor the token"""
    with bridge(idcard=says("good", {"card": CARD})) as b:
        before = sorted(path.name for path in b.folder.iterdir())
        assert b.read().json["card"]["name"] == PERSON["name"]
        b.read(authorization="Bearer secret0").is_problem(401, "not_paired")
        assert b.stop() == 0
        assert sorted(path.name for path in b.folder.iterdir()) == before
        assert "read by idcard: ok after" in b.logged()
        for path in b.folder.iterdir():
            text = path.read_text(encoding="utf-8")
            for secret in [PERSON["name"], PERSON["number"], b.token, "secret0"]:
                assert secret not in text, (path, secret)


def port_taken():
    """a port that is taken is named"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        path = WORK / "taken.yaml"
        path.write_text(f"port: {s.getsockname()[1]}\norigins: [{ORIGIN}]\n"
                        "adapters: [{name: pcsc}]\n")
        ran = subprocess.run([PROGRAM, "--config", path], capture_output=True, text=True,
                             timeout=30, check=False)
        assert ran.returncode == 2 and "Address already in use" in ran.stderr, ran


harness.run([usages, configurations, pairing, preflight, origins, only_loopback, wrong_tokens,
             requests, languages, good_cards, bad_helpers, helper_errors, probing, helper_words,
             timeout, two_at_once, page_gone, keep_alive, many_connections, stopping, nothing_kept,
             port_taken], WORK)
