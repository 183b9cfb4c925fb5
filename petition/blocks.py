"""Mailboxes and domains from which a campaign holds whatever is confirmed: kept as keyed hashes, never as addresses.

Nobody is refused, and the form answers as always: what comes from there counts once an organiser has released it.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import crypto, db
from petition.base.mailbox import Mailbox
from petition.campaigns import Reading
from petition.signatures import ASIDE, HELD, Signature

MAILBOX, DOMAIN = "mailbox", "domain"
#: So many stand on a campaign's list.
MOST = 2000


class Block(db.Base):
    """One mailbox or domain, as its hash under the campaign's key."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("campaign_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


def domain_key(reading: Reading, domain: str) -> bytes:
    """The campaign's keyed hash of a domain, as signatures have it."""
    return crypto.keyed_hash(reading.hash_key(), "domain", domain)


def mailbox_key(reading: Reading, box: Mailbox) -> bytes:
    """The campaign's keyed hash of a mailbox."""
    return crypto.keyed_hash(reading.hash_key(), "mailbox", box.folded)


def add(campaign_id: int, kind: str, key: bytes, *, reason: str, actor: str, at: datetime) -> bool:
    """Block a mailbox or domain by its hash; False where it is blocked already. The journal names neither."""
    row = {"campaign_id": campaign_id, "kind": kind, "key": key, "reason": reason, "actor": actor[:120], "at": at}
    statement = db.insert(Block).values(row).on_conflict_do_nothing().returning(Block.id)
    made = db.session.scalar(statement)
    if made is None:
        return False
    journal.write(actor, f"{kind} blocked", campaign_id=campaign_id, about=made, reason=reason)
    return True


def lift(campaign_id: int, block_id: int, *, reason: str, actor: str) -> bool:
    """Block it no longer; who was held stays so. False where it is not blocked."""
    row = db.session.scalars(select(Block).where(Block.campaign_id == campaign_id, Block.id == block_id)).one_or_none()
    if row is None:
        return False
    db.session.delete(row)
    db.session.flush()
    journal.write(actor, f"{row.kind} not blocked any more", campaign_id=campaign_id, about=block_id, reason=reason)
    return True


def listed(campaign_id: int) -> list[tuple[Block, int]]:
    """What is blocked, newest first, each with how many signatures from there are held."""
    rows = db.session.scalars(
        select(Block).where(Block.campaign_id == campaign_id).order_by(Block.id.desc()).limit(MOST)
    ).all()
    aside = Signature.campaign_id == campaign_id, Signature.state == HELD, ASIDE
    counts: dict[bytes, int] = {}
    for column in (Signature.domain, Signature.mailbox):
        query = select(column, func.count()).where(*aside, column.in_([row.key for row in rows])).group_by(column)
        counts |= {key: int(n) for key, n in db.session.execute(query)}
    return [(row, counts.get(row.key, 0)) for row in rows]
