"""The tables, a module per wing: the ground floor, open to every query.

Only the wing that a module is named after writes its tables (docs/decisions/0015).
"""

from homeroom.school.schema import search as search
from homeroom.school.schema.accounts import Account, FeatureFlag, Role, RoleOverride, TermsOfService
from homeroom.school.schema.apps import (
    AccessToken,
    DeveloperKey,
    DeveloperKeyBinding,
    MobileSessionExpiry,
    OAuthCode,
    SessionToken,
    SpentRefreshToken,
    UsedAssertion,
)
from homeroom.school.schema.base import METADATA
from homeroom.school.schema.courses import (
    Course,
    CourseNickname,
    CourseSection,
    Enrollment,
    EnrollmentTerm,
    EnrollmentTermDates,
    Favorite,
)
from homeroom.school.schema.ground import MovedClock, SystemFact
from homeroom.school.schema.jobs import JobLease
from homeroom.school.schema.mail import MailMessage
from homeroom.school.schema.people import (
    AccountAdmin,
    Bookmark,
    CommunicationChannel,
    ConfirmationLink,
    CustomColor,
    CustomDataDocument,
    CustomDataLeaf,
    DashboardPosition,
    DirectoryEntry,
    Login,
    NotificationPreference,
    ObserverLink,
    ObserverPairingCode,
    Preference,
    ProfileLink,
    User,
    UserAccountAssociation,
    UserService,
    WaitingNotice,
)
from homeroom.school.schema.security import SecurityEvent
from homeroom.school.schema.sign_in import (
    AttemptCount,
    AuthenticationProvider,
    KnownPlace,
    PasswordReset,
    PasswordResetRequest,
    RecoveryCode,
    SecondFactor,
    WebSession,
)

__all__ = [
    "METADATA",
    "AccessToken",
    "Account",
    "AccountAdmin",
    "AttemptCount",
    "AuthenticationProvider",
    "Bookmark",
    "CommunicationChannel",
    "ConfirmationLink",
    "Course",
    "CourseNickname",
    "CourseSection",
    "CustomColor",
    "CustomDataDocument",
    "CustomDataLeaf",
    "DashboardPosition",
    "DeveloperKey",
    "DeveloperKeyBinding",
    "DirectoryEntry",
    "Enrollment",
    "EnrollmentTerm",
    "EnrollmentTermDates",
    "Favorite",
    "FeatureFlag",
    "JobLease",
    "KnownPlace",
    "Login",
    "MailMessage",
    "MobileSessionExpiry",
    "MovedClock",
    "NotificationPreference",
    "OAuthCode",
    "ObserverLink",
    "ObserverPairingCode",
    "PasswordReset",
    "PasswordResetRequest",
    "Preference",
    "ProfileLink",
    "RecoveryCode",
    "Role",
    "RoleOverride",
    "SecondFactor",
    "SecurityEvent",
    "SessionToken",
    "SpentRefreshToken",
    "SystemFact",
    "TermsOfService",
    "UsedAssertion",
    "User",
    "UserAccountAssociation",
    "UserService",
    "WaitingNotice",
    "WebSession",
]
