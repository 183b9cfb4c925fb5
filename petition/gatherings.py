"""People who sign together, at a meeting or in a hall: for that place and time a network's soft limit is lifted (S49).

What is lifted is only that letters are spread over time; limits for each mailbox stay, and so does the hard limit at
the door. A hall's network cannot be known beforehand. So either somebody who is there says "the one I am on", which is
kept as the day's keyed hash alone, or people come by a link of the gathering's own, whose source is random. Both end
by themselves.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, String, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, networks
from petition.base import db, outbox

#: A gathering is at most so long, and said at most so long before.
LONGEST = timedelta(hours=24)
AHEAD = timedelta(days=90)
#: One that is said by who is there holds also for those who have signed there in the hour before.
BEFORE = timedelta(hours=1)
#: In front of the random part of a gathering's source.
SOURCE = "together-"


class Gathering(db.Base):
    """A place and a time at which people sign together: those of a network, or those who come by a source."""

    __tablename__ = "gathering"
    __table_args__ = (Index("gathering_campaign", "campaign_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    #: What organisers call it.
    place: Mapped[str] = mapped_column(String(120))
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: The source of who comes by its link; "" where it is about a network.
    source: Mapped[str] = mapped_column(String(100))
    #: The network's hash under the key of the day on which it was said, and under the next day's where it goes on.
    network: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    next_network: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]

    def is_over(self, at: datetime) -> bool:
        """Whether its end has passed."""
        return self.ends_at <= at


@dataclass(frozen=True, slots=True)
class Crowded:
    """A letter whose network is over its soft limit: what it is of, and when the form was sent."""

    id: int
    campaign_id: int
    network: bytes
    source: str
    sent_at: datetime


def begin(
    campaign_id: int, address: str, place: str, ends_at: datetime, *, actor: str, reason: str, at: datetime
) -> Gathering | None:
    """Lift the soft limit from now on for the network of an address; letters to people there that wait go at once.
    None where the address says no network. The caller has checked that it ends, and within LONGEST."""
    network = networks.hashed(address, at)
    if network is None:
        return None
    goes_on = ends_at.astimezone(UTC).date() > at.astimezone(UTC).date()
    next_network = networks.hashed(address, at + timedelta(days=1)) if goes_on else None
    row = Gathering(
        campaign_id=campaign_id, place=place, began_at=at - BEFORE, ends_at=ends_at, source="", network=network,
        next_network=next_network, created_at=at,
    )  # fmt: skip
    _add(row, actor, reason)
    letter = outbox.Letter.__table__.c
    waiting = update(outbox.Letter).where(letter.campaign_id == campaign_id, letter.network == network)
    db.session.execute(waiting.where(letter.state == "waiting", letter.due_at > at).values(due_at=at))
    return row


def plan(
    campaign_id: int, place: str, began_at: datetime, ends_at: datetime, *, actor: str, reason: str, at: datetime
) -> Gathering:
    """Lift the soft limit between two moments for who comes by a link that is made for it."""
    row = Gathering(
        campaign_id=campaign_id, place=place, began_at=began_at, ends_at=ends_at, created_at=at,
        source=SOURCE + secrets.token_hex(4),
    )  # fmt: skip
    _add(row, actor, reason)
    return row


def _add(row: Gathering, actor: str, reason: str) -> None:
    db.session.add(row)
    db.session.flush()
    journal.write(actor, "soft limit lifted", campaign_id=row.campaign_id, about=row.id, reason=reason)


def end(campaign_id: int, number: int, *, actor: str, at: datetime) -> bool:
    """Have a gathering end now; False where it is over, or another campaign's."""
    mine = select(Gathering).where(Gathering.id == number, Gathering.campaign_id == campaign_id).with_for_update()
    row = db.session.scalars(mine).one_or_none()
    if row is None or row.is_over(at):
        return False
    row.ends_at = at
    db.session.flush()
    journal.write(actor, "soft limit set again", campaign_id=campaign_id, about=number)
    return True


def of_campaign(campaign_id: int, most: int = 50) -> Sequence[Gathering]:
    """The gatherings of a campaign, those that end last first."""
    mine = select(Gathering).where(Gathering.campaign_id == campaign_id)
    return db.session.scalars(mine.order_by(Gathering.ends_at.desc(), Gathering.id.desc()).limit(most)).all()


def lifted(letters: Sequence[Crowded]) -> set[int]:
    """Those of the letters that need not wait: their forms were sent at a gathering."""
    if not letters:
        return set()
    # Long over are those that ended before any of these was sent.
    first = min(one.sent_at for one in letters)
    campaigns = {one.campaign_id for one in letters}
    known = {one.network for one in letters}
    which = or_(Gathering.network.in_(known), Gathering.next_network.in_(known), Gathering.source != "")
    rows = db.session.scalars(
        select(Gathering).where(Gathering.campaign_id.in_(campaigns), Gathering.ends_at > first, which)
    ).all()
    return {one.id for one in letters if any(_is_at(row, one) for row in rows)}


def _is_at(row: Gathering, letter: Crowded) -> bool:
    when = row.began_at <= letter.sent_at < row.ends_at
    came = letter.source == row.source if row.source else letter.network in (row.network, row.next_network)
    return row.campaign_id == letter.campaign_id and when and came
