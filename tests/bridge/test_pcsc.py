#!/usr/bin/python3
"""jianzai-bridge with the real pcscd, the virtual reader of vsmartcard-vpcd and virtual cards.

usage: test_pcsc.py JIANZAI-BRIDGE

The virtual reader listens on all addresses, and pcscd has one place for its socket: so all of it
runs in namespaces of its own, where no network is but loopback, /run is empty, and whatever was
started ends with the test. Prints TAP; skips where the system does not permit that.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
INSIDE = "--inside"


def skip(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def enter():
    """Starts this program again inside of new namespaces."""
    pcscd = shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin")
    if not pcscd or not os.path.exists(DRIVER):
        skip("pcscd and vsmartcard-vpcd are not both installed")
    unshare = ["unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        unshare.append("--map-root-user")
    tried = subprocess.run(unshare + ["mount", "-t", "tmpfs", "none", "/run"], text=True,
                           capture_output=True, check=False)
    if tried.returncode != 0:
        skip("unshare is not permitted here: " + " ".join(tried.stderr.split()))
    os.execvp("unshare", unshare + sys.argv[:2] + [INSIDE, pcscd])


if sys.argv[2:3] != [INSIDE]:
    enter()

# pylint: disable=wrong-import-position
import harness
from card import (NO_FILE, NOT_SATISFIED, Card, SocialCard, padded, social_card)
from harness import PERSON, Aside, Bridge, wait_until

PROGRAM, PCSCD = sys.argv[1], sys.argv[3]
WORK = pathlib.Path(tempfile.mkdtemp(prefix="jianzai-bridge-test."))
READERS = ["Virtual PCD 00 00", "Virtual PCD 00 01"]

CARD = {"kind": "social_card", "card_number": PERSON["card"], "name": PERSON["name"],
        "document": {"kind": "citizen_id", "number": PERSON["number"], "warnings": []},
        "valid_from": "2019-05-01", "valid_until": "2029-04-30"}


def raise_loopback():
    up_and_running = 0x41
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", up_and_running))


@contextlib.contextmanager
def pcscd(with_readers=True):
    config = WORK / "reader.conf"
    config.write_text('FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\n'
                      f"LIBPATH {DRIVER}\nCHANNELID 0x8C7B\n" if with_readers else "")
    os.makedirs("/run/pcscd", exist_ok=True)
    with open(WORK / "pcscd.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([PCSCD, "--foreground", "--config", config], stdout=log,
                                   stderr=log)
    try:
        wait_until(lambda: os.path.exists("/run/pcscd/pcscd.comm"))
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextlib.contextmanager
def desk():
    with pcscd(), Bridge(PROGRAM) as b:
        yield b


def has_cards(b):
    """By reader, as the page sees it."""
    adapter, = b.call("GET", "/v1/readers").json["adapters"]
    return [reader["card"] for reader in adapter["readers"]]


@contextlib.contextmanager
def inserted(b, card):
    """A card until the end of the block, and then until pcscd has seen that it is gone."""
    with card:
        yield card
    wait_until(lambda: not any(has_cards(b)))


def no_service():
    """pcscd does not run"""
    with Bridge(PROGRAM) as b:
        b.read().is_problem(503, "service_missing")
        assert b.call("GET", "/v1/readers").json["adapters"] == [
            {"name": "pcsc", "problem": "service_missing"}]


def no_reader():
    """no reader is connected"""
    with pcscd(with_readers=False), Bridge(PROGRAM) as b:
        b.read().is_problem(404, "no_reader")
        assert b.call("GET", "/v1/readers").json["adapters"] == [
            {"name": "pcsc", "problem": "no_reader"}]


def no_card():
    """no card comes in the time that the page gave"""
    with desk() as b:
        start = time.monotonic()
        b.read(timeout_s=2).is_problem(404, "no_card")
        assert 1.9 < time.monotonic() - start < 10


def listing():
    """the readers and whether a card is in them"""
    with desk() as b, SocialCard(slot=1):
        wait_until(lambda: has_cards(b) == [False, True])
        assert b.call("GET", "/v1/readers").json == {"fallback": "manual", "adapters": [
            {"name": "pcsc", "readers": [
                {"id": "pcsc/" + READERS[0], "name": READERS[0], "card": False},
                {"id": "pcsc/" + READERS[1], "name": READERS[1], "card": True}]}]}


def good_cards():
    """cards of all versions, long and rare names, old and foreign numbers"""
    long_name = "阿卜杜外力·麦麦提阿布拉·试用一二三四"
    split_name = "试" * 14 + "a" + "用" * 4  # a character lies across both records
    permanent = {"kind": "foreign_permanent", "number": "932682198501010017", "warnings": []}
    with desk() as b:
        for what, want in [
            ({}, {}),
            ({"version": "1.00"}, {}),
            ({"name": long_name}, {"name": long_name}),
            ({"name": split_name}, {"name": split_name}),
            ({"name": "李𬭎"}, {"name": "李𬭎"}),
            ({"name": ""}, {"name": None}),
            ({"card": "12345678"}, {"card_number": "12345678"}),
            ({"valid_until": "00000000"}, {"valid_until": None}),
            ({"valid_until": "ffffffff"}, {"valid_until": None}),
            ({"valid_until": "20290230"}, {"valid_until": None}),
            ({"number": "932682198501010017"}, {"document": permanent}),
            ({"number": "340524800101001"}, {}),
            ({"number": "340524198001010011"}, {"document": {
                "kind": "citizen_id", "number": "340524198001010011",
                "warnings": ["wrong_check"]}}),
            ({"number": ""}, {"document": None}),
        ]:
            want = {key: value for key, value in (CARD | want).items() if value is not None}
            with inserted(b, SocialCard(social_card(**what))):
                reply = b.read()
            assert reply.status == 200, (what, reply.text)
            assert reply.json == {"adapter": "pcsc", "card": want}, (what, reply.text)


def spelled_otherwise():
    """fields filled up with other bytes, and longer than they have to be"""
    files = social_card()
    files[0xef05][0x07] = padded(PERSON["card"], 12).replace(b"\0", b"\xff")
    files[0xef06][0x09] = padded(PERSON["name"], 30).replace(b"\0", b" ")
    files[0xef06][0x08] = PERSON["number"].lower().encode().ljust(20, b" ")
    with desk() as b, SocialCard(files):
        assert b.read().json == {"adapter": "pcsc", "card": CARD}


def by_steps():
    """a card that gives its data in steps, as T=0 has it"""
    with desk() as b, SocialCard(by_steps=True) as card:
        assert b.read().json == {"adapter": "pcsc", "card": CARD}
        assert b"\0\xc0\0\0\x13" in card.commands and b"\0\xb2\x07\0\x0b" in card.commands


def only_what_is_needed():
    """nothing but names and numbers is asked of a card, no PIN, no write"""
    with desk() as b, SocialCard() as card:
        assert b.read().status == 200
        assert [command.hex() for command in card.commands] == [
            "00a404000f7378312e73682ec9e7bbe1b1a3d5cf", "00a4020002ef05", "00b2070000",
            "00b2050000", "00b2060000", "00a4020002ef06", "00b2080000", "00b2090000",
            "00b24e0000"]


def withheld():
    """a card of version 3 keeps names and numbers behind the authority's key, and says so"""
    with desk() as b:
        for locked, keys in [
            ([(0xef06, 0x08), (0xef06, 0x09), (0xef06, 0x4e)], ["name", "document"]),
            ([(0xef06, None)], ["name", "document"]),
            ([(0xef05, 0x05), (0xef05, 0x06), (0xef06, None)],
             ["name", "document", "valid_from", "valid_until"]),
            ([(0xef05, None), (0xef06, None)],
             ["card_number", "name", "document", "valid_from", "valid_until"]),
        ]:
            with inserted(b, SocialCard(social_card(version="3.00"), locked=locked)):
                want = {key: value for key, value in CARD.items() if key not in keys}
                assert b.read().json == {"adapter": "pcsc", "card": want | {"withheld": True}}


