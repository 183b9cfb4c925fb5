"""People who asked to hear from us. A row of its own with its own link; never a flag on a signature."""

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db

#: What a contact can ask for: news of a campaign, to be told of meetings, to join.
NEWS, MEETINGS, JOIN = "news", "meetings", "join"
_OF_SITE = text("campaign_id IS NULL")


class Contact(db.Base):
    """One wish of one mailbox: news of a campaign, to be told of meetings, to join.

    Its address is sealed; withdrawing a signature leaves it alone.
    """

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("campaign_id", "wish", "mailbox"),
        Index("contact_of_site", "wish", "mailbox", unique=True, postgresql_where=_OF_SITE, sqlite_where=_OF_SITE),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: None where the wish is about the whole site; the mailbox is then hashed under the site's own key.
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    wish: Mapped[str] = mapped_column(String(12))
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32))
    link_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    #: How the wish became certain: by the button that confirmed a signature, or by a link of its own.
    proof: Mapped[str] = mapped_column(String(12))
    consent_version: Mapped[int]
    confirmed_at: Mapped[datetime]


class PendingContact(db.Base):
    """A wish typed into a form of its own, until the button behind its letter is pressed. There may be many."""

    __tablename__ = "pending_contact"
    __table_args__ = (Index("pending_contact_mailbox", "mailbox", "wish", "campaign_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    wish: Mapped[str] = mapped_column(String(12))
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32))
    link_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    consent_version: Mapped[int]
    created_at: Mapped[datetime]
    #: When its letter was sent, failed or turned out needless: from then its clock of 14 days runs.
    asked_at: Mapped[datetime | None] = mapped_column(index=True)


def confirm(
    campaign_id: int, mailbox: bytes, address: str, *, language: str, consent_version: int, at: datetime
) -> None:
    """A confirmed contact from the tick beside a signature, made by the button's own transaction (S53)."""
    sealed = crypto.seal("contact", str(campaign_id), address.encode())
    row = {
        "id": secrets.randbits(63), "campaign_id": campaign_id, "wish": NEWS, "mailbox": mailbox, "link_id": uuid4(),
        "sealed": sealed, "language": language, "proof": "signature", "consent_version": consent_version,
        "confirmed_at": at,
    }  # fmt: skip
    db.session.execute(db.insert(Contact).values(row).on_conflict_do_nothing())


def of_mailbox(campaign_id: int, mailbox: bytes) -> list[Contact]:
    """What a mailbox has asked to hear from a campaign."""
    query = select(Contact).where(Contact.campaign_id == campaign_id, Contact.mailbox == mailbox)
    return list(db.session.scalars(query))


def find(link_id: UUID) -> Contact | None:
    """The contact behind a link of news."""
    return db.session.scalar(select(Contact).where(Contact.link_id == link_id))


def unsubscribe(link_id: UUID) -> bool:
    """Forget a contact. Does not touch the signature. False where it is gone already."""
    return db.count(delete(Contact).where(Contact.link_id == link_id)) > 0


def forget(campaign_id: int, mailbox: bytes) -> int:
    """Forget everything a mailbox has asked to hear from a campaign; how many rows."""
    return db.count(delete(Contact).where(Contact.campaign_id == campaign_id, Contact.mailbox == mailbox))
