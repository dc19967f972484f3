"""The states of records, as their tables store them. Faces render them and the school compares them."""

from typing import Final


class UserState:
    PRE_REGISTERED: Final = "pre_registered"
    REGISTERED: Final = "registered"
    DELETED: Final = "deleted"


class LoginState:
    ACTIVE: Final = "active"
    SUSPENDED: Final = "suspended"
    DELETED: Final = "deleted"


class ChannelState:
    UNCONFIRMED: Final = "unconfirmed"
    ACTIVE: Final = "active"
    RETIRED: Final = "retired"


class CourseState:
    CREATED: Final = "created"
    CLAIMED: Final = "claimed"
    AVAILABLE: Final = "available"
    COMPLETED: Final = "completed"
    DELETED: Final = "deleted"


class EnrollmentState:
    CREATION_PENDING: Final = "creation_pending"
    INVITED: Final = "invited"
    ACTIVE: Final = "active"
    INACTIVE: Final = "inactive"
    COMPLETED: Final = "completed"
    REJECTED: Final = "rejected"
    DELETED: Final = "deleted"


class TokenState:
    ACTIVE: Final = "active"
    PENDING: Final = "pending"
    DELETED: Final = "deleted"
