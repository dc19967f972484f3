"""People: users, logins, channels, preferences, and the directory that lists and searches are read from."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.db.types import Id
from homeroom.school.schema.base import Base, account_ref, id_, key, state, time, unique_while_live, user_ref


class User(Base):
    """A person."""

    __tablename__ = "users"
    rules = (Index("uq_users_calendar_code", "calendar_code", unique=True),)

    id: Mapped[id_]
    uuid: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str]
    sortable_name: Mapped[str]
    short_name: Mapped[str]
    state: Mapped[state]  # pre_registered, registered, deleted
    time_zone: Mapped[str | None]
    locale: Mapped[str | None]
    pronouns: Mapped[str | None]
    avatar_source: Mapped[str | None] = mapped_column(String(16))  # gravatar, attachment, external, no_pic
    avatar_url: Mapped[str | None]
    avatar_state: Mapped[str] = mapped_column(String(16), default="none")
    avatar_file_id: Mapped[int | None]
    avatar_updated_at: Mapped[time | None]
    title: Mapped[str | None]
    bio: Mapped[str | None]
    pronunciation: Mapped[str | None]
    terms_accepted_at: Mapped[time | None]
    initial_enrollment_type: Mapped[str | None] = mapped_column(String(32))
    # The secret part of the calendar feed's address.
    calendar_code: Mapped[str] = mapped_column(String(40))
    lti_id: Mapped[str | None] = mapped_column(index=True)
    lti_context_id: Mapped[str | None] = mapped_column(index=True)
    merged_into_user_id: Mapped[int | None] = mapped_column(index=True)
    last_logged_out_at: Mapped[time | None]
    # Names of the fields edited by hand, which a SIS import leaves alone; space separated.
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    updated_at: Mapped[time]
    deleted_at: Mapped[time | None]


class Login(Base):
    """A way to sign in. A deleted login keeps its SIS id: an import may revive it."""

    __tablename__ = "logins"
    rules = (
        unique_while_live("uq_logins_unique_id", "account_id", "unique_id_key", "provider_key"),
        unique_while_live("uq_logins_sis_user_id", "account_id", "sis_user_id"),
        unique_while_live("uq_logins_integration_id", "account_id", "integration_id"),
        Index("ix_logins_deleted_sis_user_id", "account_id", "sis_user_id"),
        Index("ix_logins_user_id", "user_id", "position", "id"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    account_id: Mapped[account_ref]
    unique_id: Mapped[str]
    unique_id_key: Mapped[key]  # case folded: logins are one whatever their case
    authentication_provider_id: Mapped[int | None]
    provider_key: Mapped[int] = mapped_column(default=0)  # the provider's id, 0 without: nulls are never equal
    password_hash: Mapped[str | None]
    sis_user_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    declared_user_type: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[state]  # active, suspended, deleted
    position: Mapped[int] = mapped_column(default=1)
    login_count: Mapped[int] = mapped_column(default=0)
    current_login_at: Mapped[time | None]
    last_login_at: Mapped[time | None]
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    updated_at: Mapped[time]
    deleted_at: Mapped[time | None]


class CommunicationChannel(Base):
    """An address of a person: e-mail, sms or push."""

    __tablename__ = "communication_channels"
    rules = (
        unique_while_live(
            "uq_communication_channels_address", "user_id", "type", "address_key", live="state <> 'retired'"
        ),
        Index("ix_communication_channels_user_id", "user_id", "position", "id"),
        Index("ix_communication_channels_address_key", "address_key"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    type: Mapped[str] = mapped_column(String(16))  # email, sms, push
    address: Mapped[str]
    address_key: Mapped[key]
    push_token: Mapped[str | None]
    state: Mapped[state]  # unconfirmed, active, retired
    position: Mapped[int] = mapped_column(default=1)
    # The person had it from the start or confirmed it, signed in: only then may it get a link that lets somebody in.
    trusted: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_by_sis: Mapped[bool] = mapped_column(default=False)
    last_bounce_at: Mapped[time | None]
    last_bounce_summary: Mapped[str | None]
    created_at: Mapped[time]
    updated_at: Mapped[time]


class ConfirmationLink(Base):
    """A link ``/register/:nonce`` that confirms a channel; the nonce is in a mail, and here is its SHA-256."""

    __tablename__ = "confirmation_links"
    rules = (
        Index("ix_confirmation_links_communication_channel_id", "communication_channel_id", "created_at"),
        Index("ix_confirmation_links_expires_at", "expires_at"),
    )

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    communication_channel_id: Mapped[int] = mapped_column(Id, ForeignKey("communication_channels.id"))
    created_at: Mapped[time]
    expires_at: Mapped[time]


class NotificationPreference(Base):
    """How often somebody wants one kind of notification at one channel, where they chose."""

    __tablename__ = "notification_preferences"

    communication_channel_id: Mapped[int] = mapped_column(
        Id, ForeignKey("communication_channels.id"), primary_key=True, autoincrement=False
    )
    notification: Mapped[str] = mapped_column(String(64), primary_key=True)
    frequency: Mapped[str] = mapped_column(String(16))  # immediately, daily, weekly, never
    updated_at: Mapped[time]


class Preference(Base):
    """One preference of a person as JSON text: the boolean settings, the editor, the files UI version."""

    __tablename__ = "preferences"

    user_id: Mapped[user_ref] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class CustomColor(Base):
    __tablename__ = "custom_colors"

    user_id: Mapped[user_ref] = mapped_column(primary_key=True)
    asset_string: Mapped[key] = mapped_column(primary_key=True)
    hexcode: Mapped[str] = mapped_column(String(7))


class DashboardPosition(Base):
    """A dashboard card's position, as JSON text in the form it was sent (users-core.md §9)."""

    __tablename__ = "dashboard_positions"

    user_id: Mapped[user_ref] = mapped_column(primary_key=True)
    asset_string: Mapped[key] = mapped_column(primary_key=True)
    position: Mapped[str]


