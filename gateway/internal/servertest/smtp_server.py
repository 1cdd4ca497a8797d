"""An SMTP server for tests: aiosmtpd, which keeps the mails that it takes as
files and misbehaves as the file behaviour.json in its folder says, read anew
for each command:

    {"mail": "451 later", "rcpt": {"bob@example.com": "550 nobody"},
     "data": "451 later" | "hang" | "drop" | "drop after storing"}
"""

import argparse
import asyncio
import json
import os
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.taken = len(os.listdir(os.path.join(folder, "mail")))

    def behaviour(self):
        try:
            with open(os.path.join(self.folder, "behaviour.json")) as f:
                return json.load(f)
        except FileNotFoundError:
            return {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        if fault := self.behaviour().get("mail"):
            return fault
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if fault := self.behaviour().get("rcpt", {}).get(address):
            return fault
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        fault = self.behaviour().get("data", "")
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "drop":
            server.transport.abort()
            return "451 gone"
        if fault and fault != "drop after storing":
            return fault
        self.taken += 1
        name = os.path.join(self.folder, "mail", "%06d.json" % self.taken)
        with open(name + ".tmp", "w") as f:
            json.dump({
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "body": envelope.content.decode("utf-8", "surrogateescape"),
                "tls": server.transport.get_extra_info("ssl_object") is not None,
                "authenticated": bool(session.authenticated),
            }, f)
        os.rename(name + ".tmp", name)
        if fault:
            server.transport.abort()
            return "451 gone"
        return "250 taken as %d" % self.taken


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--folder", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--certificate")
    p.add_argument("--key")
    p.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    p.add_argument("--login", help="name:password that it asks for")
    p.add_argument("--clear-login", action="store_true", help="asks for it over any connection")
    p.add_argument("--size", type=int, default=64 << 20)
    a = p.parse_args()
    options = {"hostname": "127.0.0.1", "port": a.port, "data_size_limit": a.size}
    if a.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(a.certificate, a.key)
        if a.tls == "tls":
            options["ssl_context"] = context
        else:
            options |= {"tls_context": context, "require_starttls": True}
    if a.login:
        name, password = a.login.encode().split(b":")

        def authenticate(server, session, envelope, mechanism, data):
            good = data.login == name and data.password == password
            return AuthResult(success=good, handled=good)

        options |= {
            "authenticator": authenticate,
            "auth_required": True,
            "auth_require_tls": a.tls == "starttls" and not a.clear_login,
        }
    Controller(Handler(a.folder), **options).start()
    threading.Event().wait()


main()
