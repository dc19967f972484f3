"""The modules that something calls without naming them: they listen to events, have jobs, or register kinds of assets.

A process that changes a school imports this module first: the application, and every command that opens a school.
"""

from __future__ import annotations

from types import ModuleType

from homeroom.school.accounts import assets as accounts
from homeroom.school.apps import housekeeping, lost_access, mobile_sessions
from homeroom.school.apps.access_tokens import endings
from homeroom.school.courses import assets as courses
from homeroom.school.courses.enrollments import observers, removal
from homeroom.school.mail import delivery
from homeroom.school.people import account_notices, admins, directory
from homeroom.school.people import assets as people
from homeroom.school.people.communication_channels import actions, channels
from homeroom.school.people.notifications import summaries
from homeroom.school.people.users import signing_out
from homeroom.school.security import events as security_events
from homeroom.school.sign_in import password_resets, places, second_factors, sessions

# A test compares this with the code.
LISTENERS: tuple[ModuleType, ...] = (
    security_events,
    delivery,
    accounts,
    account_notices,
    actions,
    admins,
    channels,
    directory,
    people,
    signing_out,
    summaries,
    housekeeping,
    password_resets,
    places,
    second_factors,
    sessions,
    endings,
    lost_access,
    mobile_sessions,
    courses,
    observers,
    removal,
)
