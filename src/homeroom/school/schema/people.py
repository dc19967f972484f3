"""People: users, logins, channels, roles, preferences, and the directory that lists and searches are read from."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text

from homeroom.db.types import Id, Key, State, Time
from homeroom.school.schema.base import id_column, optional, required, table, unique_while_live

# A person.
User = table(
    "users",
    id_column(),
    required("uuid", String(40), unique=True),
    required("name", Text()),
    required("sortable_name", Text()),
    required("short_name", Text()),
    required("state", State(32)),  # UserState
    optional("time_zone", Text()),
    optional("locale", Text()),
    optional("pronouns", Text()),
    optional("avatar_source", String(16)),  # gravatar, attachment, external, no_pic
    optional("avatar_url", Text()),
    required("avatar_state", String(16), default="none"),
    optional("avatar_file_id", Id),
    optional("avatar_updated_at", Time()),
    optional("title", Text()),
    optional("bio", Text()),
    optional("pronunciation", Text()),
    optional("terms_accepted_at", Time()),
    optional("initial_enrollment_type", String(32)),
    # The secret part of the calendar feed's address.
    required("calendar_code", String(40)),
    optional("lti_id", Text(), index=True),
    optional("lti_context_id", Text(), index=True),
    optional("merged_into_user_id", Id, index=True),
    optional("last_logged_out_at", Time()),
    # Names of the fields edited by hand, which a SIS import leaves alone; space separated.
    required("stuck_sis_fields", Text(), default=""),
    required("created_at", Time()),
    required("updated_at", Time()),
    optional("deleted_at", Time()),
    Index("uq_users_calendar_code", "calendar_code", unique=True),
)


# A way to sign in. A deleted login keeps its SIS id: an import may revive it.
Login = table(
    "logins",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("unique_id", Text()),
    required("unique_id_key", Key),  # case folded: logins are one whatever their case
    optional("authentication_provider_id", Id),
    required("provider_key", Id, default=0),  # the provider's id, 0 without: nulls are never equal
    optional("password_hash", Text()),
    optional("sis_user_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    optional("declared_user_type", String(32)),
    required("state", State(32)),  # LoginState
    required("position", Id, default=1),
    required("login_count", Id, default=0),
    optional("current_login_at", Time()),
    optional("last_login_at", Time()),
    required("stuck_sis_fields", Text(), default=""),
    required("created_at", Time()),
    required("updated_at", Time()),
    optional("deleted_at", Time()),
    unique_while_live("uq_logins_unique_id", "account_id", "unique_id_key", "provider_key"),
    unique_while_live("uq_logins_sis_user_id", "account_id", "sis_user_id"),
    unique_while_live("uq_logins_integration_id", "account_id", "integration_id"),
    Index("ix_logins_deleted_sis_user_id", "account_id", "sis_user_id"),
    Index("ix_logins_user_id", "user_id", "position", "id"),
)


# An address of a person: e-mail, sms or push.
CommunicationChannel = table(
    "communication_channels",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("type", String(16)),  # email, sms, push
    required("address", Text()),
    required("address_key", Key),
    optional("push_token", Text()),
    required("state", State(32)),  # ChannelState
    required("position", Id, default=1),
    # The person had it from the start or confirmed it, signed in: only then may it get a link that lets somebody in.
    required("trusted", Boolean(), default=False, server_default=false()),
    required("made_by_sis", Boolean(), default=False),
    optional("last_bounce_at", Time()),
    optional("last_bounce_summary", Text()),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_communication_channels_address", "user_id", "type", "address_key", live="state <> 'retired'"),
    Index("ix_communication_channels_user_id", "user_id", "position", "id"),
    Index("ix_communication_channels_address_key", "address_key"),
)


# A link ``/register/:nonce`` that confirms a channel; the nonce is in a mail, and here is its SHA-256.
ConfirmationLink = table(
    "confirmation_links",
    required("digest", LargeBinary(), primary_key=True),
    required("communication_channel_id", Id, ForeignKey("communication_channels.id")),
    required("created_at", Time()),
    required("expires_at", Time()),
    Index("ix_confirmation_links_communication_channel_id", "communication_channel_id", "created_at"),
    Index("ix_confirmation_links_expires_at", "expires_at"),
)


# How often somebody wants one kind of notification at one channel, where they chose.
NotificationPreference = table(
    "notification_preferences",
    required(
        "communication_channel_id", Id, ForeignKey("communication_channels.id"), primary_key=True, autoincrement=False
    ),
    required("notification", String(64), primary_key=True),
    required("frequency", String(16)),  # immediately, daily, weekly, never
    required("updated_at", Time()),
)


# One preference of a person as JSON text: the boolean settings, the editor, the files UI version.
Preference = table(
    "preferences",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("name", String(64), primary_key=True),
    required("value", Text()),
)


CustomColor = table(
    "custom_colors",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("asset_string", Key, primary_key=True),
    required("hexcode", String(7)),
)


# A dashboard card's position, as JSON text in the form it was sent (users-core.md §9).
DashboardPosition = table(
    "dashboard_positions",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("asset_string", Key, primary_key=True),
    required("position", Text()),
)


# One JSON document of a person in one namespace; ``size`` is its characters, paths and values together.
CustomDataDocument = table(
    "custom_data_documents",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("namespace", Key, primary_key=True),
    required("size", Id),
    required("created_at", Time()),
)


# A scalar, an array or an empty object of a document, as raw JSON text. The id keeps the order of writing.
CustomDataLeaf = table(
    "custom_data_leaves",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("namespace", Key),
    required("path", Key),
    required("value", Text()),
    Index("uq_custom_data_leaves_path", "user_id", "namespace", "path", unique=True),
)


# A link on a person's profile.
ProfileLink = table(
    "profile_links",
    id_column(),
    required("user_id", Id, ForeignKey("users.id"), index=True),
    required("url", Text()),
    required("title", Text()),
    required("position", Id),
)


# A service elsewhere that a person has connected.
UserService = table(
    "user_services",
    id_column(),
    required("user_id", Id, ForeignKey("users.id"), index=True),
    required("service", Text()),
    required("service_user_link", Text()),
    required("visible", Boolean()),
)


# A page that a person wants to find again. Positions count from 1 without a gap.
Bookmark = table(
    "bookmarks",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("name", Text()),
    required("url", Text()),
    required("position", Id),
    optional("data", Text()),  # JSON text, as it was given
    required("created_at", Time()),
    required("updated_at", Time()),
    Index("ix_bookmarks_user_id", "user_id", "position", "id"),
)


# A student's code that lets somebody observe them; shown once and kept as a digest.
ObserverPairingCode = table(
    "observer_pairing_codes",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("digest", LargeBinary()),
    required("state", State(32)),  # active, used
    required("expires_at", Time()),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_observer_pairing_codes_digest", "digest", live="state = 'active'"),
    Index("ix_observer_pairing_codes_user_id", "user_id", "expires_at"),
)


# A person belongs to an account: by a login, a role or an enrollment there or below; every ancestor counts.
#
# The name's sort key stands here too, so that the list of a small account and of a large one is one index range.
UserAccountAssociation = table(
    "user_account_associations",
    required("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("sort_key", Key),
    Index("ix_user_account_associations_sorted", "account_id", "sort_key", "user_id"),
    Index("ix_user_account_associations_user_id", "user_id"),
)


# One row a person: what lists show, sort and search by, kept in the changing transaction.
#
# A deleted person's row stays, for lists that ask for deleted people; the living are those with an association.
# ``homeroom.school.people.directory.refresh`` is the only writer. The reported login and the primary e-mail are
# chosen there once, so that no page of a list has to (users-core.md §1, "If a user has several logins").
DirectoryEntry = table(
    "directory",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    required("sort_key", Key),
    required("name_key", Key),
    optional("login_db_id", Id),
    optional("login_id", Text()),
    optional("login_key", Key),
    optional("sis_user_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    optional("email", Text()),
    optional("email_key", Key),
    optional("last_login_at", Time()),
    # Case folded, for "contains". Each is searched only with its own right, so they are separate columns.
    required("name_text", Text()),
    required("login_text", Text()),
    required("sis_text", Text()),
    required("email_text", Text()),
    Index("ix_directory_sort_key", "sort_key", "user_id"),
    Index("ix_directory_name_key", "name_key", "user_id"),
    *(
        index
        for column in ("login_key", "email_key", "sis_user_id", "integration_id", "last_login_at")
        for index in (
            Index(f"ix_directory_{column}", column, "user_id"),
            # Nulls come last in both directions. SQLite reads one index either way; PostgreSQL needs a second.
            Index(
                f"ix_directory_{column}_desc",
                text(f"{column} DESC NULLS LAST"),
                text("user_id DESC"),
            ).ddl_if(dialect="postgresql"),
        )
    ),
)


# A person's account role; shown as an Admin.
AccountAdmin = table(
    "account_admins",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("user_id", Id),
    required("role_id", Id),
    required("state", State(32)),  # active, deleted
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("account_id", "user_id", "role_id", name="uq_account_admins_role"),
    Index("ix_account_admins_user_id", "user_id"),
)


# A person observes a student; the enrollments that follow are kept by the observers' area.
ObserverLink = table(
    "observer_links",
    id_column(),
    required("observer_id", Id, ForeignKey("users.id")),
    required("student_id", Id, ForeignKey("users.id")),
    required("root_account_id", Id, ForeignKey("accounts.id")),
    required("state", State(32)),  # active, deleted
    required("made_by_sis", Boolean(), default=False),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_observer_links_pair", "observer_id", "student_id"),
    Index("ix_observer_links_student_id", "student_id"),
)


# A notice that waits for the daily or weekly summary of one channel.
WaitingNotice = table(
    "waiting_notices",
    id_column(),
    required("communication_channel_id", Id, ForeignKey("communication_channels.id")),
    required("notification", String(64)),
    required("subject", Text()),
    required("text_body", Text()),
    required("send_at", Time()),
    required("created_at", Time()),
    Index("ix_waiting_notices_communication_channel_id", "communication_channel_id", "send_at"),
    Index("ix_waiting_notices_send_at", "send_at"),
)
