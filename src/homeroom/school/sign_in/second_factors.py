"""Second factors: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

The app's secret is sealed, a recovery code is a digest; each code works once. Real time counts: apps know no other.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Literal, NamedTuple

import pyotp
from sqlalchemy import Connection, delete, exists, func, insert, literal, select, update

from homeroom import clock
from homeroom.db import digest_of, insert_or_update
from homeroom.school.ground.events import listen
from homeroom.school.ground.vault import Vault
from homeroom.school.people.events import UserDeleted
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.schema import AccountAdmin, RecoveryCode, SecondFactor
from homeroom.school.security.events import record
from homeroom.school.sign_in import attempts, places, sessions
from homeroom.school.sign_in.places import Place

Demand = Literal["nothing", "code", "enrolment"]
RECOVERY_CODES = 10
# In attempts.WINDOW. Who may try has given the right password; of a million codes three are right.
TRIES = 5
_STEP = 30
# Clocks of phones are a little off: the code before and the code after are right too.
_STEPS_OFF = (0, -1, 1)


class State(NamedTuple):
    """What a person, or an admin who helps them, may know about the second factor. ``since`` is None without one."""

    since: datetime | None
    recovery_codes_left: int


def demand_of(db: Connection, settings: AccountSettings, user_id: int) -> Demand:
    """What a person must still do after the right password. One statement."""
    is_admin = exists().where(AccountAdmin.c.user_id == user_id, AccountAdmin.c.state == "active")
    must = is_admin if settings.require_second_factor_of_admins else literal(value=False)
    has = exists().where(SecondFactor.c.user_id == user_id)
    row = db.execute(select(has.label("has"), must.label("must"))).one()
    return "code" if row.has else "enrolment" if row.must else "nothing"


def state_of(db: Connection, user_id: int) -> State:
    since = select(SecondFactor.c.created_at).where(SecondFactor.c.user_id == user_id)
    left = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.c.user_id == user_id)
    row = db.execute(select(since.scalar_subquery().label("since"), left.scalar_subquery().label("codes"))).one()
    return State(row.since, row.codes)


def new_secret() -> str:
    """What an app is to share with us: 160 bits in base32."""
    return pyotp.random_base32()


def address_of(secret: str, login: str, school: str) -> str:
    """The secret as an address that apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=school.replace(":", " "))


def admit(db: Connection, user_id: int, login_id: int | None, place: Place) -> bool:
    """Count a try before it is checked; False after too many.

    A browser that signed in before has tries of its own, so that whoever stole the password cannot lock it out.
    """
    return attempts.count(db, _name_of(db, user_id, login_id, place), TRIES)


def was_right(db: Connection, user_id: int, login_id: int | None, place: Place) -> None:
    """The try was no guess."""
    attempts.forget(db, _name_of(db, user_id, login_id, place))


def _name_of(db: Connection, user_id: int, login_id: int | None, place: Place) -> str:
    if place.browser is not None and places.known(db, login_id, place).browser:
        return attempts.about(f"second factor of {user_id} in", place.browser)
    return f"second factor of {user_id}"


def enrol(db: Connection, vault: Vault, user_id: int, secret: str, typed: str) -> list[str] | None:
    """Store this secret, if ``code`` is its current code, in place of an older one. Returns the new recovery codes.

    None when the code is wrong.
    """
    step = _step_of(secret, typed)
    if step is None:
        return None
    row = {
        "user_id": user_id,
        "sealed_secret": vault.seal(secret),
        "last_step": step,
        "created_at": clock.now(),
    }
    insert_or_update(db, SecondFactor, [row], key=("user_id",), update=("sealed_secret", "last_step", "created_at"))
    return new_recovery_codes(db, user_id)


def new_recovery_codes(db: Connection, user_id: int) -> list[str]:
    """Ten new codes, to be shown once; the old ones are void."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.c.user_id == user_id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    db.execute(insert(RecoveryCode), [{"user_id": user_id, "digest": digest_of(code)} for code in codes])
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes]


def take_code(db: Connection, vault: Vault, user_id: int, typed: str) -> bool:
    """Whether this is a code of the person's app, or one of their recovery codes; then it is used up."""
    code = "".join(typed.split()).replace("-", "").lower()
    return _take_recovery_code(db, user_id, code) or _take_app_code(db, vault, user_id, code)


def _take_recovery_code(db: Connection, user_id: int, code: str) -> bool:
    used = delete(RecoveryCode).where(RecoveryCode.c.user_id == user_id, RecoveryCode.c.digest == digest_of(code))
    return bool(db.execute(used).rowcount)


def _take_app_code(db: Connection, vault: Vault, user_id: int, code: str) -> bool:
    sealed = db.execute(select(SecondFactor.c.sealed_secret).where(SecondFactor.c.user_id == user_id)).scalar()
    step = _step_of(vault.open(sealed), code) if sealed is not None else None
    if step is None:
        return False
    # Of two who come with one code at the same time, one finds the row as it was.
    fresh = update(SecondFactor).where(SecondFactor.c.user_id == user_id, SecondFactor.c.last_step < step)
    return bool(db.execute(fresh.values(last_step=step)).rowcount)


def _step_of(secret: str, typed: str) -> int | None:
    """The half minute that this code belongs to, if it is valid now."""
    code = "".join(typed.split())
    now = int(clock.real_now().timestamp()) // _STEP
    totp = pyotp.TOTP(secret, interval=_STEP)
    right = [now + off for off in _STEPS_OFF if _same(totp.generate_otp(now + off), code)]
    return right[0] if right else None


def _same(right: str, typed: str) -> bool:
    return hmac.compare_digest(right.encode(), typed.encode("utf-8", "surrogatepass"))


def turned_on(db: Connection, user_id: int, session_id: int | None) -> None:
    """End all sessions but this one (if any), because a second factor was set up."""
    record(db, "second_factor_on", user_id=user_id)
    sessions.end_all_of(db, user_id, but=session_id)
    if session_id is not None:
        sessions.vouch_for(db, session_id)


def turn_off(db: Connection, user_id: int) -> None:
    """The person needs no second factor any more."""
    if db.execute(delete(SecondFactor).where(SecondFactor.c.user_id == user_id)).rowcount:
        record(db, "second_factor_off", user_id=user_id)
    db.execute(delete(RecoveryCode).where(RecoveryCode.c.user_id == user_id))


def reset(db: Connection, user_id: int) -> None:
    """Remove a second factor for a person who lost it, and sign them out everywhere."""
    turn_off(db, user_id)
    attempts.forget(db, f"second factor of {user_id}")
    sessions.end_all_of(db, user_id)


@listen(UserDeleted)
def _forget_with_the_person(db: Connection, event: UserDeleted) -> None:
    turn_off(db, event.user_id)
