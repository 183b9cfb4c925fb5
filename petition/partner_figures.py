"""A partner's own figures, as its people see them.

They are outsiders who may know who opens their pages and when: a number that moved with one visit would say who
signed. So its figures are made like those for the public (`breakdowns`): once a day at most, when ten have moved, in
full tens.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, String, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from petition import breakdowns
from petition.base import db
from petition.breakdowns import Published
from petition.contacts import Contact
from petition.partners import Partner, Reading, wish
from petition.register import Move, Tally

DIMENSIONS = ("day", "language")


class PartnerFigures(db.Base):
    """One division of what came by a partner; as `breakdowns.Breakdown`."""

    __tablename__ = "partner_figures"

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, autoincrement=False)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    #: The UTC day of its making.
    day: Mapped[date] = mapped_column(Date)
    cells: Mapped[list[tuple[str, int]]] = mapped_column(JSON)


def read(partner_id: int) -> dict[str, Published]:
    """What its people may see, by dimension; nothing before ten have signed there."""
    query = select(PartnerFigures.dimension, PartnerFigures.day, PartnerFigures.cells)
    rows = db.session.execute(query.where(PartnerFigures.partner_id == partner_id))
    return {dimension: breakdowns.published(day, cells) for dimension, day, cells in rows}


def contacts(partner: Reading) -> int:
    """How many have ticked its box and confirmed it; exact, for its people may take the list."""
    mine = Contact.campaign_id == partner.campaign_id, Contact.wish == wish(partner.id)
    return int(db.session.scalar(select(func.count()).where(*mine)) or 0)


def due(at: datetime) -> list[int]:
    """The partners whose figures may be made anew now."""
    exact = func.coalesce(Tally.amount, 0)
    query = (
        select(Partner.id, exact, PartnerFigures.day, PartnerFigures.cells)
        .outerjoin(
            Tally,
            (Tally.campaign_id == Partner.campaign_id) & (Tally.dimension == "partner") & (Tally.value == Partner.key),
        )
        .outerjoin(
            PartnerFigures, (PartnerFigures.partner_id == Partner.id) & (PartnerFigures.dimension == DIMENSIONS[0])
        )
        .where(or_(PartnerFigures.day.is_(None), PartnerFigures.day < breakdowns.day_of(at)))
    )
    return [
        key
        for key, amount, day, cells in db.session.execute(query)
        if breakdowns.moved(breakdowns.published(day, cells) if day else None, amount)
    ]


def publish(partner_id: int, at: datetime) -> bool:
    """Make a partner's figures anew from the numbered moves, in the caller's transaction; whether they were due."""
    partner = db.session.get_one(Partner, partner_id)
    day, before = breakdowns.day_of(at), read(partner_id)
    last = before.get(DIMENSIONS[0])
    exact = {name: _exact(partner, name) for name in DIMENSIONS}
    total = sum(exact[DIMENSIONS[0]].values())
    if (last and last.day >= day) or not breakdowns.moved(last, total):
        return False
    _store([
        {
            "partner_id": partner_id, "dimension": name, "day": day,
            "cells": breakdowns.divided(name, exact[name], total, before.get(name), day),
        }
        for name in DIMENSIONS
    ])  # fmt: skip
    return True


def _exact(partner: Partner, dimension: str) -> Mapping[str, int]:
    value = getattr(Move, dimension)
    query = select(value, func.sum(Move.amount)).where(
        Move.campaign_id == partner.campaign_id, Move.partner == partner.key, Move.number.is_not(None)
    )
    return {str(key): int(amount) for key, amount in db.session.execute(query.group_by(value)) if amount}


def _store(rows: Sequence[Mapping[str, Any]]) -> None:
    """Only over an earlier day's: who comes second on a day changes nothing."""
    statement = db.insert(PartnerFigures)
    statement = statement.on_conflict_do_update(
        index_elements=[PartnerFigures.partner_id, PartnerFigures.dimension],
        set_={"day": statement.excluded.day, "cells": statement.excluded.cells},
        where=PartnerFigures.day < statement.excluded.day,
    )
    db.session.execute(statement, rows)
