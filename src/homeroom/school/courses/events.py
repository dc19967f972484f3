"""What this wing announces to those above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnrollmentChanged:
    """An enrollment was added, changed or ended."""

    enrollment_id: int
    user_id: int
    course_id: int


@dataclass(frozen=True, slots=True)
class CourseChangedState:
    """A course was published, unpublished, concluded, deleted or restored; ``state`` is the new one. Its enrollments
    change without events of their own.
    """

    course_id: int
    state: str
