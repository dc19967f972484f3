"""``homeroom doctor``: checks the installation, and says what to do about each problem."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from homeroom.cli import doctor_checks
from homeroom.cli.doctor_checks import Finding
from homeroom.cli.errors import settings_from
from homeroom.cli.options import of_a_school

# Columns of what is not a terminal: wider than any path.
_UNCUT = 10_000
STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


@click.command()
@of_a_school
def doctor(data: Path | None, database: str | None) -> None:
    """Check Python, the settings, the data folder, the database, stored secrets, search, clock, worker, storage, mail.

    It changes nothing. The exit status is 1 if there is a problem. A note is not a problem.

    \b
    Examples
      homeroom doctor
      homeroom doctor --database postgresql+psycopg://homeroom@db/homeroom
    """
    settings = settings_from(data=data, database_url=database)
    findings: list[Finding] = []
    with Console(file=sys.stderr).status("Looking ..."):
        findings.extend(doctor_checks.all_of(settings))
    show(findings)
    if any(finding.state == "problem" for finding in findings):
        raise SystemExit(1)


def show(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("check", "state", "found"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        told = finding.found if not finding.advice else f"{finding.found}\n→ {finding.advice}"
        table.add_row(finding.check, f"[{STYLES[finding.state]}]{finding.state}[/]", told, end_section=True)
    # Piped into a file, lines are not cut to a terminal's width.
    Console(width=None if sys.stdout.isatty() else _UNCUT, markup=True, highlight=False).print(table)