class CustomDataDocument(Base):
    """One JSON document of a person in one namespace; ``size`` is its characters, paths and values together."""

    __tablename__ = "custom_data_documents"

    user_id: Mapped[user_ref] = mapped_column(primary_key=True)
    namespace: Mapped[key] = mapped_column(primary_key=True)
    size: Mapped[int]
    created_at: Mapped[time]


class CustomDataLeaf(Base):
    """A scalar, an array or an empty object of a document, as raw JSON text. The id keeps the order of writing."""

    __tablename__ = "custom_data_leaves"
    rules = (Index("uq_custom_data_leaves_path", "user_id", "namespace", "path", unique=True),)

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    namespace: Mapped[key]
    path: Mapped[key]
    value: Mapped[str]


class ProfileLink(Base):
    """A link on a person's profile."""

    __tablename__ = "profile_links"

    id: Mapped[id_]
    user_id: Mapped[user_ref] = mapped_column(index=True)
    url: Mapped[str]
    title: Mapped[str]
    position: Mapped[int]


class UserService(Base):
    """A service elsewhere that a person has connected."""

    __tablename__ = "user_services"

    id: Mapped[id_]
    user_id: Mapped[user_ref] = mapped_column(index=True)
    service: Mapped[str]
    service_user_link: Mapped[str]
    visible: Mapped[bool]


class Bookmark(Base):
    """A page that a person wants to find again. Positions count from 1 without a gap."""

    __tablename__ = "bookmarks"
    rules = (Index("ix_bookmarks_user_id", "user_id", "position", "id"),)

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    name: Mapped[str]
    url: Mapped[str]
    position: Mapped[int]
    data: Mapped[str | None]  # JSON text, as it was given
    created_at: Mapped[time]
    updated_at: Mapped[time]


class ObserverPairingCode(Base):
    """A student's code that lets somebody observe them; shown once and kept as a digest."""

    __tablename__ = "observer_pairing_codes"
    rules = (
        unique_while_live("uq_observer_pairing_codes_digest", "digest", live="state = 'active'"),
        Index("ix_observer_pairing_codes_user_id", "user_id", "expires_at"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    digest: Mapped[bytes]
    state: Mapped[state]  # active, used
    expires_at: Mapped[time]
    created_at: Mapped[time]
    updated_at: Mapped[time]


class UserAccountAssociation(Base):
    """A person belongs to an account: by a login, a role or an enrollment there or below; every ancestor counts.

    The name's sort key stands here too, so that the list of a small account and of a large one is one index range.
    """

    __tablename__ = "user_account_associations"
    rules = (
        Index("ix_user_account_associations_sorted", "account_id", "sort_key", "user_id"),
        Index("ix_user_account_associations_user_id", "user_id"),
    )

    account_id: Mapped[account_ref] = mapped_column(primary_key=True)
    user_id: Mapped[user_ref] = mapped_column(primary_key=True)
    sort_key: Mapped[key]


class DirectoryEntry(Base):
    """One row a person: what lists show, sort and search by, kept in the changing transaction.

    A deleted person's row stays, for lists that ask for deleted people; the living are those with an association.
    ``homeroom.school.people.directory.refresh`` is the only writer. The reported login and the primary e-mail are
    chosen there once, so that no page of a list has to (users-core.md §1, "If a user has several logins").
    """

    __tablename__ = "directory"
    rules = (
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

    user_id: Mapped[user_ref] = mapped_column(primary_key=True, autoincrement=False)
    sort_key: Mapped[key]
    name_key: Mapped[key]
    login_db_id: Mapped[int | None]
    login_id: Mapped[str | None]
    login_key: Mapped[key | None]
    sis_user_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    email: Mapped[str | None]
    email_key: Mapped[key | None]
    last_login_at: Mapped[time | None]
    # Case folded, for "contains". Each is searched only with its own right, so they are separate columns.
    name_text: Mapped[str]
    login_text: Mapped[str]
    sis_text: Mapped[str]
    email_text: Mapped[str]
