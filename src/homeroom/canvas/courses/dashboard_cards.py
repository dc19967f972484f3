"""The cards of the caller's dashboard: the favorite courses, or all current ones (learning-resources.md §17)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import Connection

from homeroom.school.courses.courses.current import Card, cards_of
from homeroom.school.rights.actor import Actor
from homeroom.school.states import CourseState
from homeroom.wire.routing.routes import SELF_ONLY, Routes

route = Routes()


class DashboardCardJson(Struct, rename={"asset_string": "assetString", "short_name": "shortName",
                                        "original_name": "originalName", "course_code": "courseCode",
                                        "enrollment_type": "enrollmentType"}):  # fmt: skip
    """A course as the dashboard shows it. ``links`` would lead to a course's other pages; there are none yet."""

    id: int
    asset_string: str
    short_name: str
    original_name: str
    course_code: str
    href: str
    term: str | None
    enrollment_type: str
    position: int | None
    image: str | None
    published: bool
    links: list[Annotated[Any, Meta(description="The address of a part of the course.")]]


@route.get("/dashboard/dashboard_cards", right=SELF_ONLY)
def list_dashboard_cards(actor: Actor, db: Connection) -> list[DashboardCardJson]:
    """List the cards of the dashboard."""
    return [_card_json(card) for card in cards_of(db, actor)]


def _card_json(card: Card) -> DashboardCardJson:
    course = card.course
    return DashboardCardJson(
        id=course.id,
        asset_string=f"course_{course.id}",
        short_name=course.nickname or course.name,
        original_name=course.name,
        course_code=course.course_code,
        href=f"/courses/{course.id}",
        term=card.term,
        enrollment_type=card.enrollment_type,
        position=card.position,
        image=None,
        published=course.state in (CourseState.AVAILABLE, CourseState.COMPLETED),
        links=[],
    )
