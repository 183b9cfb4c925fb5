"""The one reminder (S17): 48 hours after the first letter, if nothing was confirmed and the campaign can be signed.

A batch takes the links of its mailboxes, as every verb does: so two workers remind nobody twice. Whether the letter
has still something to say is decided again when it goes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from petition import campaigns, links, signatures
from petition.base import db, outbox, settings
from petition.campaigns import Phase, Reading
from petition.signatures import PendingSignature, Signature

#: On the campaign's own clock, which stands still during pauses.
AFTER = timedelta(hours=48)
#: Mailboxes of one transaction.
BATCH = 200


def steps(at: datetime) -> Iterator[int]:
    """Post the reminders that are due, batch by batch: how many letters after each. The caller commits at every step,
    before it asks for the next."""
    if not settings.current().reminder:
        return
    for reading in campaigns.all_public(at):
        more = campaigns.phase(reading, at) is Phase.OPEN
        while more:
            posted, more = _batch(reading, at)
            yield posted


def _batch(reading: Reading, at: datetime) -> tuple[int, bool]:
    """One batch of a campaign; whether there may be more. Whoever needs none is marked too, and not looked at again."""
    mailboxes = _due(reading, at)
    if not mailboxes:
        return 0, False
    links.take_all(reading.id, mailboxes)
    signatures_of = select(Signature.mailbox).where(Signature.campaign_id == reading.id)
    signed = set(db.session.scalars(signatures_of.where(Signature.mailbox.in_(mailboxes))))
    waiting = _waiting(reading.id, mailboxes)
    posted = 0
    for mailbox, rows in waiting.items():
        if mailbox not in signed and _wants_one(reading, rows, at):
            newest = rows[0]
            outbox.post(
                "reminder", language=newest.language, campaign_id=reading.id, mailbox=mailbox, about=newest.id,
                # It waits behind what somebody is waiting for.
                news=True,
            )  # fmt: skip
            posted += 1
    marked = update(PendingSignature).where(
        PendingSignature.campaign_id == reading.id, PendingSignature.mailbox.in_(mailboxes)
    )
    db.session.execute(marked.where(PendingSignature.reminded_at.is_(None)).values(reminded_at=at))
    return posted, len(mailboxes) == BATCH


def _due(reading: Reading, at: datetime) -> set[bytes]:
    """Mailboxes asked so long ago and not yet looked at."""
    asked = PendingSignature.asked_at <= campaigns.ago(reading, at, AFTER)
    query = select(PendingSignature.mailbox).where(PendingSignature.campaign_id == reading.id, asked)
    return set(db.session.scalars(query.where(PendingSignature.reminded_at.is_(None)).distinct().limit(BATCH)))


def _waiting(campaign_id: int, mailboxes: set[bytes]) -> dict[bytes, list[PendingSignature]]:
    """What waits for these mailboxes' buttons now that their links are ours, newest first."""
    query = select(PendingSignature).where(
        PendingSignature.campaign_id == campaign_id, PendingSignature.mailbox.in_(mailboxes)
    )
    query = query.order_by(PendingSignature.created_at.desc(), PendingSignature.id)
    found: dict[bytes, list[PendingSignature]] = {}
    for row in db.session.scalars(query, execution_options={"populate_existing": True}):
        found.setdefault(row.mailbox, []).append(row)
    return found


def _wants_one(reading: Reading, rows: Sequence[PendingSignature], at: datetime) -> bool:
    """None of them was reminded, and the button of the newest works."""
    return all(row.reminded_at is None for row in rows) and signatures.button(reading, rows[0], at) == "ready"
