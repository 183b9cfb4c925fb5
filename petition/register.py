"""Moves, their numbers, the tallies folded up from them, totals and breakdowns.

The verb that changes what counts writes its move in its own transaction; nobody waits for a counter. The worker
numbers and folds. The total shown everywhere is the tallies plus the moves not yet numbered, in one statement:
exact at every moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db, rows

#: The parts of a move's cell by which the tallies are broken down.
DIMENSIONS = ("day", "country", "language", "channel", "source", "partner")
#: What came into the total and what left it, by the UTC hour of the move.
CAME, LEFT = "came", "left"
BATCH = 10_000


def at(point: str) -> None:
    """Called between the steps of numbering; the tests that kill a worker replace it."""


class Move(db.Base):
    """One change of what counts. Numbered in order, the moves are the register of a campaign.

    `day` and the rest of the cell are the signature's own, so that what leaves is subtracted where it was added;
    `at` is when the move was made. `signature_id` is a random id that names nobody once the signature is gone.
    """

    __tablename__ = "move"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        Index(
            "move_unnumbered",
            "campaign_id",
            "id",
            postgresql_where=text("number IS NULL"),
            sqlite_where=text("number IS NULL"),
        ),
        Index("move_signature", "signature_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    number: Mapped[int | None]
    signature_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    country: Mapped[str] = mapped_column(String(2))
    language: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(100))
    partner: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class RegisterHead(db.Base):
    """How far a campaign's register is numbered. Locked by whoever numbers; never the campaign's own row,
    for every insert's foreign key would wait on that."""

    __tablename__ = "register_head"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class Tally(db.Base):
    """What counts, folded up: one row for the total and one for each value of each dimension; and what came and left
    in each hour."""

    __tablename__ = "tally"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(100), primary_key=True)
    amount: Mapped[int]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a signature stands in every breakdown; "" where something was not given."""

    day: date
    country: str
    language: str
    channel: str
    source: str
    partner: str


table = Move.__table__
_enter = insert(table)


def move(campaign_id: int, kind: str, amount: int, cell: Cell, *, signature_id: int | None, at: datetime) -> None:
    """Write a move in the caller's transaction."""
    row = move_row(campaign_id, kind, amount, cell, signature_id=signature_id, at=at)
    db.session.connection().execute(_enter, row)


def move_all(moves: Sequence[Mapping[str, object]]) -> None:
    """Write many moves (see `move_row`), one at least, in the caller's transaction."""
    db.session.connection().execute(rows.insert(table, tuple(moves[0])), rows.handed(moves))


def move_row(
    campaign_id: int, kind: str, amount: int, cell: Cell, *, signature_id: int | None, at: datetime
) -> dict[str, object]:
    """The columns of a move, for callers that write many at once."""
    return {
        "campaign_id": campaign_id, "number": None, "signature_id": signature_id, "kind": kind, "amount": amount,
        "day": cell.day, "country": cell.country, "language": cell.language, "channel": cell.channel,
        "source": cell.source, "partner": cell.partner, "at": at,
    }  # fmt: skip


_waiting_sum = (
    select(func.coalesce(func.sum(Move.amount), 0))
    .where(Move.campaign_id == bindparam("c"), Move.number.is_(None))
    .scalar_subquery()
)
_tallied = (
    select(func.coalesce(func.sum(Tally.amount), 0))
    .where(Tally.campaign_id == bindparam("c"), Tally.dimension == "total")
    .scalar_subquery()
)
#: The total of the campaign `c`, for whoever reads it on a connection of their own.
TOTAL = select(_tallied + _waiting_sum)


def total(campaign_id: int) -> int:
    """How many signatures count at this moment."""
    return int(db.session.execute(TOTAL, {"c": campaign_id}).scalar_one())


def totals(campaign_ids: Iterable[int]) -> dict[int, int]:
    """The totals of several campaigns with one statement."""
    ids = list(campaign_ids)
    folded = select(Tally.campaign_id, Tally.amount).where(Tally.campaign_id.in_(ids), Tally.dimension == "total")
    waiting = select(Move.campaign_id, Move.amount).where(Move.campaign_id.in_(ids), Move.number.is_(None))
    return _added(ids, folded, waiting)


def _added(ids: list[int], folded: Select[int, int], waiting: Select[int, int]) -> dict[int, int]:
    both = union_all(folded, waiting).subquery()
    sums = db.session.execute(select(both.c.campaign_id, func.sum(both.c.amount)).group_by(both.c.campaign_id))
    found = {int(key): int(amount) for key, amount in sums}
    return {key: found.get(key, 0) for key in ids}


def hour(at: datetime) -> str:
    """The UTC hour of a moment as the tallies name it: 2030-05-01T18."""
    return at.astimezone(UTC).isoformat()[:13]


