"""Pairs of changes that each look right, made at the same moment. The rules between rows must hold afterwards.

A scene is made anew for each round, in the order of its names; ``RECIPES`` says how. Only PostgreSQL lets two
writers in at once, so that is where races are run.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from tests.support.live import LiveServer
from tests.torture.callers import Line, new_word
from tests.torture.checking import check_rows
from tests.torture.memory import Memory
from tests.torture.resources import Call


@dataclass(frozen=True)
class Race:
    """``scene``: what there is before, by the names that ``left`` and ``right`` use."""

    name: str
    scene: tuple[str, ...]
    left: Call
    right: Call


def _enroll(who: str = "student") -> Call:
    return Call(
        "POST",
        "courses/{course}/enrollments",
        {
            "enrollment[user_id]": f"{{{who}}}",
            "enrollment[type]": "StudentEnrollment",
            "enrollment[enrollment_state]": "active",
        },
    )


_PERSON = Call("POST", "accounts/1/users", {"user[name]": "{new}", "pseudonym[unique_id]": "{new}@races.test"})
_LINK = Call("PUT", "users/{observer}/observees/{student}")
_UNLINK = Call("DELETE", "users/{observer}/observees/{student}")
_DELETE_STUDENT = Call("DELETE", "accounts/1/users/{student}")
_DELETE_OBSERVER = Call("DELETE", "accounts/1/users/{observer}")
_DELETE_COURSE = Call("DELETE", "courses/{course}", {"event": "delete"})
_UNDELETE_COURSE = Call("PUT", "courses/{course}", {"course[event]": "undelete"})
_DELETE_ACCOUNT = Call("DELETE", "accounts/1/sub_accounts/{account}")
_DELETE_TERM = Call("DELETE", "accounts/1/terms/{term}")
_MAKE_COURSE = Call("POST", "accounts/{account}/courses", {"course[name]": "{new}"})
_MAKE_ADMIN = Call("POST", "accounts/{account}/admins", {"user_id": "{student}", "send_confirmation": "0"})
_MOVE_ACCOUNT = Call("PUT", "accounts/{account}", {"account[parent_account_id]": "{other_account}"})
_ACCOUNT = Call("POST", "accounts/1/sub_accounts", {"account[name]": "{new}"})
_TOKEN = Call("POST", "users/{student}/tokens", {"token[purpose]": "{new}"})
_CHANNEL = Call(
    "POST",
    "users/{student}/communication_channels",
    {
        "communication_channel[address]": "{new}@races.test",
        "communication_channel[type]": "email",
        "skip_confirmation": "1",
    },
)
_LOGIN = Call("POST", "accounts/1/logins", {"user[id]": "{student}", "login[unique_id]": "{new}"})


def _end(task: str) -> Call:
    return Call("DELETE", "courses/{course}/enrollments/{enrollment}", {"task": task})


# How each part of a scene is made; what it is made of must be named before it.
RECIPES: Mapping[str, Call] = {
    "student": _PERSON,
    "observer": _PERSON,
    "other_observer": _PERSON,
    "account": _ACCOUNT,
    "other_account": _ACCOUNT,
    "term": Call("POST", "accounts/1/terms", {"enrollment_term[name]": "{new}"}),
    "course": Call("POST", "accounts/1/courses", {"course[name]": "{new}", "offer": "1"}),
    "course_there": Call("POST", "accounts/{account}/courses", {"course[name]": "{new}", "offer": "1"}),
    "section": Call("POST", "courses/{course}/sections", {"course_section[name]": "{new}"}),
    "enrollment": _enroll(),
    "link": _LINK,
    "other_link": Call("PUT", "users/{other_observer}/observees/{student}"),
    "admin": _MAKE_ADMIN,
    "course_is_deleted": _DELETE_COURSE,
    "bookmark": Call(
        "POST", "users/self/bookmarks?as_user_id={student}", {"name": "{new}", "url": "https://races.test"}
    ),
}
_OBSERVED = ("student", "observer", "link", "course")
_UNOBSERVED = ("student", "observer", "course", "enrollment")
_LEARNING = ("student", "observer", "course", "enrollment", "link")

RACES = (
    # --- observers
    Race("a link ends, its student is enrolled", _OBSERVED, _UNLINK, _enroll()),
    *(
        Race(f"a link ends, its student's enrollment is told to {task}", _LEARNING, _UNLINK, _end(task))
        for task in ("conclude", "inactivate", "delete")
    ),
    Race("a link begins, its student is enrolled", ("student", "observer", "course"), _LINK, _enroll()),
    Race("a link begins, the course is deleted", _UNOBSERVED, _LINK, _DELETE_COURSE),
    Race("a link begins, the student is deleted", _UNOBSERVED, _LINK, _DELETE_STUDENT),
    Race("a link ends and begins", _LEARNING, _UNLINK, _LINK),
    Race("a link ends, the course comes back", (*_LEARNING, "course_is_deleted"), _UNLINK, _UNDELETE_COURSE),
    Race("a link ends, the course is published", _LEARNING, _UNLINK, Call("PUT", "courses/{course}", {"offer": "1"})),
    Race("an observer is deleted, the student is enrolled", _OBSERVED, _DELETE_OBSERVER, _enroll()),
    Race("both of a link are deleted", _LEARNING, _DELETE_OBSERVER, _DELETE_STUDENT),
    Race("the observer is deleted, the other one's link ends",
         ("student", "observer", "other_observer", "course", "enrollment", "link", "other_link"),
         _DELETE_STUDENT, Call("DELETE", "users/{other_observer}/observees/{student}")),
    # --- deleted people
    Race("a course is deleted, one of its people too", _LEARNING, _DELETE_COURSE, _DELETE_STUDENT),
    Race("a course is deleted, one of its observers too", _LEARNING, _DELETE_COURSE, _DELETE_OBSERVER),
    Race("a course is deleted, one of its enrollments ends", _LEARNING, _DELETE_COURSE, _end("delete")),
    Race("a person is deleted and enrolled", ("student", "course"), _DELETE_STUDENT, _enroll()),
    Race("a person is deleted and gets a token", ("student",), _DELETE_STUDENT, _TOKEN),
    Race("a person is deleted and gets a login", ("student",), _DELETE_STUDENT, _LOGIN),
    Race("a person is deleted and gets a channel", ("student",), _DELETE_STUDENT, _CHANNEL),
    Race("a person is deleted and becomes an admin", ("student", "account"), _DELETE_STUDENT, _MAKE_ADMIN),
    Race("a person is deleted and edited", ("student",), _DELETE_STUDENT,
         Call("PUT", "users/{student}", {"user[name]": "{new}", "user[email]": "{new}@races.test"})),
    Race("an admin is deleted, the account too", ("student", "account", "admin"), _DELETE_STUDENT, _DELETE_ACCOUNT),
    # --- deleted places
    Race("a course is deleted, somebody is enrolled", ("student", "course"), _DELETE_COURSE, _enroll()),
    Race("a section is deleted, somebody is enrolled in it", ("student", "course", "section"),
         Call("DELETE", "sections/{section}"),
         Call("POST", "sections/{section}/enrollments", {"enrollment[user_id]": "{student}"})),
    Race("an account is deleted, a course made in it", ("account",), _DELETE_ACCOUNT, _MAKE_COURSE),
    Race("an account is deleted, a course moved into it", ("account", "course"), _DELETE_ACCOUNT,
         Call("PUT", "courses/{course}", {"course[account_id]": "{account}"})),
    Race("an account is deleted, an admin made in it", ("student", "account"), _DELETE_ACCOUNT, _MAKE_ADMIN),
    Race("an account is deleted, one made below it", ("account",), _DELETE_ACCOUNT,
         Call("POST", "accounts/{account}/sub_accounts", {"account[name]": "{new}"})),
    Race("an account is deleted, another moved below it", ("account", "other_account"),
         Call("DELETE", "accounts/1/sub_accounts/{other_account}"), _MOVE_ACCOUNT),
    Race("a term is deleted, a course made in it", ("term",), _DELETE_TERM,
         Call("POST", "accounts/1/courses", {"course[name]": "{new}", "course[term_id]": "{term}"})),
    Race("a term is deleted, a course moved into it", ("term", "course"), _DELETE_TERM,
         Call("PUT", "courses/{course}", {"course[term_id]": "{term}"})),
    # --- moved places
    Race("an account moves, an admin is made in it", ("student", "account", "other_account"),
         _MOVE_ACCOUNT, _MAKE_ADMIN),
    Race("an account moves, a course moves into it", ("student", "account", "other_account", "course", "enrollment"),
         _MOVE_ACCOUNT, Call("PUT", "courses/{course}", {"course[account_id]": "{account}"})),
    Race("an account moves, somebody is enrolled below it", ("student", "account", "other_account", "course_there"),
         _MOVE_ACCOUNT, Call("POST", "courses/{course_there}/enrollments", {"enrollment[user_id]": "{student}"})),
    Race("two accounts move below each other", ("account", "other_account"), _MOVE_ACCOUNT,
         Call("PUT", "accounts/{other_account}", {"account[parent_account_id]": "{account}"})),
    # --- one of each
    Race("two logins with one id", ("student", "observer"),
         Call("POST", "accounts/1/logins", {"user[id]": "{student}", "login[unique_id]": "{same}"}),
         Call("POST", "accounts/1/logins", {"user[id]": "{observer}", "login[unique_id]": "{same}"})),
    Race("two links of one pair", ("student", "observer"), _LINK, _LINK),
    Race("two bookmarks are moved", ("student", "bookmark"),
         Call("POST", "users/self/bookmarks?as_user_id={student}",
              {"name": "a", "url": "https://a.test", "position": "1"}),
         Call("DELETE", "users/self/bookmarks/{bookmark}?as_user_id={student}")),
)  # fmt: skip


def run_races(
    server: LiveServer,
    url: str,
    memory: Memory,
    rounds: int,
    say: Callable[[str], None],
    races: tuple[Race, ...] = RACES,
) -> None:
    """Run each race so often, and look at the rules after each kind."""
    lines = Line(server), Line(server)
    with ThreadPoolExecutor(2) as pool:
        for race in races:
            outcomes: Counter[str] = Counter()
            for number in range(rounds):
                names = _scene(lines[0], race)
                outcomes[_round(pool, lines, race, names, number, memory)] += 1
            check_rows(url, memory, f" by the race {race.name!r}")
            told = ", ".join(f"{count} × {outcome}" for outcome, count in outcomes.most_common(4))
            say(f"  {race.name}: {told}")


def _scene(line: Line, race: Race) -> dict[str, str]:
    names = {"same": new_word()}
    for part in race.scene:
        reply = line.send(RECIPES[part], {**names, "new": new_word()})
        assert reply.status_code < 300, f"{race.name}, {part}: {reply.status_code} {reply.text[:300]}"
        names[part] = str(reply.json().get("id", ""))
    return names


def _round(
    pool: ThreadPoolExecutor, lines: tuple[Line, Line], race: Race, names: dict[str, str], number: int, memory: Memory
) -> str:
    start = threading.Barrier(2)
    # Now one is a little earlier and now the other: what takes longer must not always win.
    late = ((number % 5) - 2) * 0.0015

    def make(line: Line, call: Call, wait: float) -> requests.Response:
        start.wait()
        time.sleep(max(0.0, wait))
        return line.send(call, {**names, "new": new_word()})

    both = pool.submit(make, lines[0], race.left, late), pool.submit(make, lines[1], race.right, -late)
    replies = [future.result() for future in both]
    for reply in replies:
        if reply.status_code >= 500:
            request = f"{reply.request.method} {reply.request.path_url}"
            memory.fault(f"{race.name}: {request}: {reply.status_code} {reply.text[:200]}")
    return "/".join(str(reply.status_code) for reply in replies)
