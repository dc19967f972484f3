"""Links that confirm an address are kept as digests only, and addresses say whether links that let in may go there.

Links that were mailed before stop working: they could be computed from a copy of the database.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    # SQLite cannot drop a column that is unique: it makes the table anew.
    with op.batch_alter_table("communication_channels", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("trusted", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.drop_constraint("uq_communication_channels_confirmation_digest", type_="unique")
        table.drop_column("confirmation_digest")
        table.drop_column("confirmation_expires_at")
    op.create_table(
        "confirmation_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("communication_channel_id", Id, nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("expires_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_channel_id"],
            ["communication_channels.id"],
            name=op.f("fk_confirmation_links_communication_channel_id"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_confirmation_links")),
    )
    op.create_index(
        "ix_confirmation_links_communication_channel_id",
        "confirmation_links",
        ["communication_channel_id", "created_at"],
    )
    op.create_index("ix_confirmation_links_expires_at", "confirmation_links", ["expires_at"])
    op.create_table(
        "password_reset_requests",
        sa.Column("id", Id, nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset_requests")),
        sqlite_autoincrement=True,
    )
    op.add_column("mail_messages", sa.Column("expires_at", Time(), nullable=True))
    op.create_index("ix_mail_messages_expires_at", "mail_messages", ["expires_at"])
