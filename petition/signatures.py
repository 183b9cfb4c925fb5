"""Pending signatures and signatures: sign, correct, withdraw; `confirming` and `decisions` do the rest.

A pending signature is what somebody typed; nobody has shown that the mailbox is theirs, and there may be many for
one mailbox. A signature comes into being when the button on the own page is pressed; one per mailbox and campaign,
held by a unique key. No verb commits.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    TextClause,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition import campaigns, contacts, erasures, links, objections, register, unshown
from petition.base import crypto, db, outbox, pairs
from petition.base.mailbox import Mailbox
from petition.campaigns import Reading
from petition.details import HIDDEN, Choices, Details, opened, shown, shown_key
from petition.links import Link, Locked

#: The button of a link works for so long after its letter was sent (S05); the row is kept for so long.
BUTTON_LIFE = timedelta(days=7)
KEPT = timedelta(days=14)
#: The last letter after withdrawing is tried for so long (S51).
LAST_LETTER = timedelta(hours=24)

COUNTED, HELD, REMOVED = "counted", "held", "removed"
_TO_REMIND = text("asked_at IS NOT NULL AND reminded_at IS NULL")
#: Who is shown in public. In just these words, so that the databases know the index by it.
SHOWN = text("shown_key <> '' AND state = 'counted'")
_FIRST, _TRACED = text("first IS NOT NULL"), text("network IS NOT NULL")
#: What is out of the ordinary. In just these words, likewise.
ASIDE = text("state <> 'counted'")


def _where(condition: TextClause) -> dict[str, Any]:
    return {"postgresql_where": condition, "sqlite_where": condition}


class _Told:
    """What pending signatures and signatures have in common: clear is only what figures and public pages need."""

    #: Its foreign keys are the composite ones below: they lead to the campaign by way of wording and consent.
    campaign_id: Mapped[int]
    wording_id: Mapped[int]
    consent_version: Mapped[int]
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32))
    #: Keyed hash of the mailbox's domain, under the campaign's key.
    domain: Mapped[bytes] = mapped_column(LargeBinary(32))
    country: Mapped[str] = mapped_column(String(2))
    language: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(100))
    partner: Mapped[str] = mapped_column(String(40))
    appear: Mapped[str] = mapped_column(String(8))
    with_role: Mapped[bool]
    on_behalf: Mapped[bool]
    network: Mapped[bytes | None] = mapped_column(LargeBinary(32))


def _same_campaign() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """A form for one campaign cannot name another's wording or consent: the composite keys refuse it."""
    return (
        ForeignKeyConstraint(["campaign_id", "wording_id"], ["wording.campaign_id", "wording.id"]),
        ForeignKeyConstraint(["campaign_id", "consent_version"], ["consent.campaign_id", "consent.version"]),
    )


class PendingSignature(_Told, db.Base):
    """What somebody typed into the form. Some may never be confirmed; none can stop another."""

    __tablename__ = "pending_signature"
    __table_args__ = (
        *_same_campaign(),
        Index("pending_mailbox", "campaign_id", "mailbox", "created_at"),
        Index("pending_asked", "campaign_id", "asked_at", **_where(_TO_REMIND)),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    news: Mapped[bool]
    #: Where the partner's own box was ticked: the version of what it says there.
    partner_version: Mapped[int | None]
    created_at: Mapped[datetime]
    #: When a letter about it was sent, failed or turned out needless: from then its clocks run.
    asked_at: Mapped[datetime | None]
    #: When its mailbox was reminded (S17) by any of its pending signatures, or turned out to need no reminder.
    reminded_at: Mapped[datetime | None]


class Signature(_Told, db.Base):
    """One person's support. `sealed` None: what named the person is erased, the mailbox stays taken (S26)."""

    __tablename__ = "signature"
    __table_args__ = (
        *_same_campaign(),
        UniqueConstraint("campaign_id", "mailbox", "seat"),
        # The order of lists, and all that a filter of one asks: counting reads the index and no row.
        Index("signature_order", "campaign_id", "entered_at", "id", "state", "day", "country", "language", "channel",
              "source", "partner"),
        Index("signature_domain", "campaign_id", "domain", "entered_at", "id", "state", "country"),
        Index("signature_decided", "campaign_id", "state", "entered_at", "id", **_where(ASIDE)),
        Index("signature_network", "network", **_where(_TRACED)),
        Index("signature_shown", "campaign_id", "country", "on_behalf", "shown_key", "id", **_where(SHOWN)),
        # Only what is out of the ordinary: what waits for a decision is counted here.
        Index("signature_aside", "campaign_id", "state", "domain", **_where(ASIDE)),
        Index("signature_first", "campaign_id", "first", **_where(_FIRST)),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seat: Mapped[int] = mapped_column(SmallInteger, default=0)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8))
    day: Mapped[date] = mapped_column(Date)
    signed_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    #: What the public list shows; empty for who chose to be hidden.
    shown_name: Mapped[str] = mapped_column(String(160))
    shown_role: Mapped[str] = mapped_column(String(300))
    #: The same folded for order and search, "" for who chose to be hidden (see details.shown_key).
    shown_key: Mapped[str] = mapped_column(db.Folded, default="")
    #: The place among the first signatories, by the organiser's hand.
    first: Mapped[int | None] = mapped_column(SmallInteger)

    def cell(self) -> register.Cell:
        """Where it stands in every breakdown."""
        return register.Cell(self.day, self.country, self.language, self.channel, self.source, self.partner)


