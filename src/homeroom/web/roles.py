"""What pages call the roles that everybody knows; an account's own roles have names of their own."""

from __future__ import annotations

ROLES = {
    "StudentEnrollment": "Student",
    "TeacherEnrollment": "Teacher",
    "TaEnrollment": "Teaching assistant",
    "DesignerEnrollment": "Designer",
    "ObserverEnrollment": "Observer",
    "StudentViewEnrollment": "Test student",
}
