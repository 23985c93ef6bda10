#!/usr/bin/python3
"""A gateway or a mail server for tests, on a free port of 127.0.0.1.

usage: server.py http|https|smtp|starttls FILE [CERTIFICATE-AND-KEY]

Prints its port, appends a line of JSON to FILE for whatever it receives, and ends when its standard
input does. A number that ends in three digits from 400 to 599 makes the gateway answer so, one that
ends in 299 makes it answer 200 without success, one that ends in 998 makes it talk without end.
A mail to reject@… is refused for good, one to later@… for now.
"""

import http.server
import json
import re
import socketserver
import ssl
import sys
import threading

mode, path = sys.argv[1:3]
lock = threading.Lock()


def note(**what):
    with lock, open(path, "a", encoding="utf-8") as out:
        out.write(json.dumps(what, ensure_ascii=False) + "\n")


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        note(method=self.command, path=self.path, body=body, **{
            "headers": {k.lower(): v for k, v in self.headers.items()}})
        digits = re.search(r"(\d{3})(?!\d)", body + self.path)
        code = int(digits.group(1)) if digits else 200
        if code == 998:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
            return
        answer = b'{"code":1}' if code == 299 else b'{"code":0}'
        self.send_response(code if 400 <= code <= 599 else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_GET = answer

    def log_message(self, *_):
        pass


class Threading(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def serve_http():
    server = Threading(("127.0.0.1", 0), Gateway)
    if mode == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def serve_smtp():
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult, LoginPassword

    class Mailbox:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("reject@"):
                return "550 no such mailbox"
            if address.startswith("later@"):
                return "451 not now"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            note(sender=envelope.mail_from, to=envelope.rcpt_tos, tls=session.ssl is not None,
                 user=getattr(session, "auth_data", None) and session.auth_data.login.decode(),
                 message=envelope.content.decode())
            return "250 OK"

    def check(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and data.password == b"pass word"
        return AuthResult(success=good, handled=good, auth_data=data)

    more = {}
    if mode == "starttls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        more = {"tls_context": context, "require_starttls": True, "authenticator": check,
                "auth_required": True}

    class AnyPort(Controller):
        def _trigger_server(self):  # it calls the port it was given, which is 0
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    controller = AnyPort(Mailbox(), hostname="127.0.0.1", port=0, **more)
    controller.start()
    return controller.port


print(serve_http() if mode.startswith("http") else serve_smtp(), flush=True)
sys.stdin.read()