def mailbox_key(reading: Reading, folded: str) -> bytes:
    """The campaign's keyed hash of a folded mailbox: equal mailboxes in two campaigns cannot be linked (S23)."""
    return crypto.keyed_hash(reading.hash_key(), "mailbox", folded)


_pending_table, _signature_table = PendingSignature.__table__, Signature.__table__


def sign(
    reading: Reading, wording_id: int, consent_version: int, mailbox: Mailbox, details: Details, choices: Choices,
    *, network: bytes | None, at: datetime, put: pairs.Put = pairs.put,
) -> int:  # fmt: skip
    """Store what was typed and post the letter about it; the id of the pending signature.

    The same work for every mailbox: two inserts, nothing looked up, so that nothing tells who has signed. Raises
    IntegrityError where wording or consent are of another campaign.
    """
    key = reading.hash_key()
    pending_id = secrets.randbits(63)
    mailbox_hash = crypto.keyed_hash(key, "mailbox", mailbox.folded)
    row = {
        "id": pending_id, "campaign_id": reading.id, "wording_id": wording_id, "consent_version": consent_version,
        "mailbox": mailbox_hash, "domain": crypto.keyed_hash(key, "domain", mailbox.domain),
        "sealed": details.seal(reading.id), "country": choices.country, "language": choices.language,
        "channel": choices.channel, "source": choices.source, "partner": choices.partner, "appear": choices.appear,
        "with_role": choices.with_role, "on_behalf": choices.on_behalf, "news": choices.news, "network": network,
        "partner_version": choices.partner_version, "created_at": at, "asked_at": None,
    }  # fmt: skip
    letter = outbox.values(
        "link", language=choices.language, campaign_id=reading.id, mailbox=mailbox_hash, about=pending_id,
        network=network,
    )  # fmt: skip
    put(pairs.Pair(_pending_table, row, outbox.table, letter))
    return pending_id


_pending_of = (
    select(PendingSignature)
    .where(PendingSignature.campaign_id == bindparam("c"), PendingSignature.mailbox == bindparam("m"))
    .order_by(PendingSignature.created_at.desc(), PendingSignature.id)
)
_pending_page = _pending_of.limit(bindparam("most"))
_signature_of = select(Signature).where(
    Signature.campaign_id == bindparam("c"), Signature.mailbox == bindparam("m"), Signature.seat == 0
)
_forget_pending = delete(_pending_table).where(
    _pending_table.c.campaign_id == bindparam("c"), _pending_table.c.mailbox == bindparam("m")
)
_some_pending = select(*_pending_table.c).where(db.Among(_pending_table.c.id, "i"))
_of_mailboxes = select(*_signature_table.c).where(
    _signature_table.c.campaign_id == bindparam("c"), _signature_table.c.seat == 0,
    db.Among(_signature_table.c.mailbox, "m"),
)  # fmt: skip
_forget_all_pending = delete(_pending_table).where(
    _pending_table.c.campaign_id == bindparam("c"), db.Among(_pending_table.c.mailbox, "m")
)