def by_hour(*which: ColumnElement[bool]) -> Select[Any, str, int]:
    """Reads what came and what left by the hour, of some moves: hour, way, how many."""
    way = case((Move.amount > 0, CAME), else_=LEFT).label("way")
    moved = select(db.hour(Move.at).label("hour"), way, func.abs(Move.amount).label("amount"))
    one = moved.where(*which, Move.kind != "corrected", Move.amount != 0).subquery().c
    return select(one.hour, one.way, func.sum(one.amount)).group_by(one.hour, one.way)


def amount(campaign_id: int, dimension: str, values: Sequence[str]) -> int:
    """How many signatures count that have one of these values in a dimension, with one statement."""
    folded = Tally.dimension == dimension, Tally.value.in_(values)
    return _amount(campaign_id, folded, getattr(Move, dimension).in_(values))


def amount_between(campaign_id: int, first: date, last: date) -> int:
    """How many signatures count whose UTC day is one of these, both ends among them, with one statement."""
    folded = Tally.dimension == "day", Tally.value >= first.isoformat(), Tally.value <= last.isoformat()
    return _amount(campaign_id, folded, Move.day.between(first, last))


def _amount(campaign_id: int, folded: tuple[ColumnElement[bool], ...], waiting: ColumnElement[bool]) -> int:
    parts = (
        select(func.coalesce(func.sum(Tally.amount), 0)).where(Tally.campaign_id == campaign_id, *folded),
        select(func.coalesce(func.sum(Move.amount), 0)).where(
            Move.campaign_id == campaign_id, Move.number.is_(None), waiting
        ),
    )
    one, other = (part.scalar_subquery() for part in parts)
    return int(db.session.execute(select(one + other)).scalar_one())


def channels(campaign_id: int) -> dict[str, int]:
    """How many signatures count at this moment by channel, of one moment: together they are the total."""
    folded = select(Tally.value, Tally.amount).where(Tally.campaign_id == campaign_id, Tally.dimension == "channel")
    waiting = select(Move.channel, Move.amount).where(Move.campaign_id == campaign_id, Move.number.is_(None))
    both = union_all(folded, waiting).subquery()
    sums = db.session.execute(select(both.c.value, func.sum(both.c.amount)).group_by(both.c.value))
    return {str(value): int(amount) for value, amount in sorted(sums.all()) if amount}


def breakdown(campaign_id: int, dimension: str) -> dict[str, int]:
    """What counts by each value of a dimension at this moment; days as ISO 8601 dates. Exact: not for the public."""
    folded = select(Tally.value, Tally.amount).where(
        Tally.campaign_id == campaign_id, Tally.dimension == dimension, Tally.amount != 0
    )
    waiting = select(getattr(Move, dimension), Move.amount).where(
        Move.campaign_id == campaign_id, Move.number.is_(None)
    )
    amounts: dict[str, int] = {}
    for part in (folded, waiting):
        for value, amount in db.session.execute(part):
            amounts[str(value)] = amounts.get(str(value), 0) + int(amount)
    return {value: amount for value, amount in sorted(amounts.items()) if amount}


def tallies(campaign_id: int) -> dict[str, dict[str, int]]:
    """What the numbered moves sum up to, by dimension ("total" among them) and value, of one moment. Exact: not for
    the public."""
    found: dict[str, dict[str, int]] = {"total": {}}
    numbered = db.session.execute(
        select(Tally.dimension, Tally.value, Tally.amount).where(Tally.campaign_id == campaign_id, Tally.amount != 0)
    )
    for dimension, value, amount in numbered:
        found.setdefault(dimension, {})[value] = int(amount)
    return found


def is_numbered(campaign_id: int) -> bool:
    """Whether every move of a campaign has its number."""
    return (
        db.session.scalar(select(Move.id).where(Move.campaign_id == campaign_id, Move.number.is_(None)).limit(1))
        is None
    )


def waiting_campaigns() -> list[int]:
    """Campaigns that have moves without a number."""
    return list(db.session.scalars(select(Move.campaign_id).where(Move.number.is_(None)).distinct()))


def number(campaign_id: int, most: int = BATCH) -> int:
    """Give unnumbered moves of a campaign their numbers, oldest first, and fold them into the tallies.

    In the caller's transaction, which must be committed right after; how many were numbered. 0 also where
    another worker is at it.
    """
    db.session.execute(db.insert(RegisterHead).values(campaign_id=campaign_id, number=0).on_conflict_do_nothing())
    mine = select(RegisterHead.number).where(RegisterHead.campaign_id == campaign_id)
    head = db.session.scalar(mine.with_for_update(skip_locked=True))
    if head is None:
        return 0
    at("after_lock")
    waiting = select(Move).where(Move.campaign_id == campaign_id, Move.number.is_(None)).order_by(Move.id).limit(most)
    found = db.session.execute(
        select(*table.c).where(Move.id.in_(waiting.with_only_columns(Move.id))).order_by(Move.id)
    ).all()
    if not found:
        return 0
    rows.update(db.session.connection(), table, "id", "number", {move.id: n for n, move in enumerate(found, head + 1)})
    at("after_numbers")
    _fold(campaign_id, _folded(found))
    at("after_fold")
    db.session.execute(
        update(RegisterHead).where(RegisterHead.campaign_id == campaign_id).values(number=head + len(found))
    )
    at("after_head")
    return len(found)


