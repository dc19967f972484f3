"""What must hold between rows, whatever was changed at the same time.

Each rule is a statement that finds the rows that break it, in SQL that both databases read. Tests, ``homeroom doctor``
and the torture driver (tests/torture) ask the same ones. Whoever adds a relation adds its rule here, and takes locks so
that two changes that each look right cannot break it together (docs/decisions/0014).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text


class Invariant(NamedTuple):
    """``rule`` is true as long as ``broken_by``, a statement, finds no ids."""

    rule: str
    broken_by: str


class Violation(NamedTuple):
    """``ids`` break the rule. They are of the table that the rule is about, unless it says otherwise."""

    rule: str
    ids: list[int]


# A person who is gone; a comparison with the id of somebody follows.
_GONE = "EXISTS (SELECT 1 FROM users u WHERE u.state = 'deleted' AND u.id = "
# Why somebody belongs to an account: a login, a role or an enrollment there.
_REASONS = """
    SELECT user_id, account_id FROM logins WHERE state <> 'deleted'
    UNION SELECT user_id, account_id FROM account_admins WHERE state = 'active'
    UNION SELECT e.user_id, c.account_id FROM enrollments e JOIN courses c ON c.id = e.course_id
    WHERE e.state NOT IN ('deleted', 'rejected') AND e.type <> 'StudentViewEnrollment' AND c.state <> 'deleted'
"""
# Each account, with itself and all above it.
_CHAIN = """
    SELECT a.id, above.id AS above_id FROM accounts a JOIN accounts above ON a.ancestry LIKE above.ancestry || '%'
