"""Feature flags: the features there are, and what applies in an account, a course or for a user (homeroom.md §3).

A flag is set on the site-admin account, on an account, a course or a user. The highest flag that is ``on`` or ``off``
decides and masks those below it; otherwise the nearest one counts. ``allowed`` is off, and ``allowed_on`` is on, until
somebody below decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, or_, select

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.rights.actor import AccountRef, CourseRef
from homeroom.school.schema import Account, FeatureFlag

State = Literal["off", "allowed", "allowed_on", "on"]
AppliesTo = Literal["Account", "Course", "User"]


class Feature(NamedTuple):
    """A feature that can be switched. ``default`` is its state without any flag."""

    name: str
    display_name: str
    applies_to: AppliesTo
    default: State = "allowed"


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("educator_dashboard", "Educator Dashboard", "Account"),
        Feature("widget_dashboard", "Widget Dashboard", "Account"),
        Feature("high_contrast", "High Contrast UI", "User"),
    )
}


class UserRef(NamedTuple):
    """A user, as feature flags need one."""

    id: int


Context = AccountRef | CourseRef | UserRef


@dataclass(frozen=True, slots=True)
class Flag:
    """The flag that applies in a context. Its context is None for the feature's default. ``locked``: a higher flag is
    on or off, so nothing can be set here.
    """

    feature: str
    state: State
    context_type: str | None
    context_id: int | None
    locked: bool

    @property
    def is_on(self) -> bool:
        return self.state in ("on", "allowed_on")


def is_on(db: Connection, feature: str, context: Context) -> bool:
    """Whether the feature is on in this account, course or for this user."""
    return _flags_of(db, [FEATURES[feature]], context)[0].is_on


def flags_of(db: Connection, context: Context) -> list[Flag]:
    """The flags that apply here, of every feature that can be switched here; in the order of their names."""
    return _flags_of(db, _fitting(db, context), context)


def find_flag(db: Connection, feature: str, context: Context) -> Flag:
    """The flag of this feature that applies here. Raises NotFound for a feature that cannot be switched here."""
    return _flags_of(db, [_find_feature(db, feature, context)], context)[0]


def set_flag(db: Connection, feature: str, context: Context, state: str) -> Flag:
    """Set the flag here. Raises Refused if a flag above is on or off, Invalid for an impossible state."""
    flag = find_flag(db, feature, context)
    if flag.locked:
        raise Refused("higher account disallows setting feature flag", status=403)
    allowed = ("off", "allowed", "allowed_on", "on") if isinstance(context, AccountRef) else ("off", "on")
    if state not in allowed:
        raise Invalid(Fault("state", "invalid", "is not valid in context"))
    now = clock.now()
    row = {"context_type": type_of(context), "context_id": context.id, "feature": feature, "state": state}
    insert_or_update(
        db,
        FeatureFlag,
        [{**row, "created_at": now, "updated_at": now}],
        key=["context_type", "context_id", "feature"],
        update=["state", "updated_at"],
    )
    return find_flag(db, feature, context)


def remove_flag(db: Connection, feature: str, context: Context) -> Flag:
    """Remove the flag that is set here, and return it. Raises NotFound if there is none."""
    _find_feature(db, feature, context)
    removed: State | None = db.execute(
        delete(FeatureFlag)
        .where(
            FeatureFlag.c.context_type == type_of(context),
            FeatureFlag.c.context_id == context.id,
            FeatureFlag.c.feature == feature,
        )
        .returning(FeatureFlag.c.state)
    ).scalar()
    if removed is None:
        raise NotFound("feature flag")
    return Flag(feature, removed, type_of(context), context.id, find_flag(db, feature, context).locked)


def type_of(context: Context) -> str:
    """``Account``, ``Course`` or ``User``."""
    return {AccountRef: "Account", CourseRef: "Course", UserRef: "User"}[type(context)]


def _find_feature(db: Connection, name: str, context: Context) -> Feature:
    feature = next((feature for feature in _fitting(db, context) if feature.name == name), None)
    if feature is None:
        raise NotFound("feature")
    return feature


def _fitting(db: Connection, context: Context) -> list[Feature]:
    """The features that can be switched in a context: an account also speaks for its courses, the site admin's account
    for everybody."""
    kinds: tuple[str, ...] = {"Account": ("Account", "Course"), "Course": ("Course",), "User": ("User",)}[
        type_of(context)
    ]
    if isinstance(context, AccountRef) and context.id == _site_admin(db):
        kinds = ("Account", "Course", "User")
    return [feature for _, feature in sorted(FEATURES.items()) if feature.applies_to in kinds]


def _site_admin(db: Connection) -> int | None:
    return db.execute(select(Account.c.id).where(Account.c.is_site_admin)).scalar()


def _flags_of(db: Connection, features: list[Feature], context: Context) -> list[Flag]:
    """One statement for all of them."""
    own_type = type_of(context)
    chain = () if isinstance(context, UserRef) else context.chain
    rows = db.execute(
        select(
            FeatureFlag.c.feature, FeatureFlag.c.state, FeatureFlag.c.context_type, FeatureFlag.c.context_id,
            Account.c.is_site_admin,
        )
        .outerjoin(Account, and_(FeatureFlag.c.context_type == "Account", Account.c.id == FeatureFlag.c.context_id))
        .where(
            FeatureFlag.c.feature.in_([feature.name for feature in features]),
            or_(
                Account.c.is_site_admin,
                and_(FeatureFlag.c.context_type == "Account", FeatureFlag.c.context_id.in_(chain)),
                and_(FeatureFlag.c.context_type == own_type, FeatureFlag.c.context_id == context.id),
            ),
        )
    ).all()  # fmt: skip
    # From the top down: the site admin's account, the root, ..., the context itself.
    depth = {("Account", account): place for place, account in enumerate(reversed(chain), start=1)}
    depth |= {(own_type, context.id): len(chain) + 1}
    depth |= {("Account", row.context_id): 0 for row in rows if row.is_site_admin}
    said: dict[str, list[Flag]] = {feature.name: [] for feature in features}
    for row in sorted(rows, key=lambda row: depth[row.context_type, row.context_id]):
        said[row.feature].append(Flag(row.feature, row.state, row.context_type, row.context_id, False))
    return [_applying(feature, said[feature.name], own_type, context.id) for feature in features]


def _applying(feature: Feature, said: list[Flag], own_type: str, own_id: int) -> Flag:
    applying = Flag(feature.name, feature.default, None, None, locked=feature.default in ("on", "off"))
    for flag in said:
        here = flag.context_type == own_type and flag.context_id == own_id
        decided = flag.state in ("on", "off")
        applying = Flag(flag.feature, flag.state, flag.context_type, flag.context_id, locked=decided and not here)
        if decided:
            break
    return applying
