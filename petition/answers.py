"""From the form to the button: how many mailboxes were asked to confirm, how many did, and how long after.

What was typed is deleted when the button is pressed, and an idle link after two weeks, so neither can be counted
later. The worker counts them while they are there, hour by hour: from the moment on each link at which its first
letter was sent, and from the two moments on each signature. Nobody who signs or confirms waits for that, and what is
kept is numbers.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from petition.base import db
from petition.campaigns import SETTLING, Campaign
from petition.links import Link
from petition.signatures import PendingSignature, Signature

#: How long after the form was sent the button was pressed: what it is called, and up to how long.
AFTER = {"at_once": timedelta(minutes=10), "within_an_hour": timedelta(hours=1), "within_a_day": timedelta(days=1)}
LATER = "later"
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


class Answer(db.Base):
    """One hour (UTC) of a campaign: the mailboxes asked for the first time, and the signatures confirmed online, by
    how long after the form."""

    __tablename__ = "answer"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    asked: Mapped[int]
    at_once: Mapped[int]
    within_an_hour: Mapped[int]
    within_a_day: Mapped[int]
    later: Mapped[int]


class AnswerHead(db.Base):
    """Up to which moment a campaign is counted. Locked by whoever counts."""

    __tablename__ = "answer_head"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of one hour."""

    hour: datetime
    asked: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What is counted of a campaign up to a moment (None: nothing yet): in all, those confirmed by how long after, the
    last hours, and how many mailboxes have a form that waits for the button now."""

    until: datetime | None
    asked: int
    after: dict[str, int]
    open: int
    hours: list[Hour]

    @property
    def confirmed(self) -> int:
        """How many pressed the button."""
        return sum(self.after.values())


def due(at: datetime) -> list[int]:
    """Campaigns of which something is not yet counted. What is younger than two minutes may not be committed yet."""
    since = func.coalesce(AnswerHead.until, _EVER)
    asked = exists().where(Link.campaign_id == Campaign.id, Link.asked_at > since, Link.asked_at <= at - SETTLING)
    entered = exists().where(
        Signature.campaign_id == Campaign.id, Signature.entered_at > since, Signature.entered_at <= at - SETTLING
    )
    query = select(Campaign.id).outerjoin(AnswerHead, AnswerHead.campaign_id == Campaign.id)
    return list(db.session.scalars(query.where(or_(asked, entered)).order_by(Campaign.id)))


def count(campaign_id: int, at: datetime) -> bool:
    """Count one more hour of a campaign in the caller's transaction, to be committed right after; whether there may
    be more. Of two who do it at once, one does."""
    head = db.insert(AnswerHead).values(campaign_id=campaign_id, until=_EVER)
    db.session.execute(head.on_conflict_do_nothing())
    mine = select(AnswerHead).where(AnswerHead.campaign_id == campaign_id)
    row = db.session.scalars(
        mine.with_for_update(skip_locked=True), execution_options={"populate_existing": True}
    ).one_or_none()
    first = None if row is None else _first_after(campaign_id, row.until)
    if row is None or first is None or first > at - SETTLING:
        return False
    hour = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    # Only what is in this hour: the row of another one is not touched.
    until = min(hour + _HOUR - timedelta(microseconds=1), at - SETTLING)
    _add(campaign_id, hour, _counted(campaign_id, row.until, until))
    row.until = until
    db.session.flush()
    return until < at - SETTLING


def _first_after(campaign_id: int, since: datetime) -> datetime | None:
    """The next moment at which somebody was asked, or confirmed."""
    asked = select(func.min(Link.asked_at)).where(Link.campaign_id == campaign_id, Link.asked_at > since)
    entered = select(func.min(Signature.entered_at)).where(
        Signature.campaign_id == campaign_id, Signature.entered_at > since
    )
    return min(filter(None, (db.session.scalar(asked), db.session.scalar(entered))), default=None)


def _counted(campaign_id: int, since: datetime, until: datetime) -> Counter[str]:
    def between(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        return (column > since) & (column <= until)

    found: Counter[str] = Counter()
    asked = select(func.count()).where(Link.campaign_id == campaign_id, between(Link.asked_at))
    found["asked"] = int(db.session.execute(asked).scalar_one())
    pressed = select(Signature.signed_at, Signature.entered_at).where(
        Signature.campaign_id == campaign_id, between(Signature.entered_at), Signature.channel == "online"
    )
    found.update(
        next((name for name, most in AFTER.items() if entered - signed <= most), LATER)
        for signed, entered in db.session.execute(pressed.execution_options(yield_per=5000))
    )
    return found


def _add(campaign_id: int, hour: datetime, found: Counter[str]) -> None:
    names = ("asked", *AFTER, LATER)
    statement = db.insert(Answer).values(campaign_id=campaign_id, hour=hour, **{name: found[name] for name in names})
    added = {name: getattr(Answer, name) + statement.excluded[name] for name in names}
    db.session.execute(statement.on_conflict_do_update(index_elements=[Answer.campaign_id, Answer.hour], set_=added))


def read(campaign_id: int, since: datetime) -> Answers:
    """What is counted of a campaign, with its hours from a moment on."""
    names = ("asked", *AFTER, LATER)
    sums = select(*(func.coalesce(func.sum(getattr(Answer, name)), 0) for name in names))
    asked, *after = db.session.execute(sums.where(Answer.campaign_id == campaign_id)).one()
    recent = select(Answer).where(Answer.campaign_id == campaign_id, Answer.hour >= since).order_by(Answer.hour)
    hours = [
        Hour(row.hour, row.asked, sum(getattr(row, name) for name in names[1:])) for row in db.session.scalars(recent)
    ]
    until = db.session.scalar(select(AnswerHead.until).where(AnswerHead.campaign_id == campaign_id))
    typed = select(func.count(PendingSignature.mailbox.distinct())).where(PendingSignature.campaign_id == campaign_id)
    after_by_name = dict(zip(names[1:], map(int, after), strict=True))
    return Answers(until, int(asked), after_by_name, int(db.session.execute(typed).scalar_one()), hours)
