"""Virtual cards for the virtual reader of vsmartcard-vpcd.

A card speaks vpcd's protocol: it connects to the reader's port and then answers messages, each
behind its length in two bytes. One byte is the reader's control of the card, more are a command.
"""

import socket
import struct
import threading

PORT = 0x8c7b
POWER_OFF, POWER_ON, RESET, ATR = 0, 1, 2, 4

SSSE = b"sx1.sh.\xc9\xe7\xbb\xe1\xb1\xa3\xd5\xcf"  # "sx1.sh.社会保障"

DONE, NO_FILE, NO_RECORD = b"\x90\x00", b"\x6a\x82", b"\x6a\x83"
NOT_SATISFIED, NOT_KNOWN = b"\x69\x82", b"\x6d\x00"


class Card(threading.Thread):
    """A card in the reader until it is taken out. This one knows no command."""

    atr = bytes.fromhex("3b6d000080318065b0831148c883009000")

    def __init__(self, slot=0):
        super().__init__(daemon=True)
        self.commands = []
        self.out = threading.Event()
        self.socket = socket.create_connection(("127.0.0.1", PORT + slot))
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.take_out()
        self.join()

    def take_out(self):
        if not self.out.is_set():
            self.out.set()
            self.socket.shutdown(socket.SHUT_RDWR)

    def receive(self, size):
        data = b""
        while len(data) < size:
            # vpcd sends a length and a message; the latter waits until the former is acknowledged.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the reader is gone")
            data += more
        return data

    def run(self):
        try:
            while True:
                message = self.receive(struct.unpack(">H", self.receive(2))[0])
                if len(message) > 1:
                    self.commands.append(message)
                    reply = self.answer(message)
                elif message[0] == ATR:
                    reply = self.atr
                else:
                    self.restart()
                    continue
                self.socket.sendall(struct.pack(">H", len(reply)) + reply)
        except OSError:
            pass
        finally:
            self.socket.close()

    def restart(self):
        pass

    def answer(self, command):
        return NOT_KNOWN


def padded(text, size, encoding="gb18030"):
    return text.encode(encoding).ljust(size, b"\0")


def social_card(name="王试用", number="34052419800101001X", card="A12345678", version="2.00",
                valid_from="20190501", valid_until="20290430"):
    """The files of a social security card: by file the records, by tag the value."""
    whole = name.encode("gb18030")
    files = {
        0xef05: {0x01: bytes.fromhex("330300d15600000599110145ffffffff"), 0x02: b"3",
                 0x03: version.encode(), 0x04: bytes.fromhex("00" * 12),
                 0x05: bytes.fromhex(valid_from), 0x06: bytes.fromhex(valid_until),
                 0x07: padded(card, 9)},
        0xef06: {0x08: padded(number, 18), 0x09: whole[:30].ljust(30, b"\0"),
                 0x4e: whole[30:].ljust(20, b"\0"), 0x0a: b"1", 0x0b: b"\1",
                 0x0c: bytes.fromhex("340524"), 0x0d: bytes.fromhex("19800101")},
    }
    if version.startswith("1"):
        del files[0xef06][0x4e]
    return files


class SocialCard(Card):
    """A social security card as docs/bridge.md describes it.

    locked: the (file, tag) pairs that want a key first. by_steps: as many T=0 cards do, it gives
    data only when asked again with the right length. Subclasses misbehave.
    """

    def __init__(self, files=None, slot=0, locked=(), by_steps=False):
        self.files, self.locked, self.by_steps = files or social_card(), locked, by_steps
        self.restart()
        super().__init__(slot)

    def restart(self):
        self.is_selected, self.file, self.waiting = False, None, b""

    def record(self, tag):
        value = self.files[self.file][tag]
        return bytes([tag, len(value)]) + value

    def answer(self, command):
        head, data = command[:4], command[5:5 + command[4]] if len(command) > 5 else b""
        if head == b"\0\xa4\4\0":
            self.is_selected, self.file = data == SSSE, None
            if not self.is_selected:
                return NO_FILE
            self.waiting = b"\x6f\x11\x84\x0f" + SSSE
            return bytes([0x61, len(self.waiting)]) if self.by_steps else DONE
        if head == b"\0\xa4\2\0" and self.is_selected:
            file = int.from_bytes(data, "big")
            if (file, None) in self.locked:
                return NOT_SATISFIED
            self.file = file if file in self.files else None
            return DONE if self.file else NO_FILE
        if head == b"\0\xc0\0\0" and self.waiting:
            given, self.waiting = self.waiting[:command[4]], b""
            return given + DONE
        if command[:2] == b"\0\xb2" and command[3] == 0 and self.file:
            tag = command[2]
            if (self.file, tag) in self.locked:
                return NOT_SATISFIED
            if tag not in self.files[self.file]:
                return NO_RECORD
            record = self.record(tag)
            if self.by_steps and command[4] != len(record):
                return bytes([0x6c, len(record)])
            return record + DONE
        return NOT_KNOWN
