"""Sending one message over SMTP, and telling what can be tried again from what cannot."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from homeroom.mail_server import MailServer

# For each step of the conversation.
TIMEOUT = 20.0


class NotNow(Exception):
    """The message could not be sent now; try again later. The text is the server's answer."""


class Never(Exception):
    """The server refuses this message or recipient permanently."""


def send(server: MailServer, message: EmailMessage) -> None:
    """Give the message to the server, which takes over its delivery. Raises NotNow and Never."""
    try:
        with _conversation(server) as connection:
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
        with _conversation(server) as connection:
            connection.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(_sentence(error)) from None


@contextmanager
def _conversation(server: MailServer) -> Iterator[smtplib.SMTP]:
    connection = _connected(server)
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


def _connected(server: MailServer) -> smtplib.SMTP:
    # A name of ours is not looked up: that takes long where the network is not well kept.
    own_name = (server.sender or "").rpartition("@")[2] or "localhost"
    if server.tls == "always":
        return smtplib.SMTP_SSL(
            server.host, server.port, own_name, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    connection = smtplib.SMTP(server.host, server.port, own_name, timeout=TIMEOUT)
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
