"""Mails to a new person. Text from the sender of a form never goes into a mail to somebody else."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom import clock
from homeroom.school.mail.queue import Mail, mail_to, send_later
from homeroom.school.people.communication_channels.channels import CONFIRMATION_LIFETIME, Channel, confirmation_path
from homeroom.school.people.users.sign_up import Notice


def send_notice(db: Connection, notice: Notice, channel: Channel, school: str, base_url: str) -> None:
    """Send the mail to the person's new e-mail channel; links begin with ``base_url``."""
    if channel.type != "email":
        return
    if channel.nonce is None:
        mail = _account_mail(channel, school, base_url)
    elif notice == "registration":
        mail = _registration_mail(channel, school, base_url + confirmation_path(channel.nonce))
    else:
        mail = _confirmation_mail(channel, school, base_url + confirmation_path(channel.nonce))
    send_later(db, mail)


def _registration_mail(channel: Channel, school: str, url: str) -> Mail:
    text = f"You have been registered at {school}. To finish your registration, open this address:\n\n{url}\n"
    subject = f"Finish your registration at {school}"
    return mail_to(channel, "Confirm Registration", subject, text, expires_at=clock.now() + CONFIRMATION_LIFETIME)


def _confirmation_mail(channel: Channel, school: str, url: str) -> Mail:
    text = f"You have an account at {school}. To confirm that this is your address, open:\n\n{url}\n"
    subject, expires_at = f"Confirm your e-mail address at {school}", clock.now() + CONFIRMATION_LIFETIME
    return mail_to(channel, "Confirm Email Communication Channel", subject, text, expires_at=expires_at)


def _account_mail(channel: Channel, school: str, base_url: str) -> Mail:
    text = f"You have an account at {school}. You can sign in at:\n\n{base_url}/login\n"
    return mail_to(channel, "Account User Registration", f"Your account at {school}", text)
