"""Rows that are over and of no use to anybody: sessions, counts of tries, links, spent refresh tokens."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from homeroom import clock
from homeroom.school.apps.oauth import tokens
from homeroom.school.jobs.registry import Tools, call, job, sweep
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.observers import pairing_codes
from homeroom.school.schema import (
    AttemptCount,
    ConfirmationLink,
    KnownPlace,
    ObserverPairingCode,
    PasswordReset,
    SpentRefreshToken,
    WebSession,
)
from homeroom.school.sign_in import attempts, password_resets, places, sessions
from homeroom.services.jobs import JobCall


@job
def forget_what_is_over(tools: Tools) -> None:
    """Delete expired rows. Running it again changes nothing."""
    with tools.database.write() as db:
        sessions.sweep(db)
        password_resets.sweep(db)
        channels.sweep_links(db)
        pairing_codes.sweep(db)
        attempts.sweep(db)
        places.sweep(db)
        tokens.sweep(db)


@sweep
def what_is_over(db: Connection) -> Iterable[JobCall]:
    """The job, if there is anything for it to do."""
    questions = (
        select(WebSession.c.id).where(WebSession.c.expires_at <= clock.now()),
        select(PasswordReset.c.login_id).where(PasswordReset.c.expires_at <= clock.now()),
        select(ConfirmationLink.c.communication_channel_id).where(ConfirmationLink.c.expires_at <= clock.now()),
        select(ObserverPairingCode.c.id).where(ObserverPairingCode.c.expires_at <= clock.now()),
        select(SpentRefreshToken.c.access_token_id).where(SpentRefreshToken.c.expires_at <= clock.now()),
        select(AttemptCount.c.name).where(AttemptCount.c.ends_at <= clock.real_now()),
        select(KnownPlace.c.id).where(KnownPlace.c.last_used_at <= clock.real_now() - places.LIFETIME),
    )
    return [call(forget_what_is_over)] if any(db.execute(q.limit(1)).first() for q in questions) else []