def _folded(moves: Iterable[Row[Any]]) -> dict[tuple[str, str], int]:
    amounts: dict[tuple[str, str], int] = {}
    for move in moves:
        if move.amount:
            for key in [("total", ""), *((name, str(getattr(move, name))) for name in DIMENSIONS)]:
                amounts[key] = amounts.get(key, 0) + move.amount
            if move.kind != "corrected":
                key = (CAME if move.amount > 0 else LEFT, hour(move.at))
                amounts[key] = amounts.get(key, 0) + abs(move.amount)
    return amounts


def _fold(campaign_id: int, amounts: Mapping[tuple[str, str], int]) -> None:
    if not amounts:
        return
    statement = rows.insert(Tally.__table__, ("campaign_id", "dimension", "value", "amount"))
    statement = statement.on_conflict_do_update(
        index_elements=[Tally.campaign_id, Tally.dimension, Tally.value],
        set_={"amount": Tally.amount + statement.excluded.amount},
    )
    tallies = [
        {"campaign_id": campaign_id, "dimension": dimension, "value": value, "amount": amount}
        for (dimension, value), amount in sorted(amounts.items())
    ]
    db.session.connection().execute(statement, rows.handed(tallies))


def _from_moves(campaign_id: int) -> dict[tuple[str, str], int]:
    """What the tallies must be, recomputed from the numbered moves alone."""
    amounts: dict[tuple[str, str], int] = {}
    for dimension in ("total", *DIMENSIONS):
        value = literal("") if dimension == "total" else getattr(Move, dimension)
        query = select(value, func.sum(Move.amount)).where(Move.campaign_id == campaign_id, Move.number.is_not(None))
        for found, amount in db.session.execute(query.group_by(value)):
            if amount:
                amounts[dimension, str(found)] = int(amount)
    moved = by_hour(Move.campaign_id == campaign_id, Move.number.is_not(None))
    amounts |= {(way, value): int(amount) for value, way, amount in db.session.execute(moved)}
    return amounts


def check(campaign_id: int, counted_rows: int | None) -> list[str]:
    """Compare rows, moves and tallies of one snapshot; one sentence per difference, none when all agree.

    `counted_rows` is how many signatures count as rows say (None once the campaign's people are forgotten).
    """
    wrong = []
    moves = func.coalesce(func.sum(Move.amount), 0)
    highest = func.coalesce(func.max(Move.number), 0)
    query = select(moves, func.count(Move.number), highest).where(Move.campaign_id == campaign_id)
    amount, numbered, last = db.session.execute(query).one()
    if numbered != last:
        wrong.append(f"the numbers have gaps: {numbered} moves are numbered up to {last}")
    head = db.session.scalar(select(RegisterHead.number).where(RegisterHead.campaign_id == campaign_id)) or 0
    if head != last:
        wrong.append(f"the register's head says {head}, the last number is {last}")
    if counted_rows is not None and counted_rows != amount:
        wrong.append(f"{counted_rows} signatures count, the moves sum up to {amount}")
    shown = total(campaign_id)
    if shown != amount:
        wrong.append(f"the total shown is {shown}, the moves sum up to {amount}")
    return wrong + _compare_tallies(campaign_id)


def _compare_tallies(campaign_id: int) -> list[str]:
    right = _from_moves(campaign_id)
    have = {
        (dimension, value): amount
        for dimension, amounts in tallies(campaign_id).items()
        for value, amount in amounts.items()
    }
    return [
        f"the tally of {key[0]} “{key[1]}” is {have.get(key, 0)}, the moves say {right.get(key, 0)}"
        for key in sorted(right.keys() | have.keys())
        if right.get(key) != have.get(key)
    ]


def rebuild(campaign_id: int) -> None:
    """Make the tallies anew from the numbered moves, under the register's own lock."""
    db.session.execute(db.insert(RegisterHead).values(campaign_id=campaign_id, number=0).on_conflict_do_nothing())
    db.session.execute(select(RegisterHead).where(RegisterHead.campaign_id == campaign_id).with_for_update())
    db.session.execute(delete(Tally).where(Tally.campaign_id == campaign_id))
    _fold(campaign_id, _from_moves(campaign_id))
