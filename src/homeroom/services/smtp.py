"""Sending one message over SMTP, and telling what can be tried again from what cannot."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Any

from homeroom.smtp_url import MailServer

# Seconds to connect, and for each step of a conversation in which nothing is sent.
TIMEOUT = 20.0
# Seconds for each step when a message is sent, and after its final dot, as RFC 5321 §4.5.3.2 wants. Who goes earlier
# from a server that has the message, and is only slow to say so, sends it again.
STEP_TIMEOUT = 300.0
FINAL_TIMEOUT = 600.0


class NotNow(Exception):
    """The message could not be sent now; try again later. The text is the server's answer."""


class Never(Exception):
    """The server refuses this message or recipient permanently."""


def send(server: MailServer, message: EmailMessage) -> None:
    """Give the message to the server, which takes over its delivery. Raises NotNow and Never."""
    try:
        with _conversation(server, STEP_TIMEOUT) as connection:
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        (code, text), *_ = error.recipients.values()
        raise _refused(code, text) from None
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, error.smtp_error) from None
    except (smtplib.SMTPException, OSError) as error:
        # Of a login or a sender that is refused the administrator will hear, and put it right.
        raise NotNow(_sentence(error)) from None


def greet(server: MailServer) -> None:
    """Check that the server accepts mail from us: connect and sign in. Raises NotNow."""
    try:
        with _conversation(server, TIMEOUT) as connection:
            connection.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(_sentence(error)) from None


class _Patient:
    """What smtplib's two kinds of connection lack: other limits for connecting, for a step, and for the message."""

    def __init__(self, server: MailServer, step: float, **options: Any) -> None:
        self._step = step
        # A name of ours is not looked up: that takes long where the network is not well kept.
        own_name = (server.sender or "").rpartition("@")[2] or "localhost"
        super().__init__(server.host, server.port, own_name, timeout=TIMEOUT, **options)  # type: ignore[call-arg]

    def _get_socket(self, *address: Any) -> socket.socket:
        connected: socket.socket = super()._get_socket(*address)  # type: ignore[misc]
        connected.settimeout(self._step)
        return connected

    def data(self, message: Any) -> tuple[int, bytes]:
        with self._patience(FINAL_TIMEOUT):
            return super().data(message)  # type: ignore[misc,no-any-return]

    def quit(self) -> tuple[int, bytes]:
        # The message is taken or refused by now: nothing is lost by leaving.
        with self._patience(TIMEOUT):
            return super().quit()  # type: ignore[misc,no-any-return]

    @contextmanager
    def _patience(self, seconds: float) -> Iterator[None]:
        sock: socket.socket | None = self.sock  # type: ignore[attr-defined]
        if sock is not None:
            sock.settimeout(seconds)
        yield
        if sock is not None and self.sock is sock:  # type: ignore[attr-defined]
            sock.settimeout(self._step)


class _Plain(_Patient, smtplib.SMTP):
    """In the clear, at least at first."""


class _Encrypted(_Patient, smtplib.SMTP_SSL):
    """TLS from the first byte."""


@contextmanager
def _conversation(server: MailServer, step: float) -> Iterator[smtplib.SMTP]:
    connection = _connected(server, step)
    try:
        if server.user is not None:
            connection.login(server.user, server.password or "")
        yield connection
    finally:
        _hang_up(connection)


def _hang_up(connection: smtplib.SMTP) -> None:
    # The message was taken or not before this: a rude goodbye must not have it sent twice.
    with suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()


def _connected(server: MailServer, step: float) -> smtplib.SMTP:
    if server.tls == "always":
        return _Encrypted(server, step, context=ssl.create_default_context())
    connection = _Plain(server, step)
    if server.tls == "starttls":
        try:
            # It raises where the server does not offer it: nothing is sent in the clear because somebody between us
            # took the offer away.
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection


def _refused(code: int, text: bytes | str) -> NotNow | Never:
    said = f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return Never(said) if 500 <= code < 600 else NotNow(said)


def _sentence(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_refused(error.smtp_code, error.smtp_error))
    return f"{type(error).__name__}: {error}"