"""
_LIVE_ENROLLMENTS = "SELECT e.id FROM enrollments e WHERE e.state NOT IN ('deleted', 'rejected') AND "
_LIVE_TOKENS = "SELECT t.id FROM access_tokens t WHERE t.state <> 'deleted' AND "

INVARIANTS = (
    # --- of deleted people nothing lives
    Invariant("no enrollment of a deleted user", f"{_LIVE_ENROLLMENTS} {_GONE} e.user_id)"),
    Invariant("no enrollment that observes a deleted user", f"{_LIVE_ENROLLMENTS} {_GONE} e.associated_user_id)"),
    Invariant(
        "no login of a deleted user", f"SELECT l.id FROM logins l WHERE l.state <> 'deleted' AND {_GONE} l.user_id)"
    ),
    Invariant("no token of a deleted user", f"{_LIVE_TOKENS} {_GONE} t.user_id)"),
    Invariant("no token of a deleted user who acts as another", f"{_LIVE_TOKENS} {_GONE} t.real_user_id)"),
    Invariant("no session of a deleted user", f"SELECT s.id FROM web_sessions s WHERE {_GONE} s.user_id)"),
    Invariant(
        "no channel of a deleted user",
        f"SELECT c.id FROM communication_channels c WHERE c.state <> 'retired' AND {_GONE} c.user_id)",
    ),
    Invariant(
        "no account role of a deleted user",
        f"SELECT a.id FROM account_admins a WHERE a.state = 'active' AND {_GONE} a.user_id)",
    ),
    Invariant(
        "no observer link of a deleted user",
        "SELECT l.id FROM observer_links l WHERE l.state = 'active'"
        f" AND ({_GONE} l.observer_id) OR {_GONE} l.student_id))",
    ),
    # --- observers see what their links let them see, and no longer than that
    Invariant(
        "an enrollment that follows an observer link has a live one",
        """
        SELECT e.id FROM enrollments e WHERE e.follows_link AND e.state NOT IN ('deleted', 'rejected')
        AND NOT EXISTS (
            SELECT 1 FROM observer_links l
            WHERE l.observer_id = e.user_id AND l.student_id = e.associated_user_id AND l.state = 'active'
        )
        """,
    ),
    # --- in deleted accounts, terms, courses and sections nothing lives
    Invariant(
        "no account below a deleted one",
        "SELECT a.id FROM accounts a JOIN accounts p ON p.id = a.parent_account_id"
        " WHERE a.state <> 'deleted' AND p.state = 'deleted'",
    ),
    Invariant(
        "no account role in a deleted account",
        "SELECT r.id FROM account_admins r JOIN accounts a ON a.id = r.account_id"
        " WHERE r.state = 'active' AND a.state = 'deleted'",
    ),
    Invariant(
        "no course in a deleted account",
        "SELECT c.id FROM courses c JOIN accounts a ON a.id = c.account_id"
        " WHERE c.state <> 'deleted' AND a.state = 'deleted'",
    ),
    Invariant(
        "no course in a deleted term",
        "SELECT c.id FROM courses c JOIN enrollment_terms t ON t.id = c.enrollment_term_id"
        " WHERE c.state <> 'deleted' AND t.state = 'deleted'",
    ),
    Invariant(
        "no enrollment in a deleted course",
        f"{_LIVE_ENROLLMENTS} EXISTS (SELECT 1 FROM courses c WHERE c.id = e.course_id AND c.state = 'deleted')",
    ),
    Invariant(
        "every enrollment is in a section of its course, which is not deleted",
        f"{_LIVE_ENROLLMENTS} NOT EXISTS (SELECT 1 FROM course_sections s"
        " WHERE s.id = e.course_section_id AND s.course_id = e.course_id AND s.state <> 'deleted')",
    ),
    # --- one of each
    Invariant(
        "one login for each id",
        "SELECT max(id) FROM logins WHERE state <> 'deleted'"
        " GROUP BY account_id, unique_id_key, provider_key HAVING count(*) > 1",
    ),
    Invariant(
        "one observer link for each pair",
        "SELECT max(id) FROM observer_links WHERE state <> 'deleted'"
        " GROUP BY observer_id, student_id HAVING count(*) > 1",
    ),
    Invariant(
        "bookmarks count from 1 without a gap (the ids are their owners')",
        "SELECT user_id FROM bookmarks GROUP BY user_id"
        " HAVING min(position) <> 1 OR max(position) <> count(*) OR count(DISTINCT position) <> count(*)",
    ),
    Invariant(
        "every root account has a default term",
        "SELECT a.id FROM accounts a WHERE a.parent_account_id IS NULL AND NOT a.is_site_admin AND a.state <> 'deleted'"
        " AND (SELECT count(*) FROM enrollment_terms t"
        " WHERE t.root_account_id = a.id AND t.is_default AND t.state <> 'deleted') <> 1",
    ),
    # --- what is kept twice is the same
    Invariant(
        "an account's ancestry is its parent's and itself",
        "SELECT a.id FROM accounts a LEFT JOIN accounts p ON p.id = a.parent_account_id"
        " WHERE a.ancestry <> coalesce(p.ancestry, '/') || a.id || '/'",
    ),
    Invariant(
        "who has a login, a role or an enrollment in an account belongs there and above it (the ids are people's)",
        f"""
        WITH chain AS MATERIALIZED ({_CHAIN})
        SELECT DISTINCT r.user_id FROM ({_REASONS}) r JOIN chain ON chain.id = r.account_id
        WHERE NOT EXISTS (
            SELECT 1 FROM user_account_associations b WHERE b.user_id = r.user_id AND b.account_id = chain.above_id
        )
        """,
    ),
    Invariant(
        "nobody belongs to an account without a reason there or below it (the ids are people's)",
        f"""
        WITH chain AS MATERIALIZED ({_CHAIN}),
        founded AS MATERIALIZED (
            SELECT r.user_id, chain.above_id FROM ({_REASONS}) r JOIN chain ON chain.id = r.account_id
        )
        SELECT user_id FROM (
            SELECT user_id, account_id FROM user_account_associations EXCEPT SELECT user_id, above_id FROM founded
        ) AS unfounded
        """,
    ),
    Invariant(
        "lists show a login that its person has (the ids are people's)",
        """
        SELECT u.id FROM users u LEFT JOIN directory d ON d.user_id = u.id
        WHERE u.state <> 'deleted'
        AND EXISTS (SELECT 1 FROM logins l WHERE l.user_id = u.id AND l.state <> 'deleted')
        AND NOT EXISTS (
            SELECT 1 FROM logins l WHERE l.id = d.login_db_id AND l.user_id = u.id AND l.state <> 'deleted'
            AND l.unique_id = d.login_id
        )
        """,
    ),
)


def violations(db: Connection, most: int = 10) -> Iterator[Violation]:
    """The rules that do not hold, each with at most so many ids that break it. Reads whole tables."""
    for rule, broken_by in INVARIANTS:
        rows = db.execute(text(f"SELECT * FROM ({broken_by}) AS broken LIMIT {most}"))
        if ids := [int(row[0]) for row in rows]:
            yield Violation(rule, ids)
