"""A peer: FastAPI with SQLAlchemy's ORM, as most people would write it, over Homeroom's own tables and JSON."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Session

from homeroom.school import schema

engine = create_engine(os.environ["BENCHMARK_DATABASE"], connect_args={"check_same_thread": False})
app = FastAPI()


class Base(DeclarativeBase):
    metadata = schema.METADATA


class User(Base):
    __table__ = schema.User


class AccessToken(Base):
    __table__ = schema.AccessToken


class DirectoryEntry(Base):
    __table__ = schema.DirectoryEntry


class UserAccountAssociation(Base):
    __table__ = schema.UserAccountAssociation


class UserOut(BaseModel):
    id: int
    name: str
    created_at: datetime
    sortable_name: str
    short_name: str
    sis_user_id: str | None
    integration_id: str | None
    sis_import_id: int | None
    login_id: str | None


class PermissionsOut(BaseModel):
    can_update_name: bool = True
    can_update_avatar: bool = True
    limit_parent_app_web_access: bool = False


class SelfOut(UserOut):
    first_name: str
    last_name: str
    avatar_url: str = "http://127.0.0.1/images/messages/avatar-50.png"
    email: str | None
    locale: str | None
    effective_locale: str = "en"
    permissions: PermissionsOut = PermissionsOut()


def session() -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


Database = Annotated[Session, Depends(session)]


def caller(db: Database, authorization: Annotated[str, Header()]) -> User:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest()
    token = db.scalars(select(AccessToken).where(AccessToken.digest == digest)).first()
    user = db.get(User, token.user_id) if token is not None and token.state == "active" else None
    if user is None:
        raise HTTPException(401)
    return user


Caller = Annotated[User, Depends(caller)]


def _shown(user: User, entry: DirectoryEntry) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "created_at": user.created_at.replace(microsecond=0),
        "sortable_name": user.sortable_name,
        "short_name": user.short_name,
        "sis_user_id": entry.sis_user_id,
        "integration_id": entry.integration_id,
        "sis_import_id": entry.sis_import_id,
        "login_id": entry.login_id,
    }


@app.get("/api/v1/users/self")
def show_self(db: Database, user: Caller) -> SelfOut:
    entry = db.get(DirectoryEntry, user.id)
    assert entry is not None
    last, _, first = user.sortable_name.partition(", ")
    return SelfOut(**_shown(user, entry), first_name=first, last_name=last, email=entry.email, locale=user.locale)


@app.get("/api/v1/accounts/{account_id}/users")
def list_users(account_id: int, db: Database, user: Caller, per_page: int = 10, page: int = 1) -> list[UserOut]:
    people = db.execute(
        select(User, DirectoryEntry)
        .join(DirectoryEntry, DirectoryEntry.user_id == User.id)
        .join(UserAccountAssociation, UserAccountAssociation.user_id == User.id)
        .where(UserAccountAssociation.account_id == account_id)
        .order_by(UserAccountAssociation.sort_key, User.id)
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return [UserOut(**_shown(person, entry)) for person, entry in people]
