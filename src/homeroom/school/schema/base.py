"""What every table shares."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import ForeignKey, Index, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

from homeroom.db.types import Id, Key, State, Time

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The tables. They are read with column selects on a Connection, never as entities."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Time(), int: Id, str: Text()}

    # Names and constraints of a table of ours; `rules` is what a table adds to the shared arguments.
    rules: ClassVar[tuple[SchemaItem, ...]] = ()

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        # Without AUTOINCREMENT, SQLite gives the id of a removed last row to the next one.
        return (*cls.rules, {"sqlite_autoincrement": "id" in cls.__annotations__})


id_ = Annotated[int, mapped_column(Id, primary_key=True)]
state = Annotated[str, mapped_column(State(32))]
key = Annotated[str, mapped_column(Key)]
time = Annotated[datetime, mapped_column(Time())]
user_ref = Annotated[int, mapped_column(Id, ForeignKey("users.id"))]
account_ref = Annotated[int, mapped_column(Id, ForeignKey("accounts.id"))]
course_ref = Annotated[int, mapped_column(Id, ForeignKey("courses.id"))]


def unique_while_live(name: str, *columns: str, live: str = "state <> 'deleted'") -> Index:
    """A unique index over the rows that are not deleted: a name is free again when its holder is gone."""
    return Index(name, *columns, unique=True, sqlite_where=text(live), postgresql_where=text(live))
