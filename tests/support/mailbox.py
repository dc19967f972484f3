"""A real mail server in this process, which takes mail, refuses it, or says nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "homeroom", "let me in: @/?"


@dataclass
class Mailbox:
    """``says``: what the server answers to a command (``RCPT``, ``DATA``, ``MAIL``, ``QUIT``) instead of taking it."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0

    def url(self, options: str = "", login: str = "", scheme: str = "smtp") -> str:
        return f"{scheme}://{login}localhost:{self.port}{options}"

    # aiosmtpd calls these.
    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if "MAIL" in self.says:
            return self.says["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if "RCPT" in self.says:
            return self.says["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.delay:
            await asyncio.sleep(self.delay)
        if "DATA" in self.says:
            return self.says["DATA"]
        self.raw.append(envelope.content)
        self.senders.append(envelope.mail_from)
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:
        return self.says.get("QUIT", "221 Bye")


@contextmanager
def mail_server(certificate: tuple[Path, Path] | None = None, **options: Any) -> Iterator[Mailbox]:
    """A mail server on a free port. With a certificate and key it offers STARTTLS, or speaks TLS (``smtps=True``)."""
    mailbox = Mailbox(_free_port())
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    smtps = options.pop("smtps", False)
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=mailbox.port, ssl_context=context if smtps else None,
        tls_context=None if smtps else context, authenticator=_authenticate, **options,
    )  # fmt: skip
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)
