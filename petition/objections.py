"""What people say who think that their signature was wrongly held or removed, and what they are answered (S26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import crypto, db, outbox

LONGEST = 2000
#: So often may one person object; until it is answered, what they say replaces what they said before.
MOST = 3
#: What an organiser may answer besides a decision's verb: nothing changes.
KEEP = "keep"
_OPEN = text("answered_at IS NULL")


class Objection(db.Base):
    """One objection. `sealed` holds what was said and, once answered, what was answered. It goes with its signature."""

    __tablename__ = "objection"
    __table_args__ = (
        Index("objection_signature", "signature_id"),
        Index("objection_open", "campaign_id", "at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    #: "" while it waits; else the verb of the decision, or KEEP.
    answer: Mapped[str] = mapped_column(String(10), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(120), default="")


@dataclass(frozen=True, slots=True)
class Said:
    """What was said and answered."""

    objection: str
    answer: str = ""


def said(row: Objection) -> Said:
    """What is sealed of an objection."""
    return Said(**orjson.loads(crypto.unseal("objection", str(row.signature_id), row.sealed)))


def _seal(signature_id: int, words: Said) -> bytes:
    record = {"objection": words.objection, "answer": words.answer}
    return crypto.seal("objection", str(signature_id), orjson.dumps(record))


def of_signature(signature_id: int) -> Sequence[Objection]:
    """What one person has said, newest first."""
    query = select(Objection).where(Objection.signature_id == signature_id)
    return db.session.scalars(query.order_by(Objection.id.desc())).all()


def may_object(rows: Sequence[Objection]) -> bool:
    """Whether somebody who has said all this may say more."""
    return len(rows) < MOST or any(row.answered_at is None for row in rows)


def say(campaign_id: int, signature_id: int, words: str, at: datetime) -> bool:
    """Object, for a signature whose link is locked; False where it was said often enough. The caller has looked that
    it is held or removed."""
    rows = of_signature(signature_id)
    if not may_object(rows):
        return False
    sealed = _seal(signature_id, Said(words[:LONGEST]))
    waiting = next((row for row in rows if row.answered_at is None), None)
    if waiting is not None:
        waiting.sealed, waiting.at = sealed, at
    else:
        db.session.add(Objection(campaign_id=campaign_id, signature_id=signature_id, sealed=sealed, at=at))
    db.session.flush()
    return True


def how_many_wait(campaign_id: int) -> int:
    """How many have no answer yet."""
    query = select(func.count()).select_from(Objection).where(Objection.campaign_id == campaign_id)
    return int(db.session.scalar(query.where(Objection.answered_at.is_(None))) or 0)


def waiting(campaign_id: int, most: int, after: int = 0) -> Sequence[Objection]:
    """Those without an answer, the oldest first."""
    query = select(Objection).where(Objection.campaign_id == campaign_id, Objection.answered_at.is_(None))
    return db.session.scalars(query.where(Objection.id > after).order_by(Objection.id).limit(most)).all()


def find(campaign_id: int, objection_id: int) -> Objection | None:
    """One of a campaign."""
    query = select(Objection).where(Objection.campaign_id == campaign_id, Objection.id == objection_id)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def answer(
    row: Objection, verb: str, words: str, *, mailbox: bytes, language: str, actor: str, reason: str, at: datetime
) -> bool:
    """Store what is answered and post the letter that says so; the link is locked. False where it was answered
    before. The decision itself, if there is one, is made apart (`decisions.decide`)."""
    if row.answered_at is not None:
        return False
    row.sealed = _seal(row.signature_id, Said(said(row).objection, words[:LONGEST]))
    row.answer, row.answered_at, row.answered_by = verb, at, actor[:120]
    db.session.flush()
    outbox.post("answered", language=language, campaign_id=row.campaign_id, mailbox=mailbox, about=row.id)
    journal.write(
        actor, "objection answered", campaign_id=row.campaign_id, about=row.signature_id, reason=reason
    )  # fmt: skip
    return True


def forget(signature_id: int) -> None:
    """Forget what was said about a signature whose owner withdraws."""
    db.session.execute(delete(Objection).where(Objection.signature_id == signature_id))
