"""People who asked to hear from us: wishes asked for, confirmed, ended. Never a flag on a signature.

A wish is to join, to be told of meetings, both for the whole site, to get news of a campaign, or to be written to by
a partner of one (`partners.wish`), which only the tick beside a signature makes. One mailbox has one
link for each wish: the address that every letter about it holds, and the row that every verb locks first. A verb
that locks the link of a signature as well locks that one before. No verb commits.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition import erasures, links
from petition.base import crypto, db, mailbox, outbox, pairs, settings
from petition.base.months import later
from petition.base.pairs import Pair, Put
from petition.links import Clocked

#: What a contact can ask for: to join, to be told of meetings, news of a campaign.
JOIN, MEETINGS, NEWS = "join", "meetings", "news"
#: The button of a letter about a wish works for so long after it was sent, as that of a signature does (S05).
BUTTON_LIFE = timedelta(days=7)
#: The version of the terms under the forms for the whole site; a campaign's have versions of their own.
SITE_TERMS = 1
#: The kinds of letters about wishes; they stay when a signature of the same mailbox is withdrawn.
LETTERS = ("wish", "fresh wish")
_OF_SITE = text("campaign_id IS NULL")


class Wish(NamedTuple):
    """One wish of one mailbox. For the whole site: `campaign_id` None, the mailbox hashed under the site's key."""

    campaign_id: int | None
    wish: str
    mailbox: bytes


class ContactLink(Clocked, db.Base):
    """One row per mailbox and wish; made when the first letter about it is decided."""

    __tablename__ = "contact_link"
    __table_args__ = (
        UniqueConstraint("campaign_id", "wish", "mailbox"),
        Index("contact_link_of_site", "wish", "mailbox", unique=True, postgresql_where=_OF_SITE, sqlite_where=_OF_SITE),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    wish: Mapped[str] = mapped_column(String(12))
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32))


class _Asked:
    """What a pending contact and a contact have in common."""

    #: None where the wish is about the whole site; the mailbox is then hashed under the site's own key.
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    wish: Mapped[str] = mapped_column(String(12))
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    consent_version: Mapped[int]


class Contact(_Asked, db.Base):
    """A confirmed wish of one mailbox. Withdrawing a signature leaves it alone."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("campaign_id", "wish", "mailbox"),
        Index("contact_of_site", "wish", "mailbox", unique=True, postgresql_where=_OF_SITE, sqlite_where=_OF_SITE),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The id of its ContactLink, for letters of news.
    link_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    #: How the wish became certain: "signature" by the button that confirmed one, "letter" by the one of its own letter.
    proof: Mapped[str] = mapped_column(String(12))
    #: What the partner said at the box that was ticked, by version; None for every other wish.
    partner_version: Mapped[int | None]
    confirmed_at: Mapped[datetime]
    #: When it is forgotten, as it was promised then; None for a campaign's, which goes with the campaign's people.
    forgets_at: Mapped[datetime | None]


class PendingContact(_Asked, db.Base):
    """A wish typed into a form of its own, until the button behind its letter is pressed. There may be many."""

    __tablename__ = "pending_contact"
    __table_args__ = (Index("pending_contact_mailbox", "mailbox", "wish", "campaign_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
    #: When a letter about it was sent, failed or turned out needless: from then its clocks run.
    asked_at: Mapped[datetime | None] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What somebody typed to be a contact: sealed as one JSON record, "" where nothing was given."""

    address: str
    name: str = ""
    country: str = ""
    place: str = ""
    #: What they would like to do.
    note: str = ""

    def seal(self, campaign_id: int | None, wish: str) -> bytes:
        """Encrypted for one wish of a campaign or the site; confirming copies the blob."""
        return crypto.seal("contact", context(campaign_id, wish), orjson.dumps(asdict(self)))


def opened(row: Contact | PendingContact) -> ContactDetails:
    """What was sealed. Raises crypto.Unsealable. Fields that a later version added are left out."""
    record = unsealed(row.campaign_id, row.wish, row.sealed)
    return ContactDetails(**{name: value for name, value in record.items() if name in ContactDetails.__slots__})


def unsealed(campaign_id: int | None, wish: str, sealed: bytes) -> dict[str, str]:
    """The same as a plain record, for lists of many."""
    record: dict[str, str] = orjson.loads(crypto.unseal("contact", context(campaign_id, wish), sealed))
    return record


def context(campaign_id: int | None, wish: str) -> str:
    """What the sealing of a contact's details is bound to."""
    return f"{wish} {campaign_id or 'site'}"


_pending = PendingContact.__table__
_FRESH = {"populate_existing": True}


def _same(model: type[ContactLink | Contact | PendingContact], wish: Wish) -> list[ColumnElement[bool]]:
    return [model.campaign_id == wish.campaign_id, model.wish == wish.wish, model.mailbox == wish.mailbox]


def wish_of(row: ContactLink | PendingContact) -> Wish:
    """Whose wish a row is about."""
    return Wish(row.campaign_id, row.wish, row.mailbox)


