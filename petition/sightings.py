"""What the machinery writes down of itself: which worker was seen when, when a backup was made, what was counted last.

A worker says every few seconds that it is there, and how the letters it held have ended. Nothing here names anybody.
"""

import secrets
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db

WORKER, GONE, BACKUP, TRIAL, CROWD = "worker", "gone", "backup", "trial", "crowd"
#: A worker says so often that it is there.
EVERY = timedelta(seconds=15)
#: Who has not for so long, and did not take leave, is taken for dead.
SILENT = timedelta(minutes=2)
#: Clocks of two machines may differ by so much without anybody seeing it.
CLOCKS = timedelta(seconds=60)
#: What is left of a worker that is gone.
_KEPT = timedelta(days=1)


class Sighting(db.Base):
    """When something was last seen."""

    __tablename__ = "sighting"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    machine: Mapped[str] = mapped_column(String(100))
    began_at: Mapped[datetime]
    #: By the clock of the machine itself.
    seen_at: Mapped[datetime]
    figures: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)


def new_id() -> str:
    """A name for a process, as long as it lives."""
    return secrets.token_hex(8)


def machine() -> str:
    """What this machine calls itself."""
    return socket.gethostname()[:100]


def see(row_id: str, kind: str, at: datetime, *, began_at: datetime | None = None,
        figures: Mapping[str, int] | None = None) -> None:  # fmt: skip
    """Write down that something is there, in the caller's transaction; the same row each time."""
    seen: dict[str, Any] = {"seen_at": at, "machine": machine(), "figures": dict(figures or {})}
    row = {"id": row_id, "kind": kind, "began_at": began_at or at} | seen
    db.session.execute(db.insert(Sighting).values(row).on_conflict_do_update(index_elements=["id"], set_=seen))


def is_outvoted(row_id: str, at: datetime, *, before: bool = False) -> bool:
    """Whether this machine's clock (`at`) is off: the database's differs from it, and agrees with another worker's.

    Where all workers differ from the database, it is the database's clock that is off, on which nothing rests. Who was
    outvoted `before` is until it agrees.
    """
    theirs = db.clock()
    if abs(theirs - at) <= CLOCKS:
        return False
    if before:
        return True
    others = Sighting.kind == WORKER, Sighting.id != row_id, Sighting.seen_at.between(theirs - SILENT, theirs + CLOCKS)
    return db.session.scalar(select(Sighting.id).where(*others).limit(1)) is not None


def leave(row_id: str, at: datetime, figures: Mapping[str, int]) -> None:
    """A worker takes leave, in the caller's transaction."""
    row = update(Sighting).where(Sighting.id == row_id)
    db.session.execute(row.values(kind=GONE, seen_at=at, figures=dict(figures)))


def forget(at: datetime) -> None:
    """Forget workers that are gone for long, in the caller's transaction."""
    gone = Sighting.kind.in_((WORKER, GONE)), Sighting.seen_at < at - _KEPT
    db.session.execute(delete(Sighting).where(*gone))


def backed_up(at: datetime) -> None:
    """Write down that the database was just backed up, in the caller's transaction."""
    see(BACKUP, BACKUP, at)


def try_writing(at: datetime) -> None:
    """Change a row of no meaning, in the caller's transaction. Raises what the database says where it stores
    nothing."""
    see(TRIAL, TRIAL, at)


def all_seen(*kinds: str) -> Sequence[Sighting]:
    """What was seen of these kinds, the last first."""
    return db.session.scalars(select(Sighting).where(Sighting.kind.in_(kinds)).order_by(Sighting.seen_at.desc())).all()
