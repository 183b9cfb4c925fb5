"""How the machinery does, in figures of the whole site: what waits, since when, who works at it.

For operators, never for the public: figures are exact. Nothing names anybody, nor any campaign, for a figure of a
small one may.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from petition import crowding, sightings
from petition.base import db
from petition.base.jobs import RUNNING, WAITING, Job
from petition.base.outbox import UNSENT, table
from petition.register import Move, RegisterHead, Tally
from petition.sightings import CLOCKS, Sighting

#: A letter that somebody waits for, a move, a job: due for longer means that something stands still.
LETTERS, MOVES, JOBS = timedelta(minutes=10), timedelta(minutes=10), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest of them has been due (None: none is)."""

    count: int = 0
    since: datetime | None = None

    def age(self, at: datetime) -> timedelta:
        """How long the oldest has waited."""
        return max(at - self.since, timedelta()) if self.since else timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The figures of one moment."""

    at: datetime
    #: How far the clock of the database is ahead of this machine's.
    clock: timedelta
    #: Unsent letters by (state, whether they are news).
    letters: dict[tuple[str, bool], int]
    #: Of what somebody waits for, what is due.
    due: Waiting
    #: Of what somebody waits for, what mail servers have put off, and since when the oldest of it has been there.
    put_off: Waiting
    failed: int
    moves: Waiting
    all_moves: int
    signatures: int
    jobs: Waiting
    running_jobs: int
    #: Those that are gone as well, for a day; the last seen first.
    workers: list[Sighting]
    backup: datetime | None
    #: Free bytes and all bytes where the database's file lies; None where it is a server.
    disk: tuple[int, int] | None
    #: The most that one mail domain brought one campaign within the hour, out of all proportion; None where nobody
    #: has counted lately.
    crowd: int | None = None
    ended: dict[str, dict[str, int]] = field(default_factory=dict)

    def present(self) -> list[Sighting]:
        """The workers that were seen lately."""
        lately = [one for one in self.workers if abs(self.at - one.seen_at) <= sightings.SILENT]
        return [one for one in lately if one.kind == sightings.WORKER]


def read(at: datetime) -> Pulse:
    """The figures of now; none of these questions grows with the number of signatures."""
    # The database's own clock first: it stands still at the beginning of the transaction.
    theirs = db.clock()
    folded = db.session.scalar(select(func.sum(Tally.amount)).where(Tally.dimension == "total"))
    numbered = db.session.scalar(select(func.sum(RegisterHead.number)))
    unnumbered = select(func.count(), func.min(Move.at), func.coalesce(func.sum(Move.amount), 0))
    moves, since, amount = db.session.execute(unnumbered.where(Move.number.is_(None))).one()
    workers = list(sightings.all_seen(sightings.WORKER, sightings.GONE))
    backup = next(iter(sightings.all_seen(sightings.BACKUP)), None)
    return Pulse(
        at=at, clock=theirs - at, letters=_letters(), due=_due(at), put_off=_put_off(),
        failed=_failed(at), moves=Waiting(moves, since),
        all_moves=int(numbered or 0) + moves, signatures=int(folded or 0) + int(amount), jobs=_jobs(),
        running_jobs=_count_jobs(RUNNING), workers=workers, backup=backup.seen_at if backup else None, disk=disk(),
        crowd=crowding.last(at), ended={one.id: one.figures for one in workers},
    )  # fmt: skip


def _letters() -> dict[tuple[str, bool], int]:
    query = select(table.c.state, table.c.news, func.count()).where(text(f"state IN {UNSENT}"))
    found = {(state, news): 0 for state in UNSENT for news in (False, True)}
    for state, news, count in db.session.execute(query.group_by(table.c.state, table.c.news)):
        found[state, bool(news)] = int(count)
    return found


def _due(at: datetime) -> Waiting:
    waiting = text("state = 'waiting'"), table.c.news.is_(False), table.c.due_at <= at
    count, since = db.session.execute(select(func.count(), func.min(table.c.due_at)).where(*waiting)).one()
    return Waiting(int(count), since)


def _put_off() -> Waiting:
    tried = text("state = 'waiting'"), table.c.news.is_(False), table.c.attempts > 0
    count, since = db.session.execute(select(func.count(), func.min(table.c.created_at)).where(*tried)).one()
    return Waiting(int(count), since)


def _failed(at: datetime) -> int:
    lately = text("state = 'failed'"), table.c.settled_at > at - timedelta(days=1)
    return int(db.session.scalar(select(func.count()).where(*lately)) or 0)


def _jobs() -> Waiting:
    query = select(func.count(), func.min(Job.created_at)).where(Job.state == WAITING)
    count, since = db.session.execute(query).one()
    return Waiting(int(count), since)


def _count_jobs(state: str) -> int:
    return int(db.session.scalar(select(func.count()).where(Job.state == state)) or 0)


def disk() -> tuple[int, int] | None:
    """Free and all bytes of the disk that the database's file lies on; None where it is a server, or away."""
    file = db.database().engine.url.database
    if not db.is_sqlite() or not file:
        return None
    try:
        found = shutil.disk_usage(Path(file).parent)
    except OSError:
        return None
    return found.free, found.total


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was looked at: whether it is well, and that in words."""

    what: str
    is_well: bool
    words: str


def looked_at(pulse: Pulse) -> Iterator[Said]:
    """What the figures mean."""
    ahead = abs(pulse.clock)
    # One that took leave says nothing about clocks any more, wherever its own was.
    there = [one for one in pulse.workers if one.kind == sightings.WORKER]
    furthest = max([one.seen_at - pulse.at for one in there], default=timedelta())
    differ = max(ahead, furthest)
    yield Said("clock", differ <= CLOCKS, f"they differ by {in_words(differ)}")
    here = pulse.present()
    last = pulse.workers[0].seen_at if pulse.workers else None
    gone = f"the last one was seen {in_words(pulse.at - last)} ago" if last else "none was ever seen"
    yield Said("worker", bool(here), f"{len(here)} at work" if here else f"none is at work; {gone}")
    for what, waiting, limit in (
        ("letters", pulse.due, LETTERS), ("moves", pulse.moves, MOVES), ("jobs", pulse.jobs, JOBS),
    ):  # fmt: skip
        age = waiting.age(pulse.at)
        words = f"{waiting.count} due, the oldest for {in_words(age)}" if waiting.count else "none is due"
        yield Said(what, age <= limit, words)


def in_words(span: timedelta) -> str:
    """A length of time, roughly."""
    seconds = int(abs(span).total_seconds())
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} seconds"
