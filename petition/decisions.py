"""What organisers decide about signatures: hold, release, remove, restore; and how often, by day, for the public.

Whoever decides about many does it in batches through `change`; who does it about one, through `decide`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Date, ForeignKey, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, links, objections, register, unshown
from petition.base import db, outbox
from petition.register import Cell, Move
from petition.signatures import ASIDE, COUNTED, HELD, REMOVED, Signature

#: The letter about a decision waits so long: whoever is put back meanwhile hears nothing of it.
LETTER_WAITS = timedelta(hours=1)
#: So many of the last days are told to the public.
TOLD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Decision:
    """What a verb does: what the total does from each state it may come from, the state it leads to, its move."""

    amounts: dict[str, int]
    state: str
    kind: str


DECISIONS = {
    "hold": Decision({COUNTED: -1}, HELD, "held"),
    "release": Decision({HELD: 1}, COUNTED, "released"),
    "remove": Decision({COUNTED: -1, HELD: 0}, REMOVED, "removed"),
    "restore": Decision({REMOVED: 1}, COUNTED, "restored"),
}
KINDS = tuple(one.kind for one in DECISIONS.values())


class DecidedDay(db.Base):
    """How many decisions of a kind were taken on a UTC day.

    Public, as a number that names nobody. What a single removal tells: everybody may watch the total anyway, and so
    knows that on this day somebody left it; the number adds that organisers did it. Of whom is not said: neither
    country nor any other part of a cell goes with it, and who is not on the public list was not seen leaving it.
    """

    __tablename__ = "decided_day"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    n: Mapped[int]


@dataclass(frozen=True, slots=True)
class Change:
    """One signature on its way to another state, with its move."""

    signature_id: int
    mailbox: bytes
    language: str
    cell: Cell
    state: str
    kind: str
    amount: int


def changed(row: Signature, verb: str) -> Change | None:
    """What a verb makes of a signature; None where its state does not allow it, or nothing is left to be counted."""
    decision = DECISIONS[verb]
    if row.state not in decision.amounts or (row.sealed is None and decision.state == COUNTED):
        return None
    amount = decision.amounts[row.state]
    return Change(row.id, row.mailbox, row.language, row.cell(), decision.state, decision.kind, amount)


def decide(signature_id: int, verb: str, *, actor: str, reason: str, at: datetime, tell: bool = False) -> bool:
    """Hold, release, remove or restore a signature, with its move and its line in the journal.

    False where it does not exist or its state does not allow the verb. Locks the link's row first, like every verb.
    `tell`: a letter says so after an hour, if it is still so.
    """
    found = db.session.get(Signature, signature_id)
    if found is None:
        return False
    links.take(found.campaign_id, found.mailbox)
    found = db.session.get(Signature, signature_id, populate_existing=True)
    one = changed(found, verb) if found is not None else None
    if found is None or one is None:
        return False
    change(found.campaign_id, [one], at, tell=tell)
    journal.write(actor, f"signature {one.kind}", campaign_id=found.campaign_id, about=signature_id, reason=reason)
    db.session.expire(found)
    return True


def change(campaign_id: int, changes: Sequence[Change], at: datetime, *, tell: bool) -> dict[int, int]:
    """Store changes of signatures whose links are locked, with their moves; the id of each one's move.

    No line in the journal: that is one for the whole deed.
    """
    if not changes:
        return {}
    for state in sorted({one.state for one in changes}):
        ids = [one.signature_id for one in changes if one.state == state]
        db.session.execute(
            update(Signature).where(Signature.id.in_(ids)).values(state=state),
            execution_options={"synchronize_session": False},
        )
    register.move_all(
        [
            register.move_row(campaign_id, one.kind, one.amount, one.cell, signature_id=one.signature_id, at=at)
            for one in changes
        ]
    )
    if tell:
        _tell(campaign_id, changes, at)
    # Last of all, for every decision of the day waits for it.
    count(campaign_id, Counter(one.kind for one in changes), at)
    made = select(Move.signature_id, func.max(Move.id)).where(
        Move.signature_id.in_([one.signature_id for one in changes])
    )
    return {key: move for key, move in db.session.execute(made.group_by(Move.signature_id)) if key is not None}


def _tell(campaign_id: int, changes: Sequence[Change], at: datetime) -> None:
    letters = [
        outbox.values(
            "decided", language=one.language, campaign_id=campaign_id, mailbox=one.mailbox, about=one.signature_id,
            due_at=at + LETTER_WAITS, news=True, sealed={"kind": one.kind, "at": at.isoformat()},
        )
        for one in changes
    ]  # fmt: skip
    db.session.execute(outbox.INSERT, letters)


def count(campaign_id: int, kinds: Counter[str], at: datetime) -> None:
    """Add to what is told of a day. Comes last in a transaction: whoever has this row locks nothing after it."""
    statement = db.insert(DecidedDay)
    statement = statement.on_conflict_do_update(
        index_elements=[DecidedDay.campaign_id, DecidedDay.day, DecidedDay.kind],
        set_={"n": DecidedDay.n + statement.excluded.n},
    )
    day = at.astimezone(UTC).date()
    rows = [{"campaign_id": campaign_id, "day": day, "kind": kind, "n": n} for kind, n in sorted(kinds.items()) if n]
    if rows:
        db.session.execute(statement, rows)


def by_day(campaign_ids: Collection[int], at: datetime) -> dict[int, list[tuple[date, dict[str, int]]]]:
    """How often each kind of decision was taken on each of the last days, newest first, by campaign; those of which
    nothing was decided are left out. With one query, over a row for each kind and day."""
    since = at.astimezone(UTC).date() - timedelta(days=TOLD_DAYS)
    rows = db.session.execute(
        select(DecidedDay.campaign_id, DecidedDay.day, DecidedDay.kind, DecidedDay.n)
        .where(DecidedDay.campaign_id.in_(campaign_ids), DecidedDay.day > since)
        .order_by(DecidedDay.day.desc())
    )
    found: dict[int, dict[date, dict[str, int]]] = {}
    for campaign_id, day, kind, n in rows:
        found.setdefault(campaign_id, {}).setdefault(day, {})[kind] = int(n)
    return {campaign_id: list(days.items()) for campaign_id, days in found.items()}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody to decide in a campaign, as numbers."""

    held: int
    objections: int
    texts: int

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self.held or self.objections or self.texts)


def waiting(campaign_id: int) -> Waiting:
    """What waits for a decision: signatures held, objections without an answer, names not yet shown. Fast, whatever
    the campaign's size: each is counted in an index that holds only what is out of the ordinary."""
    held = select(func.count()).where(Signature.campaign_id == campaign_id, Signature.state == HELD)
    # Named in the index's own words, so that the databases know it by them.
    held = held.where(ASIDE)
    return Waiting(
        int(db.session.scalar(held) or 0), objections.how_many_wait(campaign_id), unshown.how_many_wait(campaign_id)
    )
