"""Who of the organisers did what, when and why. Written in the deed's own transaction; never changed afterwards.

The database itself refuses to change or delete a line (triggers, made by the migrations on both databases).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class Entry(db.Base):
    """One deed. Holds no personal data of signers: a signature is named by its random id alone."""

    __tablename__ = "journal"
    __table_args__ = (Index("journal_about", "campaign_id", "about"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    #: Who acted: an organiser, or the account of the machine for a command.
    actor: Mapped[str] = mapped_column(String(120))
    deed: Mapped[str] = mapped_column(String(60))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    #: The signature, export or other row it was done to.
    about: Mapped[int | None]
    #: How many rows it touched.
    count: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines are wanted: of a campaign, or (None) those that are of none; "" and 0 ask for nothing."""

    campaign_id: int | None
    actor: str = ""
    deed: str = ""
    before: int = 0


def lines(sought: Sought, most: int) -> Sequence[Entry]:
    """The newest lines that are wanted."""
    query = select(Entry).where(_of(sought.campaign_id))
    query = query.where(Entry.actor == sought.actor) if sought.actor else query
    query = query.where(Entry.deed == sought.deed) if sought.deed else query
    query = query.where(Entry.id < sought.before) if sought.before else query
    return db.session.scalars(query.order_by(Entry.id.desc()).limit(most)).all()


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
