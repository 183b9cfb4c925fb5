"""Who of the organisers did what, when and why. Written in the deed's own transaction; never changed afterwards.

The database itself refuses to change or delete a line (triggers, made by the migrations on both databases).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class Entry(db.Base):
    """One deed. Holds no personal data of signers: a signature is named by its random id alone."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_page", "campaign_id", "at", "id"),
        Index("journal_about", "campaign_id", "about"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    #: Who acted: an organiser, or the account of the machine for a command.
    actor: Mapped[str] = mapped_column(String(120))
    deed: Mapped[str] = mapped_column(String(60))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    #: The signature, export or other row it was done to.
    about: Mapped[int | None]
    #: How many rows it touched.
    count: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines are wanted: of a campaign, or (None) those that are of none; "", None and 0 ask for nothing. Days are
    UTC days, both inclusive; `before` is the last line of the page before."""

    campaign_id: int | None
    actor: str = ""
    deed: str = ""
    first_day: date | None = None
    last_day: date | None = None
    before: int = 0


def lines(sought: Sought, most: int) -> Sequence[Entry]:
    """The newest lines that are wanted."""
    query = select(Entry).where(_of(sought.campaign_id))
    query = query.where(Entry.actor == sought.actor) if sought.actor else query
    query = query.where(Entry.deed == sought.deed) if sought.deed else query
    if sought.first_day is not None:
        query = query.where(Entry.at >= _midnight(sought.first_day))
    if sought.last_day is not None:
        query = query.where(Entry.at < _midnight(sought.last_day + timedelta(days=1)))
    if sought.before:
        last = select(Entry.at, Entry.id).where(Entry.id == sought.before, _of(sought.campaign_id))
        query = query.where(tuple_(Entry.at, Entry.id) < last.scalar_subquery())
    return db.session.scalars(query.order_by(Entry.at.desc(), Entry.id.desc()).limit(most)).all()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def known(campaign_id: int | None) -> tuple[list[str], list[str]]:
    """Who has acted and what was done, of a campaign or (None) of none; in order."""
    pairs = db.session.execute(select(Entry.actor, Entry.deed).where(_of(campaign_id)).distinct()).all()
    return sorted({actor for actor, _deed in pairs}, key=str.casefold), sorted({deed for _actor, deed in pairs})


def _of(campaign_id: int | None) -> ColumnElement[bool]:
    return Entry.campaign_id.is_(None) if campaign_id is None else Entry.campaign_id == campaign_id


def write(
    actor: str, deed: str, *, campaign_id: int | None = None, about: int | None = None, count: int = 1, reason: str = ""
) -> None:
    """Add a line in the caller's transaction."""
    db.session.add(
        Entry(
            at=db.now(), actor=actor[:120], deed=deed, campaign_id=campaign_id, about=about, count=count, reason=reason
        )
    )
    db.session.flush()
