"""Mails about enrollments (``enrollment[notify]``)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from homeroom import clock
from homeroom.school.accounts.roles.queries import BUILT_IN_LABELS
from homeroom.school.courses.enrollments.queries import EnrollmentRecord
from homeroom.school.mail.queue import mail_to, send_later
from homeroom.school.people.communication_channels.channels import (
    CONFIRMATION_LIFETIME,
    Channel,
    confirmation_path,
    invited_channel,
)
from homeroom.school.people.notifications.sending import Notification, notify, title_of
from homeroom.school.schema import (
    Course,
    User,
)
from homeroom.school.sign_in import link_mails
from homeroom.school.states import EnrollmentState, UserState

_TOLD = {
    EnrollmentState.ACTIVE: ("enrollment_notification", "are enrolled in"),
    EnrollmentState.INVITED: ("enrollment_invitation", "are invited to"),
}


def tell_of_enrollment(db: Connection, enrollment: EnrollmentRecord, school: str, base_url: str) -> None:
    """Send the person a mail about the enrollment or invitation; other states get no mail. A person who has not
    finished the registration gets the link for that.
    """
    if enrollment.state not in _TOLD:
        return
    name, words = _TOLD[enrollment.state]
    course = db.execute(select(Course.c.name).where(Course.c.id == enrollment.course_id)).scalar_one()
    # A name may hold a line break, and a subject must not.
    course = " ".join(course.split())
    role = BUILT_IN_LABELS.get(enrollment.role, enrollment.role)
    subject = f"You {words} {course}"
    text = f"You {words} {course} at {school}. Your role there is: {role}.\n"
    channel = _unregistered(db, enrollment.user_id)
    if channel is not None and channel.nonce is not None:
        link = base_url + confirmation_path(channel.nonce)
        text += f"\nTo finish your registration first, open this address:\n\n{link}\n"
        # The link is a secret of this address: it goes there, and nowhere else whatever was chosen.
        mail = mail_to(
            channel,
            title_of("enrollment_registration"),
            subject,
            text,
            expires_at=clock.now() + CONFIRMATION_LIFETIME,
        )
        if link_mails.admit(db, channel.address):
            send_later(db, mail)
    else:
        text += f"\n{base_url}/courses/{enrollment.course_id}\n"
        notify(db, [enrollment.user_id], Notification(name, subject, text))


def _unregistered(db: Connection, user_id: int) -> Channel | None:
    """The address for the link of a person who has not finished the registration; None for everybody else."""
    state = db.execute(select(User.c.state).where(User.c.id == user_id)).scalar_one()
    return invited_channel(db, user_id) if state == UserState.PRE_REGISTERED else None
