"""The link of a mailbox in a campaign and its clocks: when a letter may go, and when no more letters are wanted.

Every verb that touches what one mailbox has in one campaign locks the link's row first, so that deciding,
settling, confirming and withdrawing cannot cross.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Date, ForeignKey, LargeBinary, Select, String, Uuid, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db, outbox

#: At most one letter about signing in so long, and so many a UTC day for one campaign and over all (S10).
BETWEEN_LETTERS = timedelta(minutes=10)
A_DAY_HERE = 3
A_DAY_EVERYWHERE = 5
#: For so long "this was not me" and "no letters from this site" hold.
QUIET = timedelta(days=365)
#: How long to look away while another letter to the same mailbox is on the wire.
ON_THE_WIRE = timedelta(seconds=30)


class Link(db.Base):
    """One row per mailbox and campaign; `id` is the secret in the address that every letter about signing holds."""

    __tablename__ = "link"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    #: The letter that is on the wire to this mailbox; only one is at a time.
    letter: Mapped[int | None]
    sent_at: Mapped[datetime | None]
    sent_day: Mapped[date | None] = mapped_column(Date)
    sent_count: Mapped[int] = mapped_column(default=0)
    #: The UTC day on which a letter last said "you have already signed" or the like (S11).
    told_day: Mapped[date | None] = mapped_column(Date)
    quiet_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MailboxDay(db.Base):
    """How many letters about signing a mailbox got on one UTC day over all campaigns; hashed under the site's key."""

    __tablename__ = "mailbox_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    n: Mapped[int]


class Suppression(db.Base):
    """A mailbox that wants no letters from this site; the link that asked for it can lift it."""

    __tablename__ = "suppression"

    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    link_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    until: Mapped[datetime]


class SiteKey(db.Base):
    """A random key of the site's own for keyed hashes, sealed: one for good, and one for each day's networks."""

    __tablename__ = "site_key"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


_by_mailbox = select(Link).where(Link.campaign_id == bindparam("c"), Link.mailbox == bindparam("m")).with_for_update()
_by_id = select(Link).where(Link.id == bindparam("i")).with_for_update()


def take(campaign_id: int, mailbox: bytes) -> Link:
    """The link of a mailbox, made if there is none, its row locked until the transaction ends."""
    row = {"campaign_id": campaign_id, "mailbox": mailbox, "id": uuid4(), "created_at": db.now(), "sent_count": 0}
    db.session.execute(db.insert(Link).values(row).on_conflict_do_nothing())
    return _fresh(_by_mailbox, {"c": campaign_id, "m": mailbox})


def lock(link_id: UUID) -> Link | None:
    """The link with this id, its row locked until the transaction ends; None where it is gone."""
    return db.session.scalars(_by_id, {"i": link_id}, execution_options={"populate_existing": True}).one_or_none()


def find(link_id: UUID) -> Link | None:
    """The link with this id, for reading."""
    return db.session.scalars(select(Link).where(Link.id == link_id)).one_or_none()


def of_mailbox(campaign_id: int, mailbox: bytes) -> Link | None:
    """The link of a mailbox in a campaign, for reading."""
    return db.session.scalars(
        select(Link).where(Link.campaign_id == campaign_id, Link.mailbox == mailbox)
    ).one_or_none()


def _fresh(query: Select[Link], values: dict[str, object]) -> Link:
    # populate_existing: what an earlier look left in the session must not hide what others wrote meanwhile.
    return db.session.scalars(query, values, execution_options={"populate_existing": True}).one()


def reserve(link: Link, letter: int, site_mailbox: bytes, at: datetime) -> datetime | None:
    """Put a letter on the wire of a locked link. None where it may go now, else the moment to ask again.

    A retry of the letter that already holds the wire goes on without being counted again.
    """
    if link.letter == letter:
        return None
    if link.letter is not None and _is_unsent(link.letter):
        return at + ON_THE_WIRE
    if link.sent_at is not None and at < link.sent_at + BETWEEN_LETTERS:
        return link.sent_at + BETWEEN_LETTERS
    tomorrow = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    if link.sent_day == at.astimezone(UTC).date() and link.sent_count >= A_DAY_HERE:
        return tomorrow
    if not _count_everywhere(site_mailbox, at.astimezone(UTC).date()):
        return tomorrow
    link.letter = letter
    db.session.flush()
    return None