def ask(
    wish: Wish, details: ContactDetails, *, language: str, consent_version: int, network: bytes | None, at: datetime,
    put: Put = pairs.put,
) -> int:  # fmt: skip
    """Store what was typed and post the letter about it; the id of the pending contact.

    The same work for every mailbox: two inserts, nothing looked up, so that nothing tells who is on a list.
    """
    pending_id = secrets.randbits(63)
    row = {
        "id": pending_id, "campaign_id": wish.campaign_id, "wish": wish.wish, "mailbox": wish.mailbox,
        "sealed": details.seal(wish.campaign_id, wish.wish), "language": language, "consent_version": consent_version,
        "created_at": at, "asked_at": None,
    }  # fmt: skip
    letter = outbox.values(
        "wish", language=language, campaign_id=wish.campaign_id, mailbox=wish.mailbox, about=pending_id,
        network=network,
    )  # fmt: skip
    put(Pair(_pending, row, outbox.table, letter))
    return pending_id


def take_all(wishes: Iterable[Wish]) -> dict[Wish, ContactLink]:
    """The links of wishes, made where there is none, their rows locked until the transaction ends.

    Made and locked in one order for all, so that two who take many at once never wait for each other in a circle.
    """
    taken = {}
    for wish in sorted(set(wishes), key=lambda one: (one.campaign_id or 0, one.wish, one.mailbox)):
        row = {**wish._asdict(), "id": uuid4(), "sent_count": 0, "created_at": db.now()}
        db.session.execute(db.insert(ContactLink).values(row).on_conflict_do_nothing())
        query = select(ContactLink).where(*_same(ContactLink, wish)).with_for_update()
        taken[wish] = db.session.scalars(query, execution_options=_FRESH).one()
    return taken


def take(wish: Wish) -> ContactLink:
    """The link of one wish, likewise."""
    return take_all([wish])[wish]


def lock(link_id: UUID) -> ContactLink | None:
    """The link with this id, its row locked until the transaction ends; None where it is gone."""
    query = select(ContactLink).where(ContactLink.id == link_id).with_for_update()
    return db.session.scalars(query, execution_options=_FRESH).one_or_none()


def find(link_id: UUID) -> ContactLink | None:
    """The link with this id, for reading."""
    return db.session.scalars(select(ContactLink).where(ContactLink.id == link_id)).one_or_none()


def contact_of(link: ContactLink) -> Contact | None:
    """The confirmed contact of a link."""
    query = select(Contact).where(Contact.link_id == link.id)
    return db.session.scalars(query, execution_options=_FRESH).one_or_none()


def pending_of(link: ContactLink, *, most: int = 20) -> list[PendingContact]:
    """What was typed and waits for the button of a link, newest first."""
    query = select(PendingContact).where(*_same(PendingContact, wish_of(link)))
    query = query.order_by(PendingContact.created_at.desc(), PendingContact.id).limit(most)
    return list(db.session.scalars(query, execution_options=_FRESH))


def one_pending(link: ContactLink, pending_id: int) -> PendingContact | None:
    """A pending contact of a link by its id; None where it is gone or another's."""
    query = select(PendingContact).where(*_same(PendingContact, wish_of(link)), PendingContact.id == pending_id)
    return db.session.scalars(query, execution_options=_FRESH).one_or_none()


def is_old(pending: PendingContact, at: datetime) -> bool:
    """Whether the button of a pending contact wants a fresh letter first."""
    return pending.asked_at is not None and pending.asked_at <= at - BUTTON_LIFE


def press(link: ContactLink, pending_id: int, at: datetime) -> str:
    """Press the button of one pending contact of a locked link: what it holds becomes, or replaces, the contact.

    "confirmed"; "already" where it is gone and a contact stands; "old" where it wants a fresh letter; "unknown".
    """
    pending = one_pending(link, pending_id)
    if pending is None:
        return "unknown" if contact_of(link) is None else "already"
    if is_old(pending, at):
        return "old"
    new = {
        "sealed": pending.sealed, "language": pending.language, "consent_version": pending.consent_version,
        "proof": "letter", "confirmed_at": at, "forgets_at": _forgets_at(link.campaign_id, at),
    }  # fmt: skip
    statement = db.insert(Contact).values(_row(link) | new)
    db.session.execute(statement.on_conflict_do_update(index_elements=[Contact.link_id], set_=new))
    _forget_pending(link)
    return "confirmed"


def _row(link: ContactLink) -> dict[str, Any]:
    return {"id": secrets.randbits(63), **wish_of(link)._asdict(), "link_id": link.id}


def _forgets_at(campaign_id: int | None, at: datetime) -> datetime | None:
    return later(at, settings.current().contact_months) if campaign_id is None else None


def _forget_pending(link: ContactLink) -> list[int]:
    gone = delete(PendingContact).where(*_same(PendingContact, wish_of(link)))
    return list(db.session.scalars(gone.returning(PendingContact.id)))


