"""How a total divides by country, language, day, source and partner, as the public sees it (S62).

Everybody may watch a total at every moment. Whoever also compares two published divisions must not learn of fewer
than ten people what they have in common (security.md, C5). So:

- A division is made anew once a day at most, and only when the total has moved by ten or more since: what changed
  is never what one person did.
- What is shown of a value are full tens, so that no two publications ever differ by 1 to 9. It falls behind the
  truth rather than follow somebody who leaves: only when ten have left does it go down.
- A day's number is the exception: it is said once, when that day is over, if it is ten or more, and then stands.
- What is left over, every value under ten, and what nobody said is "other", which is 0 or at least ten: where it would
  not be, the largest number gives it ten. All together are the total of that moment.

What is left to learn: who watches every change of a total and every publication knows that among ten or more people
at least one had the value whose number went up. Who brings nine of the ten along learns of the tenth. And where one
value has everybody, all have it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import JSON, Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from petition import campaigns, partners, register
from petition.base import db
from petition.campaigns import SETTLING

#: The dimensions published once a day; the total and its channels are live.
PUBLISHED = ("country", "day", "language", "partner", "source")
#: Nothing is said of fewer.
LEAST = 10

Cells = list[tuple[str, int]]


class Breakdown(db.Base):
    """One published division of a campaign's total: `cells` are [value, count], the value "" for all others."""

    __tablename__ = "breakdown"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    #: The UTC day of its making.
    day: Mapped[date] = mapped_column(Date)
    cells: Mapped[list[tuple[str, int]]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Published:
    """A division as it was published: `cells` by value, days as ISO 8601 dates; `other` all the rest."""

    day: date
    cells: Mapping[str, int]
    other: int

    @property
    def total(self) -> int:
        """How many signatures counted at that moment."""
        return sum(self.cells.values()) + self.other


def read(campaign_id: int, dimensions: Sequence[str] = PUBLISHED) -> dict[str, Published]:
    """What is published of a campaign, by dimension; nothing before its first publication. Of the partners only those
    that agreed to be named have a number of their own."""
    found = _stored(campaign_id, dimensions)
    if found.get("partner") and found["partner"].cells:
        named = {one.key for one in partners.shown(campaign_id)}
        found["partner"] = _without(found["partner"], found["partner"].cells.keys() - named)
    return found


def _without(published: Published, values: Collection[str]) -> Published:
    left = {value: amount for value, amount in published.cells.items() if value not in values}
    return Published(published.day, left, published.total - sum(left.values()))


def _stored(campaign_id: int, dimensions: Sequence[str]) -> dict[str, Published]:
    query = select(Breakdown.dimension, Breakdown.day, Breakdown.cells)
    rows = db.session.execute(query.where(Breakdown.campaign_id == campaign_id, Breakdown.dimension.in_(dimensions)))
    return {dimension: published(day, cells) for dimension, day, cells in rows}


def published(day: date, cells: Cells) -> Published:
    """A division as it is stored."""
    by_value = dict(cells)
    return Published(day, {value: amount for value, amount in by_value.items() if value}, by_value.get("", 0))


def due(at: datetime) -> list[int]:
    """The public campaigns whose divisions may be made anew now: not today's already, and moved by ten since. The
    first ones are made on the day after a campaign is published."""
    day = day_of(at)
    readings = campaigns.all_public(at)
    totals = register.totals(reading.id for reading in readings)
    query = select(Breakdown.campaign_id, Breakdown.day, Breakdown.cells).where(Breakdown.dimension == PUBLISHED[0])
    before = {key: published(made, cells) for key, made, cells in db.session.execute(query)}
    return [
        reading.id
        for reading in readings
        if reading.published_at and reading.published_at.astimezone(UTC).date() < day
        and (reading.id not in before or before[reading.id].day < day)
        and moved(before.get(reading.id), totals[reading.id])
    ]  # fmt: skip


def day_of(at: datetime) -> date:
    """The UTC day; the one before is over once its last moves are numbered."""
    return (at - SETTLING).astimezone(UTC).date()


def moved(before: Published | None, total: int) -> bool:
    """Whether a total has moved far enough since its last division."""
    return abs(total - (before.total if before else 0)) >= LEAST


def publish(campaign_id: int, at: datetime) -> bool:
    """Make a campaign's divisions anew from its tallies, in the caller's transaction; whether they were due. Of two
    who do it at once, one does."""
    day = day_of(at)
    tallies = register.tallies(campaign_id)
    total = tallies["total"].get("", 0)
    before = _stored(campaign_id, PUBLISHED)
    last = before.get(PUBLISHED[0])
    if (last and last.day >= day) or not moved(last, total):
        return False
    rows = [
        {
            "campaign_id": campaign_id, "dimension": dimension, "day": day,
            "cells": divided(dimension, tallies.get(dimension, {}), total, before.get(dimension), day),
        }
        for dimension in PUBLISHED
    ]  # fmt: skip
    _store(rows)
    return True


def _store(rows: Sequence[Mapping[str, object]]) -> None:
    """Only over an earlier day's: who comes second on a day changes nothing."""
    statement = db.insert(Breakdown)
    statement = statement.on_conflict_do_update(
        index_elements=[Breakdown.campaign_id, Breakdown.dimension],
        set_={"day": statement.excluded.day, "cells": statement.excluded.cells},
        where=Breakdown.day < statement.excluded.day,
    )
    db.session.execute(statement, rows)


def divided(dimension: str, exact: Mapping[str, int], total: int, before: Published | None, day: date) -> Cells:
    """A division as it may be published on a day, from its exact numbers; `before` is the last one."""
    said = {value: amount for value, amount in exact.items() if value}
    old = before.cells if before else {}
    if dimension == "day":
        cells = days(said, old, since=before.day if before else date.min, until=day)
    else:
        cells = tens(said, old)
    cells = settled(cells, total)
    return [*sorted(cells.items()), ("", total - sum(cells.values()))]


def tens(exact: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Full tens of each value; what was published stays until ten have left it."""
    cells = {}
    for value in exact.keys() | before.keys():
        amount, old = exact.get(value, 0), before.get(value, 0)
        full = amount - amount % LEAST
        cells[value] = full if amount <= old - LEAST else max(full, old)
    return {value: amount for value, amount in cells.items() if amount >= LEAST}


def days(exact: Mapping[str, int], before: Mapping[str, int], *, since: date, until: date) -> dict[str, int]:
    """The days that are over and were not when the last publication was made (on the day `since`), beside those
    published then, which stand."""
    fresh = {
        value: amount
        for value, amount in exact.items()
        if amount >= LEAST and since.isoformat() <= value < until.isoformat()
    }
    return fresh | dict(before)


def settled(cells: Mapping[str, int], total: int) -> dict[str, int]:
    """The same, with tens taken from the largest until what is left over is 0 or at least ten."""
    left = dict(cells)
    rest = total - sum(left.values())
    while left and (rest < 0 or 0 < rest < LEAST):
        largest = max(left, key=lambda value: (left[value], value))
        rest += LEAST
        left[largest] -= LEAST
        if left[largest] < LEAST:
            rest += left.pop(largest)
    return left
