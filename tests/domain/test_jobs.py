"""Work longer than a request: step by step, never half-done, watched and cancelled."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from petition import journal
from petition.base import db, jobs
from petition.base.jobs import Doer, Job, Task

STEPS = 5


def counting(task: Task) -> Iterator[None]:
    """Writes a line a step, and goes on from where it was."""
    task.total = STEPS
    while task.done < STEPS:
        journal.write("a test", f"step {task.done}")
        task.done += 1
        task.place = {"behind": task.done}
        yield
    task.result = {"said": task.parameters["say"]}


def asked(kind: str = "count") -> int:
    job_id = jobs.post(kind, {"say": "Ana López"}, actor="olga", at=db.now())
    db.session.commit()
    return job_id


def stored(job_id: int, kind: str = "count") -> Job:
    found = jobs.find(job_id, None, kind)
    assert found is not None
    db.session.rollback()
    return found


def written() -> list[str]:
    found = [one.deed for one in reversed(journal.lines(journal.Sought(None), 100))]
    db.session.rollback()
    return found


def dying_after(steps: int, doer: Doer = counting) -> Doer:
    """The same, until its process is gone: nothing is said to the database any more."""

    class Killed(BaseException):
        """No `except Exception` sees it."""

    def do(task: Task) -> Iterator[None]:
        for number, _step in enumerate(doer(task), 1):
            if number > steps:
                raise Killed
            yield

    def killed(task: Task) -> Iterator[None]:
        try:
            yield from do(task)
        except Killed:
            db.session.rollback()
            raise

    return killed


def works(doers: dict[str, Doer], stopping: threading.Event | None = None) -> bool | None:
    """Work once; None where the worker died."""
    try:
        return jobs.work(doers, stopping)
    except BaseException as error:
        if type(error).__name__ != "Killed":
            raise
        return None
    finally:
        db.session.remove()


def lease_over(job_id: int) -> None:
    db.session.execute(update(Job).where(Job.id == job_id).values(lease_until=db.now() - timedelta(seconds=1)))
    db.session.commit()


def test_a_job_is_done_to_its_end_and_says_how_far_it_is(app: Flask) -> None:
    job_id = asked()
    assert works({"count": counting}) is True
    job = stored(job_id)
    assert (job.state, job.done, job.total, job.place) == ("done", STEPS, STEPS, {"behind": STEPS})
    assert jobs.result(job) == {"said": "Ana López"}
    assert job.ended_at is not None
    assert written() == [f"step {number}" for number in range(STEPS)]
    assert works({"count": counting}) is False


def test_what_was_asked_and_what_was_found_is_sealed(app: Flask) -> None:
    job_id = asked()
    works({"count": counting})
    job = stored(job_id)
    assert b"Ana" not in job.parameters + (job.result or b"")


@pytest.mark.parametrize("steps", range(STEPS))
def test_a_worker_that_dies_leaves_nothing_half_done_and_the_next_goes_on_behind_its_last_step(
    app: Flask, steps: int
) -> None:
    job_id = asked()
    assert works({"count": dying_after(steps)}) is None
    assert stored(job_id).done == steps
    assert len(written()) == steps
    # While its lease lasts it is nobody else's.
    assert works({"count": counting}) is False
    lease_over(job_id)
    assert works({"count": counting}) is True
    assert written() == [f"step {number}" for number in range(STEPS)]
    assert stored(job_id).state == "done"


def test_one_that_kills_every_worker_is_given_up(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    job_id = asked()
    for _ in range(jobs.MOST_ATTEMPTS):
        assert works({"count": dying_after(0)}) is None
        lease_over(job_id)
    assert works({"count": counting}) is False
    job = stored(job_id)
    assert (job.state, job.trouble) == ("failed", "gave up")


def test_whoever_lost_the_job_to_another_stores_nothing_more(app: Flask) -> None:
    def slow(task: Task) -> Iterator[None]:
        yield
        journal.write("a test", "too late")
        lease_over(job_id)
        # Its session is the test's own: another worker takes the job at this moment.
        db.session.execute(update(Job).where(Job.id == job_id).values(lease=1))
        db.session.commit()
        journal.write("a test", "far too late")
        yield

    job_id = asked()
    assert works({"count": slow}) is True
    assert "far too late" not in written()
    assert stored(job_id).state == "running"


def test_a_cancelled_job_ends_after_the_step_at_hand(app: Flask) -> None:
    def cancelled_meanwhile(task: Task) -> Iterator[None]:
        for number, step in enumerate(counting(task)):
            if number == 2:
                assert jobs.cancel(stored(job_id), db.now())
                db.session.commit()
            yield step

    job_id = asked()
    works({"count": cancelled_meanwhile})
    job = stored(job_id)
    assert (job.state, job.done) == ("cancelled", 3)
    assert not jobs.cancel(job, db.now())
    assert works({"count": counting}) is False


def test_one_that_has_not_begun_is_cancelled_at_once(app: Flask) -> None:
    job_id = asked()
    assert jobs.cancel(stored(job_id), db.now())
    db.session.commit()
    assert stored(job_id).state == "cancelled"
    assert works({"count": counting}) is False
    assert written() == []


def _wrong(_task: Task) -> Iterator[None]:
    journal.write("a test", "of a step that fails")
    raise ValueError("Ana López")
    yield


def _refused(_task: Task) -> Iterator[None]:
    db.session.add(Job(id=1, kind="x", actor="x", parameters=b"", created_at=db.now(), ends_at=db.now(),
                       account_id=123456))  # fmt: skip
    db.session.flush()
    yield


@pytest.mark.parametrize(("doer", "said"), [(_wrong, ValueError), (_refused, IntegrityError)])
def test_a_mistake_ends_it_without_a_word_of_what_it_was_about(
    app: Flask, caplog: pytest.LogCaptureFixture, doer: Doer, said: type[Exception]
) -> None:
    job_id = asked()
    with caplog.at_level(logging.ERROR):
        assert works({"count": doer}) is True
    job = stored(job_id)
    assert (job.state, job.trouble) == ("failed", said.__name__)
    assert written() == []
    assert "Ana" not in caplog.text


def test_a_worker_that_stops_leaves_the_rest_to_the_next(app: Flask) -> None:
    stopping = threading.Event()
    stopping.set()
    job_id = asked()
    assert works({"count": counting}, stopping) is True
    assert (stored(job_id).state, stored(job_id).done) == ("waiting", 1)
    assert works({"count": counting}) is True
    assert written() == [f"step {number}" for number in range(STEPS)]


def test_each_worker_takes_another_job_and_only_those_it_knows(app: Flask) -> None:
    first, second = asked(), asked("else")
    seen: list[int] = []

    def nested(task: Task) -> Iterator[None]:
        seen.append(task.id)
        assert not jobs.work({"count": nested})
        yield

    assert works({"count": nested})
    assert seen == [first]
    assert stored(second, "else").state == "waiting"
    assert jobs.find(second, None, "count") is None
    assert [job.id for job in jobs.newest(None, ("count", "else"))] == [second, first]


def test_one_job_is_taken_however_the_database_plans_it(app: Flask) -> None:
    """PostgreSQL may go through the jobs and ask for the first one anew at each: what is locked already is skipped."""
    made = [asked() for _ in range(5)]
    if not db.is_sqlite():
        # What it comes to by itself where it believes that there is hardly anything.
        for way in ("enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material"):
            db.session.connection().exec_driver_sql(f"SET LOCAL {way} = off")
    assert works({"count": counting}) is True
    assert [stored(one).state for one in made] == ["done", "waiting", "waiting", "waiting", "waiting"]


def test_two_workers_at_once_do_each_job_once(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    done: list[int] = []

    def once(task: Task) -> Iterator[None]:
        done.append(task.id)
        yield

    with app.app_context():
        wanted = sorted(asked() for _ in range(20))

    def worker() -> None:
        while True:
            with app.app_context():
                if not jobs.work({"count": once}):
                    return

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == wanted