def later():
    """a card that comes while the page waits"""
    with desk() as b:
        waiting = Aside(b.read, timeout_s=30)
        time.sleep(1)
        with SocialCard():
            assert waiting.wait().json["card"] == CARD


def chosen_reader():
    """the reader that the page names, and no other"""
    with desk() as b, inserted(b, SocialCard(slot=1)):
        assert b.read(reader="pcsc/" + READERS[1]).json["card"] == CARD
        assert b.read().json["card"] == CARD
        b.read(timeout_s=1, reader="pcsc/" + READERS[0]).is_problem(404, "no_card")
        b.read(reader="pcsc/Virtual PCD").is_problem(404, "no_reader")


def unknown_card():
    """cards that are no social security cards, or make no sense when they are switched on"""

    class Other(Card):
        def answer(self, command):
            return NO_FILE

    class Garbled(Card):
        atr = b"\0\0"

    with desk() as b:
        for kind in [Card, Other, Garbled]:
            with inserted(b, kind()):
                b.read(timeout_s=2).is_problem(422, "unknown_card")


class Removed(SocialCard):
    """It is taken out instead of giving its name."""

    def record(self, tag):
        if tag == 0x09:
            self.take_out()
        return super().record(tag)


def card_removed():
    """the card is taken away in the middle of the read"""
    with desk() as b:
        with inserted(b, Removed()):
            b.read().is_problem(409, "card_removed")
        time.sleep(1)  # pcscd looks every 400 ms; a card changed between is none to it
        with SocialCard():
            assert b.read().json["card"] == CARD


