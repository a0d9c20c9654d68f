"""A mail server on this machine that does as a story says, and remembers what it took over."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Answers each command with 250 unless `answers` names another line; `hold` lets it fall silent at a command.

    Commands are EHLO, MAIL, RCPT, DATA and END, the dot after the text. "" hangs up.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answers: dict[str, str] = {}
        self.hold = ""
        self.held, self.let_go = threading.Event(), threading.Event()
        self.taken: list[Message] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        self._say("220 here")
        while line := self.rfile.readline():
            command = line[:4].decode().strip().upper()
            if command == "QUIT":
                self._say("221 bye")
                return
            if not self._answer(command, "354 go on" if command == "DATA" else "250 ok"):
                return
            if command == "DATA" and "DATA" not in self.server.answers and not self._take():
                return

    def _take(self) -> bool:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        if "END" not in self.server.answers or not self.server.answers["END"]:
            self.server.taken.append(message_from_bytes(b"".join(lines), policy=default))
        return self._answer("END", "250 taken")

    def _answer(self, command: str, usual: str) -> bool:
        if self.server.hold == command:
            self.server.held.set()
            self.server.let_go.wait(20)
        answer = self.server.answers.get(command, usual)
        if answer:
            self._say(answer)
        return bool(answer)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server(settings: Any) -> Iterator[MailServer]:
    """Run one, and have Django send through it."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
        settings.EMAIL_TIMEOUT = None
        yield server
        server.let_go.set()
        server.shutdown()
