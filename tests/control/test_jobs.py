"""Jobs: woken after the commit, found by sweeps, run on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School

from homeroom.school.jobs import registry as jobs_module
from homeroom.school.jobs.registry import Tools, call, job, later, sweep
from homeroom.school.schema import SystemFact
from homeroom.services.jobs import JobCall

RUN = "/homeroom/v1/jobs/run"


def ring(tools: Tools, *, number: int) -> None:
    """A job for these tests: count in a row how often a bell has rung."""
    with tools.database.write() as db:
        rung = db.execute(select(SystemFact.c.value).where(SystemFact.c.name == f"bell {number}")).scalar_one()
        db.execute(update(SystemFact).where(SystemFact.c.name == f"bell {number}").values(value=str(int(rung) + 1)))
        if number == 9 and rung == "0":
            later(ring, number=1)


def fail(_tools: Tools, *, number: int) -> None:
    raise ValueError(f"Bell {number} is broken.")


def silent_bells(db: Connection) -> Iterable[JobCall]:
    rows = db.execute(select(SystemFact.c.name).where(SystemFact.c.name.like("bell %"), SystemFact.c.value == "0"))
    return [call(ring, number=int(row.name.split()[1])) for row in rows]


@pytest.fixture
def dev(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    monkeypatch.setattr(jobs_module, "_jobs", dict(jobs_module._jobs))
    monkeypatch.setattr(jobs_module, "_sweeps", [])
    job(ring)
    job(fail)
    yield school.with_settings(dev=True)


def hang(dev: School, number: int) -> None:
    dev.write(lambda db: db.execute(insert(SystemFact).values(name=f"bell {number}", value="0")))


def rung(dev: School, number: int) -> int:
    return int(
        dev.read(
            lambda db: db.execute(select(SystemFact.c.value).where(SystemFact.c.name == f"bell {number}")).scalar_one()
        )
    )


def run(dev: School) -> int:
    answer = dev.as_("site_admin").post(RUN)
    assert answer.status == 200, answer.text
    return int(answer.json["ran"])


@pytest.mark.spec("homeroom.md#5")
def test_what_was_put_off_runs_once_when_it_is_asked_for(dev: School) -> None:
    hang(dev, 1)
    dev.write(lambda _db: later(ring, number=1))
    assert rung(dev, 1) == 0
    assert run(dev) == 1
    assert rung(dev, 1) == 1
    assert run(dev) == 0


def test_a_job_of_a_change_that_was_undone_never_runs(dev: School) -> None:
    hang(dev, 1)

    def change(_db: Connection) -> None:
        later(ring, number=1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        dev.write(change)
    assert run(dev) == 0


def test_a_job_can_only_be_put_off_inside_a_change(dev: School) -> None:
    with pytest.raises(RuntimeError, match="write transaction"):
        later(ring, number=1)


def test_what_a_job_puts_off_is_run_too(dev: School) -> None:
    hang(dev, 1)
    hang(dev, 9)
    dev.write(lambda _db: later(ring, number=9))
    assert run(dev) == 2
    assert (rung(dev, 9), rung(dev, 1)) == (1, 1)


def test_a_sweep_finds_what_the_queue_lost(dev: School) -> None:
    sweep(silent_bells)
    hang(dev, 1)
    hang(dev, 2)
    assert run(dev) == 2
    assert (rung(dev, 1), rung(dev, 2)) == (1, 1)
    assert run(dev) == 0


def test_a_job_that_fails_is_logged_and_the_next_one_runs(dev: School, caplog: pytest.LogCaptureFixture) -> None:
    hang(dev, 1)
    dev.write(lambda _db: later(fail, number=7))
    dev.write(lambda _db: later(ring, number=1))
    assert run(dev) == 2
    assert rung(dev, 1) == 1
    assert "Bell 7 is broken." in caplog.text
    (record,) = [record for record in caplog.records if record.message == "A job failed."]
    assert record.__dict__["fields"] == {"job": "fail", "number": 7}


def test_a_sweep_that_fails_keeps_no_other_from_finding(dev: School, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_db: Connection) -> Iterable[JobCall]:
        raise ValueError("The broom is broken.")

    sweep(broken)
    sweep(silent_bells)
    hang(dev, 1)
    assert run(dev) == 1
    assert rung(dev, 1) == 1
    assert "The broom is broken." in caplog.text


def test_a_sweep_that_finds_a_few_at_a_time_is_asked_until_it_finds_no_more(dev: School) -> None:
    sweep(lambda db: list(silent_bells(db))[:2])
    sweep(lambda _db: [call(fail, number=7)])
    for number in range(1, 6):
        hang(dev, number)
    run(dev)
    assert [rung(dev, number) for number in range(1, 6)] == [1] * 5


def test_a_sweep_adds_nothing_to_a_full_queue(dev: School, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(silent_bells)
    hang(dev, 1)
    jobs = dev.server.services.jobs
    monkeypatch.setattr(jobs_module, "MOST_WAITING", 1)
    assert [jobs.sweep(), jobs.sweep(), jobs.sweep()] == [1, 1, 0]


def test_a_job_that_a_newer_version_has_dropped_is_left_out(dev: School, caplog: pytest.LogCaptureFixture) -> None:
    dev.server.services.jobs.queue.put([JobCall("of_old", {"number": 1})])
    assert run(dev) == 1
    assert "There is no job 'of_old'." in caplog.text


def test_a_queue_that_cannot_be_written_to_undoes_nothing(
    dev: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hang(dev, 1)
    huey = dev.server.services.jobs.queue._huey
    monkeypatch.setattr(huey, "enqueue", lambda _task: 1 / 0)
    dev.write(lambda _db: later(ring, number=1))
    assert "The job queue cannot be written to." in caplog.text


def test_two_jobs_of_one_name_are_a_mistake(dev: School) -> None:
    def ring(_tools: Tools, *, number: int) -> None: ...

    with pytest.raises(ValueError, match="two jobs with the name ring"):
        job(ring)


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize("who, status", [("site_admin", 200), ("admin", 403), ("student", 403), ("anonymous", 401)])
def test_who_may_run_jobs(dev: School, who: str, status: int) -> None:
    assert dev.as_(who).post(RUN).status == status


def test_without_development_there_is_nothing_to_run(school: School) -> None:
    assert school.as_("site_admin").post(RUN).status == 404