def pending_of(link: Link, *, most: int = 20, before: datetime | None = None) -> list[PendingSignature]:
    """The pending signatures of a link's mailbox, newest first, by page."""
    query = _pending_page
    if before is not None:
        query = query.where(PendingSignature.created_at < before)
    return list(db.session.scalars(query, {**_of(link), "most": most}))


def one_pending(link: Link, pending_id: int) -> PendingSignature | None:
    """A pending signature of a link's mailbox by its id; None where it is gone or another mailbox's."""
    query = _pending_of.where(PendingSignature.id == pending_id)
    return db.session.scalars(query, _of(link)).one_or_none()


def some_pending(ids: Collection[int]) -> dict[int, PendingSignature]:
    """Pending signatures by their ids, as far as they are there, as they are now: plain rows that read like them."""
    found = db.session.connection().execute(_some_pending, {"i": list(ids)})
    return {row.id: cast(PendingSignature, row) for row in found}


def of_mailboxes(campaign_id: int, mailboxes: Iterable[bytes]) -> dict[bytes, Signature]:
    """The signatures of some mailboxes in a campaign by their mailbox, as they are now: plain rows likewise."""
    found = db.session.connection().execute(_of_mailboxes, {"c": campaign_id, "m": list(mailboxes)})
    return {row.mailbox: cast(Signature, row) for row in found}


def signature_of(link: Link | Locked) -> Signature | None:
    """The signature of a link's mailbox."""
    return db.session.scalars(_signature_of, _of(link), execution_options={"populate_existing": True}).one_or_none()


def _erase_pending(link: Link) -> list[int]:
    """Delete all pending signatures of a locked link's mailbox; which they were."""
    # On the connection: these rows are not looked at again, so the session need not be told.
    gone = _forget_pending.returning(_pending_table.c.id)
    return list(db.session.connection().execute(gone, _of(link)).scalars())


def forget_pending(of: Iterable[Locked]) -> None:
    """Delete all pending signatures of locked links' mailboxes, because their button was pressed."""
    mailboxes: dict[int, list[bytes]] = {}
    for link in of:
        mailboxes.setdefault(link.campaign_id, []).append(link.mailbox)
    for campaign_id, keys in mailboxes.items():
        db.session.connection().execute(_forget_all_pending, {"c": campaign_id, "m": keys})


def _of(link: Link | Locked) -> dict[str, object]:
    return {"c": link.campaign_id, "m": link.mailbox}


def button(reading: Reading, pending: PendingSignature, at: datetime) -> str:
    """What the button of a pending signature can do: "ready", "old" (a fresh letter first), "late", "paused"."""
    if not campaigns.may_confirm(reading, at):
        return "paused" if campaigns.is_paused(reading, at) else "late"
    if pending.asked_at is not None and pending.asked_at <= campaigns.ago(reading, at, BUTTON_LIFE):
        return "old"
    return "ready"


def cell_of(row: Mapping[str, Any]) -> register.Cell:
    """The cell of a signature's columns."""
    return register.Cell(row["day"], row["country"], row["language"], row["channel"], row["source"], row["partner"])


def correct(reading: Reading, signature: Signature, details: Details, choices: Choices, at: datetime) -> None:
    """Change what a signer typed, but for the address; a changed country is two moves. The link is locked."""
    before = signature.cell()
    old = opened(reading.id, signature.sealed or b"")
    details = replace(details, address=old.address)
    was = shown(old, signature)
    signature.sealed = details.seal(reading.id)
    signature.country, signature.appear = choices.country, choices.appear
    signature.with_role, signature.on_behalf = choices.with_role, choices.on_behalf
    if shown(details, choices) != was:
        _show(signature, shown(details, choices), at)
    db.session.flush()
    if signature.state == COUNTED and signature.cell() != before:
        for cell, amount in ((before, -1), (signature.cell(), 1)):
            register.move(reading.id, "corrected", amount, cell, signature_id=signature.id, at=at)
    outbox.post("corrected", language=signature.language, campaign_id=reading.id, mailbox=signature.mailbox,
                sealed={"to": old.address})  # fmt: skip