def unreadable():
    """records that are cut short, that are others than asked for, or whose text is none"""

    def altered(file, tag, change):
        class Altered(SocialCard):
            def answer(self, command):
                reply = super().answer(command)
                is_it = self.file == file and command[:3] == bytes([0, 0xb2, tag])
                return change(reply) if is_it else reply

        return Altered

    def valued(file, tag, value):
        files = social_card()
        files[file][tag] = value
        return lambda: SocialCard(files)

    without_number = social_card()
    del without_number[0xef05][0x07]
    with desk() as b:
        for number, kind in enumerate([
            altered(0xef06, 0x09, lambda r: r[:5] + r[-2:]),
            altered(0xef06, 0x08, lambda r: r[:1] + r[-2:]),
            altered(0xef05, 0x07, lambda r: r[-2:]),
            altered(0xef05, 0x07, lambda r: r[:1] + b"\xff" + r[2:]),
            altered(0xef05, 0x05, lambda r: b"\x06" + r[1:]),
            altered(0xef06, 0x08, lambda r: b"\x65\x81"),
            altered(0xef06, 0x08, lambda r: b"\x61\x10"),
            altered(0xef06, 0x08, lambda r: b"\x6c\x10"),
            altered(0xef06, 0x09, lambda r: r[:-1]),
            valued(0xef05, 0x07, b"\0" * 9),
            valued(0xef05, 0x07, b"A1\xb9\xfa34567"),
            valued(0xef06, 0x08, b"3405241980\x001001X"),
            valued(0xef06, 0x08, "无".encode("gb18030")),
            valued(0xef06, 0x09, b"\xff\xfe\x80"),
            valued(0xef06, 0x09, b"\xcd\xf5\x1b"),
            lambda: SocialCard(without_number),
            lambda: SocialCard({0xef06: social_card()[0xef06]}),
        ]):
            with inserted(b, kind()):
                reply = b.read()
            assert reply.status == 422 and reply.json["code"] == "card_unreadable", (
                number, reply.text)
        assert PERSON["name"] not in b.logged() and PERSON["number"] not in b.logged()


class Silent(SocialCard):
    """It never gives its name."""

    def __init__(self):
        self.asked, self.go_on = threading.Event(), threading.Event()
        super().__init__()

    def record(self, tag):
        if tag == 0x09:
            self.asked.set()
            self.go_on.wait(60)
        return super().record(tag)


def timeout():
    """a card that stops to answer does not hold up the bridge, and the reader works again"""
    with desk() as b:
        with inserted(b, Silent()) as card:
            start = time.monotonic()
            b.read(timeout_s=1).is_problem(504, "timeout")
            assert time.monotonic() - start < 10
            card.go_on.set()
        with SocialCard():
            assert b.read().json["card"] == CARD


def two_at_once():
    """the second read at the same time is told so, and the first goes on"""
    with desk() as b, Silent() as card:
        first = Aside(b.read, timeout_s=30)
        assert card.asked.wait(30)
        b.read().is_problem(503, "busy")
        card.go_on.set()
        assert first.wait().json["card"] == CARD


def in_use():
    """another program has the reader for itself"""
    with desk() as b, Silent() as card:
        first = Aside(b.read, timeout_s=30)
        assert card.asked.wait(30)
        with Bridge(PROGRAM) as other:
            other.read().is_problem(409, "reader_in_use")
        card.go_on.set()
        assert first.wait().status == 200


def stopping():
    """SIGTERM in the middle of a read"""
    with desk() as b, Silent() as card:
        reading = Aside(b.read, timeout_s=60)
        assert card.asked.wait(30)
        assert b.stop() == 0
        reading.wait().is_problem(503, "stopping")
        card.go_on.set()


def again_and_again():
    """card after card"""
    with desk() as b:
        for i in range(10):
            number = f"B{i:08}"
            with inserted(b, SocialCard(social_card(card=number))):
                assert b.read().json["card"]["card_number"] == number


raise_loopback()
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
harness.run([no_service, no_reader, no_card, listing, good_cards, spelled_otherwise, by_steps,
             only_what_is_needed, withheld, later, chosen_reader, unknown_card, card_removed,
             unreadable, timeout, two_at_once, in_use, stopping, again_and_again], WORK)
