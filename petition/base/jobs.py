"""Work longer than a request: posted by a page, done step by step by a worker, watched and cancelled from the page.

What a step writes and how far it came are one transaction, so that a worker that dies leaves nothing half-done: the
next one goes on behind the last step. Parameters and result may name people and are sealed; `place` names nobody.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, SmallInteger, String, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db

_log = logging.getLogger(__name__)

#: A step must be done in less; who has not said so by then is taken for dead.
LEASE = timedelta(minutes=2)
#: A job that was begun so often without a single step ending is given up.
MOST_ATTEMPTS = 5
#: What a job has found is kept for so long after it was asked for.
KEPT = timedelta(days=1)
WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
_OPEN = text("state IN ('waiting', 'running')")


class Job(db.Base):
    """One piece of work."""

    __tablename__ = "job"
    __table_args__ = (
        Index("job_open", "created_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("job_campaign", "campaign_id", "kind", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(30))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    #: Whose it is, where an account asked for it.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    #: Who acts, in the journal's words.
    actor: Mapped[str] = mapped_column(String(120))
    parameters: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    done: Mapped[int] = mapped_column(default=0)
    #: None while nobody has counted yet.
    total: Mapped[int | None]
    #: Where the next step begins. Names nobody.
    place: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The kind of error that ended it; never its text, which may repeat what is stored.
    trouble: Mapped[str] = mapped_column(String(60), default="")
    cancelling: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease: Mapped[int | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ends_at: Mapped[datetime]

    @property
    def is_open(self) -> bool:
        """Whether a worker has not come to its end yet."""
        return self.state in (WAITING, RUNNING)


@dataclass
class Task:
    """A job as its doer holds it: `done`, `total`, `place` and `result` are stored with every step."""

    id: int
    campaign_id: int | None
    account_id: int | None
    actor: str
    parameters: dict[str, Any]
    done: int
    total: int | None
    place: dict[str, Any]
    lease: int
    result: dict[str, Any] | None = field(default=None)


#: Does a job: every `yield` ends a step, which the loop then commits together with how far the task came. Begun anew
#: by another worker it goes on from `task.place`. It never commits, and reads what takes long without the session,
#: whose transaction holds SQLite's write lock.
Doer = Callable[[Task], Iterator[None]]


class _Lost(Exception):
    """The job is not ours any more: its lease ran out."""


class _Cancelled(Exception):
    """Whoever asked for it wants it no more."""


def post(
    kind: str, parameters: Mapping[str, Any], *, actor: str, campaign_id: int | None = None,
    account_id: int | None = None, at: datetime, kept: timedelta = KEPT,
) -> int:  # fmt: skip
    """Ask for work, in the caller's transaction; the job's id, random. Retention deletes it, with its
    parameters and result, when `kept` is over."""
    job_id = secrets.randbits(63)
    sealed = crypto.seal("job", str(job_id), orjson.dumps(parameters))
    db.session.add(
        Job(id=job_id, kind=kind, campaign_id=campaign_id, account_id=account_id, actor=actor[:120], parameters=sealed,
            created_at=at, ends_at=at + kept)
    )  # fmt: skip
    db.session.flush()
    return job_id


def find(job_id: int, campaign_id: int | None, kind: str) -> Job | None:
    """A job of one kind and campaign."""
    query = select(Job).where(Job.id == job_id, Job.campaign_id.is_not_distinct_from(campaign_id), Job.kind == kind)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def newest(campaign_id: int | None, kinds: Sequence[str], most: int = 20) -> Sequence[Job]:
    """The last jobs of some kinds that a campaign has, newest first."""
    query = select(Job).where(Job.campaign_id.is_not_distinct_from(campaign_id), Job.kind.in_(kinds))
    return db.session.scalars(query.order_by(Job.created_at.desc(), Job.id).limit(most)).all()


def parameters(job: Job) -> dict[str, Any]:
    """What was asked, opened."""
    return _opened(job.id, job.parameters) or {}


def result(job: Job) -> dict[str, Any] | None:
    """What it found so far, opened; None before its first step."""
    return _opened(job.id, job.result)


def _opened(job_id: int, sealed: bytes | None) -> dict[str, Any] | None:
    if sealed is None:
        return None
    found: dict[str, Any] = orjson.loads(crypto.unseal("job", str(job_id), sealed))
    return found


def cancel(job: Job, at: datetime) -> bool:
    """Have a job end after the step at hand, or at once where none has begun; whether it was still open."""
    row = update(Job).where(Job.id == job.id)
    waiting = row.where(Job.state == WAITING).values(state=CANCELLED, ended_at=at)
    return bool(db.count(waiting)) or bool(db.count(row.where(Job.state == RUNNING).values(cancelling=True)))


def work(doers: Mapping[str, Doer], stopping: threading.Event | None = None) -> bool:
    """Do one job that waits, or whose worker has died, as far as it goes; False where there was none.

    Commits after every step. Where `stopping` is set it is left to the next worker behind the last step.
    """
    task, kind = _claimed(tuple(doers), db.now())
    if task is None:
        return False
    try:
        with closing(doers[kind](task)) as steps:  # type: ignore[type-var]  # a generator
            for _step in steps:
                _keep(task)
                db.session.commit()
                if stopping is not None and stopping.is_set():
                    _change(task, state=WAITING, lease=None, lease_until=None)
                    db.session.commit()
                    return True
        _keep(task)
        _end(task, DONE)
    except _Lost:
        db.session.rollback()
    except _Cancelled:
        _end(task, CANCELLED)
    except Exception as error:
        _failed(task, kind, error)
    return True


def _failed(task: Task, kind: str, error: Exception) -> None:
    db.session.rollback()
    if isinstance(error, SQLAlchemyError) and db.is_unavailable(error):
        # Its lease runs out, and somebody begins again.
        raise error
    _log.error("the job %s failed: %s", kind, type(error).__name__)
    _end(task, FAILED, type(error).__name__)


def _claimed(kinds: Sequence[str], at: datetime) -> tuple[Task | None, str]:
    dead = (Job.state == RUNNING) & (Job.lease_until < at)
    due = select(Job.id).where(_OPEN, or_(Job.state == WAITING, dead), Job.kind.in_(kinds)).order_by(Job.created_at)
    # Apart, as a CTE: within IN PostgreSQL may ask it once for each row of the table, and each time find another job.
    first = due.limit(1).with_for_update(skip_locked=True).cte("first")
    lease = secrets.randbits(63)
    mine = (
        update(Job)
        .where(Job.id.in_(select(first.c.id)))
        .values(state=RUNNING, lease=lease, lease_until=at + LEASE, attempts=Job.attempts + 1)
        .returning(*Job.__table__.c)
    )
    row = db.session.execute(mine).one_or_none()
    db.session.commit()
    if row is None:
        return None, ""
    task = Task(
        row.id, row.campaign_id, row.account_id, row.actor, _opened(row.id, row.parameters) or {}, row.done, row.total,
        dict(row.place), lease, _opened(row.id, row.result),
    )  # fmt: skip
    if row.attempts > MOST_ATTEMPTS:
        _end(task, FAILED, "gave up")
    elif row.cancelling:
        _end(task, CANCELLED)
    else:
        return task, row.kind
    return _claimed(kinds, at)


def _keep(task: Task) -> None:
    """Store how far a task came, in the step's own transaction. Raises _Lost, and _Cancelled once it is stored."""
    sealed = None if task.result is None else crypto.seal("job", str(task.id), orjson.dumps(task.result))
    cancelling = _change(
        task, done=task.done, total=task.total, place=task.place, result=sealed, lease_until=db.now() + LEASE,
        attempts=0,
    )  # fmt: skip
    if cancelling:
        db.session.commit()
        raise _Cancelled


def _end(task: Task, state: str, trouble: str = "") -> None:
    """Store how it ended, and commit. Where it is another's by now nothing is stored."""
    try:
        _change(task, state=state, trouble=trouble[:60], ended_at=db.now(), lease=None, lease_until=None)
    except _Lost:
        db.session.rollback()
        return
    db.session.commit()


def _change(task: Task, **changes: Any) -> bool:
    """Change the row while it is ours; whether it is being cancelled. Raises _Lost."""
    mine = update(Job).where(Job.id == task.id, Job.state == RUNNING, Job.lease == task.lease)
    found = db.session.execute(mine.values(**changes).returning(Job.cancelling)).one_or_none()
    if found is None:
        raise _Lost
    return bool(found.cancelling)
