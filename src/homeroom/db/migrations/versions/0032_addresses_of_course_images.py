"""A course has the address of an image, and says whether grades are passed back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("courses", sa.Column("image_url", sa.Text()))
    op.add_column("courses", sa.Column("grade_passback_setting", sa.Text()))