def _show(signature: Signature, words: tuple[str, str], at: datetime) -> None:
    """Show other words from now on, or have them wait where the campaign looks at them first."""
    unshown.forget(signature.id)
    if words[0] and unshown.is_on(signature.campaign_id):
        unshown.wait(signature.campaign_id, signature.id, at)
        words = ("", "")
    signature.shown_name, signature.shown_role = words
    signature.shown_key = shown_key(*words)


def withdraw(
    reading: Reading, link: Link, at: datetime, *, contacts_too: bool = False, told: bool = False
) -> bool:  # fmt: skip
    """Erase what a locked link's mailbox has in this campaign; all addresses sent so far die.

    A held or removed signature keeps its mailbox's key, so that it does not come back by signing again (S26).
    False where nothing was stored. A last letter says so, unless they were `told` already; its address lives sealed
    in the outbox, a day at most.
    """
    signature = signature_of(link)
    pending = pending_of(link, most=1)
    if signature is None and not pending:
        return False
    if signature is not None:
        if signature.sealed is not None and not told:
            _last_letter(reading, signature, at)
        _erase(reading, signature, at)
    _forget_letters(link)
    erasures.note(erasures.WITHDRAWN, at, link=link.id, rows=_gone(signature, _erase_pending(link)))
    if contacts_too:
        contacts.forget(link.campaign_id, link.mailbox, at)
    links.renew(link)
    return True


def _gone(signature: Signature | None, pending: list[int]) -> list[int]:
    return pending if signature is None else [signature.id, *pending]


def _last_letter(reading: Reading, signature: Signature, at: datetime) -> None:
    """Without the mailbox's key, so that it is not among the letters forgotten with it."""
    address = opened(reading.id, signature.sealed or b"").address
    outbox.post(
        "withdrawn", language=signature.language, campaign_id=reading.id, gives_up_at=at + LAST_LETTER,
        sealed={"to": address, "taken": signature.state != COUNTED},
    )  # fmt: skip


def _erase(reading: Reading, signature: Signature, at: datetime) -> None:
    if signature.state == COUNTED:
        register.move(reading.id, "withdrawn", -1, signature.cell(), signature_id=signature.id, at=at)
        db.session.execute(delete(Signature).where(Signature.id == signature.id))
        db.session.expunge(signature)
        return
    if signature.sealed is None:
        # Withdrawn before: one leaves once.
        return
    objections.forget(signature.id)
    unshown.forget(signature.id)
    register.move(reading.id, "withdrawn", 0, signature.cell(), signature_id=signature.id, at=at)
    signature.sealed = None
    signature.appear, signature.shown_name, signature.shown_role, signature.shown_key = HIDDEN, "", "", ""
    signature.first = None
    db.session.flush()


def _forget_letters(link: Link) -> None:
    theirs = outbox.Letter.campaign_id == link.campaign_id, outbox.Letter.mailbox == link.mailbox
    unsent = outbox.Letter.state.in_(outbox.UNSENT) & outbox.Letter.kind.not_in(contacts.LETTERS)
    db.session.execute(delete(outbox.Letter).where(*theirs, unsent))
    link.letter = None


def disown(reading: Reading, link: Link, at: datetime) -> None:
    """ "This was not me": wipe or withdraw, and no letters of this campaign to this mailbox for a year.

    The link keeps its id, so that the same address can lift it again; no last letter is sent.
    """
    signature = signature_of(link)
    if signature is not None:
        _erase(reading, signature, at)
    _forget_letters(link)
    erasures.note(erasures.DISOWNED, at, link=link.id, rows=_gone(signature, _erase_pending(link)))
    contacts.forget(link.campaign_id, link.mailbox, at)
    links.quieten(link, at)


def refresh(reading: Reading, link: Link, pending_id: int, at: datetime) -> bool:
    """Post a fresh letter about a pending signature whose link is old (S05). False where there is nothing to do."""
    pending = one_pending(link, pending_id)
    if pending is None or button(reading, pending, at) != "old":
        return False
    outbox.post("fresh", language=pending.language, campaign_id=reading.id, mailbox=link.mailbox, about=pending.id)
    return True


def counted(campaign_id: int) -> int:
    """How many rows count: what `register.check` compares with the moves."""
    query = select(func.count()).where(Signature.campaign_id == campaign_id, Signature.state == COUNTED)
    return int(db.session.execute(query).scalar_one())
