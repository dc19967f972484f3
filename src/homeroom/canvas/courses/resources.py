"""The resources of the wing courses: courses, sections, enrollments, terms and a person's own view of them."""

from __future__ import annotations

from homeroom.canvas.courses import (
    account_courses,
    course_nicknames,
    course_pages,
    course_settings,
    course_users,
    courses,
    crosslisting,
    dashboard_cards,
    enrollments,
    favorites,
    sections,
    terms,
)

RESOURCES = (
    account_courses.route,
    course_nicknames.route,
    course_pages.route,
    course_settings.route,
    course_users.route,
    courses.route,
    crosslisting.route,
    dashboard_cards.route,
    enrollments.route,
    favorites.route,
    sections.route,
    terms.route,
)