def confirm(
    wish: Wish, details: ContactDetails, *, language: str, consent_version: int, at: datetime,
    partner_version: int | None = None,
) -> None:  # fmt: skip
    """A confirmed contact of a campaign from the tick beside a signature, made by the button's own transaction (S53).

    What was asked for before stays as it is.
    """
    link = take(wish)
    link.quiet_until = None
    db.session.flush()
    row = _row(link) | {
        "sealed": details.seal(wish.campaign_id, wish.wish), "language": language, "proof": "signature",
        "consent_version": consent_version, "partner_version": partner_version, "confirmed_at": at, "forgets_at": None,
    }  # fmt: skip
    db.session.execute(db.insert(Contact).values(row).on_conflict_do_nothing())


_OF_MAILBOX = (
    select(Contact)
    .where(Contact.campaign_id == bindparam("c"), Contact.mailbox == bindparam("m"))
    .order_by(Contact.confirmed_at, Contact.wish)
)


def of_mailbox(campaign_id: int, mailbox: bytes) -> list[Contact]:
    """What a mailbox has asked to hear from a campaign and its partners."""
    return list(db.session.scalars(_OF_MAILBOX, {"c": campaign_id, "m": mailbox}))


def stop_one(campaign_id: int, mailbox: bytes, contact_id: int, at: datetime) -> bool:
    """Forget one of them; False where it is gone or another mailbox's. Takes its link."""
    mine = Contact.campaign_id == campaign_id, Contact.mailbox == mailbox, Contact.id == contact_id
    link_id = db.session.scalar(select(Contact.link_id).where(*mine))
    link = lock(link_id) if link_id else None
    if link is not None:
        stop(link, at)
    return link is not None


def stop(link: ContactLink, at: datetime) -> None:
    """Forget the contact of a locked link and whatever waits there. Does not touch a signature."""
    erasures.note(erasures.WISH_ENDED, at, link=link.id, rows=_stop(link))


def _stop(link: ContactLink) -> list[int]:
    db.session.execute(delete(Contact).where(Contact.link_id == link.id))
    return _forget_pending(link)


def disown(link: ContactLink, at: datetime) -> None:
    """ "This was not me": forget what waits and stands at a locked link, and no letters about it for a year."""
    erasures.note(erasures.WISH_DISOWNED, at, link=link.id, rows=_stop(link))
    links.quieten(link, at)


def refresh(link: ContactLink, pending_id: int, at: datetime) -> bool:
    """Post a fresh letter about a pending contact whose button is old. False where there is nothing to do."""
    pending = one_pending(link, pending_id)
    if pending is None or not is_old(pending, at):
        return False
    outbox.post(
        "fresh wish", language=pending.language, campaign_id=link.campaign_id, mailbox=link.mailbox, about=pending.id
    )
    return True


def site_mailbox_of(link: ContactLink) -> bytes | None:
    """The hash of a link's mailbox under the site's own key; None where nothing is stored to find it from."""
    if link.campaign_id is None:
        return link.mailbox
    row = contact_of(link) or next(iter(pending_of(link, most=1)), None)
    return links.site_mailbox(mailbox.folded(opened(row).address)) if row else None


def forget(campaign_id: int, mailbox: bytes, at: datetime) -> int:
    """Forget everything a mailbox has asked to hear from a campaign; how many contacts there were."""
    query = select(ContactLink).where(ContactLink.campaign_id == campaign_id, ContactLink.mailbox == mailbox)
    for link in db.session.scalars(query.order_by(ContactLink.wish).with_for_update(), execution_options=_FRESH).all():
        erasures.note(erasures.WISH_ENDED, at, link=link.id)
    waiting = PendingContact.campaign_id == campaign_id, PendingContact.mailbox == mailbox
    db.session.execute(delete(PendingContact).where(*waiting))
    return db.count(delete(Contact).where(Contact.campaign_id == campaign_id, Contact.mailbox == mailbox))


def settle(pending: PendingContact, letter: int, outcome: str, at: datetime) -> None:
    """A letter about a pending contact has ended: let its link go. One that was sent starts the clocks of everything
    that waits there and had none."""
    link = take(wish_of(pending))
    sent = let_go(link, letter, outcome, at)
    if outcome != "parked":
        this, not_asked = PendingContact.id == pending.id, PendingContact.asked_at.is_(None)
        which: Sequence[ColumnElement[bool]] = [not_asked | this] if sent else [not_asked, this]
        asked = update(PendingContact).where(*_same(PendingContact, wish_of(link)), *which)
        db.session.execute(asked.values(asked_at=at))


def let_go(link: ContactLink, letter: int, outcome: str, at: datetime) -> bool:
    """Take a letter that has ended off a locked link's wire, and count it if it was sent; whether it was."""
    if link.letter == letter:
        link.letter = None
    sent = outcome in ("sent", "uncertain")
    if sent:
        _count(link, at)
    db.session.flush()
    return sent


def _count(link: ContactLink, at: datetime) -> None:
    today = at.astimezone(UTC).date()
    link.sent_count = link.sent_count + 1 if link.sent_day == today else 1
    link.sent_day, link.sent_at = today, at
    if contact_of(link) is not None:
        link.told_day = today
