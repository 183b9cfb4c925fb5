"""What counts at one moment, for those who may see figures: all parts of a total, its hours, and several campaigns.

Each is one statement, so that no numbering can come between two looks: every part sums up to its total, and to the
rows that an export of that moment has. Exact, and so not for the public (see `breakdowns`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Select, cast, func, literal_column, null, or_, select, union_all

from petition import register
from petition.base import db
from petition.register import CAME, DIMENSIONS, LEFT, Move, Tally


def whole(campaign_id: int) -> dict[str, dict[str, int]]:
    """What counts, in all ("total") and by each value of each dimension, of one moment: so every part sums up to the
    total. Exact: not for the public."""
    parts = [getattr(Move, name) for name in DIMENSIONS]
    unnumbered = Move.campaign_id == campaign_id, Move.number.is_(None)
    # By cells, so that a worker that has been away for long costs no row for each move.
    waiting = select(literal_column("''"), literal_column("''"), func.sum(Move.amount), *parts)
    waiting = waiting.where(*unnumbered).group_by(*parts)
    nothing = [cast(null(), part.type) for part in parts]
    folded = select(Tally.dimension, Tally.value, Tally.amount, *nothing).where(
        Tally.campaign_id == campaign_id, Tally.dimension.in_(("total", *DIMENSIONS)), Tally.amount != 0
    )
    found: dict[str, dict[str, int]] = {name: {} for name in ("total", *DIMENSIONS)}
    for dimension, value, amount, *cell in db.session.execute(union_all(waiting, folded)):
        keys = [(dimension, value)] if dimension else [("total", ""), *zip(DIMENSIONS, map(str, cell), strict=True)]
        for name, key in keys:
            found[name][key] = found[name].get(key, 0) + int(amount)
    return {name: {key: amount for key, amount in parts.items() if amount} for name, parts in found.items()}


def hours(campaign_id: int, wanted: Iterable[datetime]) -> dict[datetime, tuple[int, int]]:
    """How many came into the total and how many left it in each of these hours (UTC, the moments of their beginning),
    of one moment. A corrected country neither comes nor leaves."""
    found = {register.hour(hour): [0, 0] for hour in wanted}
    folded = select(Tally.value, Tally.dimension, Tally.amount).where(
        Tally.campaign_id == campaign_id, Tally.dimension.in_((CAME, LEFT)), Tally.value.in_(list(found))
    )
    waiting = register.by_hour(Move.campaign_id == campaign_id, Move.number.is_(None))
    for hour, way, amount in db.session.execute(union_all(folded, waiting)):
        if hour in found:
            found[hour][way == LEFT] += int(amount)
    return {datetime.fromisoformat(f"{hour}:00+00:00"): (came, left) for hour, (came, left) in found.items()}


@dataclass(frozen=True, slots=True)
class Recent:
    """What counts at a moment: in all, and of some of its days by ISO 8601 date."""

    total: int
    days: dict[str, int]


def recent(campaign_ids: Iterable[int], days: Iterable[date]) -> dict[int, Recent]:
    """The totals of several campaigns, and of these UTC days in each, of one moment."""
    ids, wanted = list(campaign_ids), list(days)
    named = Tally.value.in_([day.isoformat() for day in wanted])
    sums: Select[*tuple[Any, ...]] = select(Move.campaign_id, Move.day, literal_column("''"), func.sum(Move.amount))
    waiting = sums.where(Move.campaign_id.in_(ids), Move.number.is_(None)).group_by(Move.campaign_id, Move.day)
    folded = select(Tally.campaign_id, cast(null(), Date), Tally.value, Tally.amount).where(
        Tally.campaign_id.in_(ids), or_(Tally.dimension == "total", (Tally.dimension == "day") & named)
    )
    found = {key: Recent(0, {day.isoformat(): 0 for day in wanted}) for key in ids}
    total = dict.fromkeys(ids, 0)
    for key, day, value, amount in db.session.execute(union_all(waiting, folded)):
        if not value:
            total[key] += int(amount)
        named_day = value or str(day)
        if named_day in found[key].days:
            found[key].days[named_day] += int(amount)
    return {key: Recent(total[key], one.days) for key, one in found.items()}