def _is_unsent(letter: int) -> bool:
    waiting = select(outbox.Letter.id).where(outbox.Letter.id == letter, outbox.Letter.state.in_(outbox.UNSENT))
    return db.session.scalar(waiting) is not None


def _count_everywhere(site_mailbox: bytes, day: date) -> bool:
    statement = db.insert(MailboxDay).values(day=day, mailbox=site_mailbox, n=1)
    counted = statement.on_conflict_do_update(
        index_elements=[MailboxDay.day, MailboxDay.mailbox],
        set_={"n": MailboxDay.n + 1},
        where=MailboxDay.n < A_DAY_EVERYWHERE,
    ).returning(MailboxDay.n)
    return db.session.execute(counted).first() is not None


def settle(link: Link, letter: int, *, sent: bool, at: datetime) -> None:
    """Take a letter off the wire of a locked link; a sent one is counted."""
    if link.letter == letter:
        link.letter = None
    if sent:
        day = at.astimezone(UTC).date()
        link.sent_count = link.sent_count + 1 if link.sent_day == day else 1
        link.sent_day = day
        link.sent_at = at
    db.session.flush()


def site_mailbox(folded: str) -> bytes:
    """The hash of a mailbox under the site's own key: for limits over all campaigns, and suppressions."""
    return crypto.keyed_hash(site_key("site"), "mailbox", folded)


def known_site_key(name: str) -> bytes | None:
    """A random key of the site's own by name; None where there is none yet."""
    sealed = db.session.scalar(select(SiteKey.sealed).where(SiteKey.name == name))
    return None if sealed is None else crypto.unseal("site key", name, sealed)


def site_key(name: str) -> bytes:
    """A random key of the site's own by name, made at its first use."""
    found = known_site_key(name)
    if found is None:
        made = crypto.seal("site key", name, crypto.new_key())
        row = {"name": name, "sealed": made, "created_at": db.now()}
        db.session.execute(db.insert(SiteKey).values(row).on_conflict_do_nothing())
        found = crypto.unseal(
            "site key", name, db.session.scalars(select(SiteKey.sealed).where(SiteKey.name == name)).one()
        )
    return found


def is_suppressed(mailbox: bytes, at: datetime) -> bool:
    """Whether a mailbox (hash of the site's own) wants no letters from this site."""
    query = select(Suppression.until).where(Suppression.mailbox == mailbox, Suppression.until > at)
    return db.session.scalar(query) is not None


def suppression_by(link_id: UUID, at: datetime) -> datetime | None:
    """Until when the suppression that this link asked for holds; None where there is none."""
    query = select(Suppression.until).where(Suppression.link_id == link_id, Suppression.until > at)
    return db.session.scalar(query)


def suppress(link: Link, mailbox: bytes, at: datetime) -> None:
    """No letters from this site to this mailbox for a year; the same link lifts it."""
    row = {"mailbox": mailbox, "link_id": link.id, "until": at + QUIET}
    statement = db.insert(Suppression).values(row)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Suppression.mailbox], set_={"link_id": link.id, "until": at + QUIET}
        )
    )


def quieten(link: Link, at: datetime) -> None:
    """No letters of this campaign to this mailbox for a year; the same link lifts it."""
    link.quiet_until = at + QUIET
    db.session.flush()


def allow(link: Link) -> None:
    """Letters again: lifts what this link has asked for, here and for the site."""
    link.quiet_until = None
    db.session.execute(delete(Suppression).where(Suppression.link_id == link.id))
    db.session.flush()


def renew(link: Link) -> None:
    """Give a locked link a new id: every address sent so far is dead."""
    statement = update(Link).where(Link.campaign_id == link.campaign_id, Link.mailbox == link.mailbox)
    db.session.execute(statement.values(id=uuid4(), letter=None))
    db.session.expire(link)
