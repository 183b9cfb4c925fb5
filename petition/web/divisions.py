"""How a campaign's total divides, as its page shows it: pictures made of what is published once a day, and the same
figures as tables."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from petition import breakdowns, charts
from petition.base import countries, i18n
from petition.base.i18n import gettext as _
from petition.breakdowns import Published
from petition.campaigns import GRACE, Reading

#: So many countries stand beside their bars, and so many in the table: the page is read on slow lines.
LARGEST, LISTED = 5, 20
Rows = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Divisions:
    """What is published of a campaign: the day of it, the total then, the largest countries (name, number, share of
    the largest from 0 to 1), more of them as rows of a table that sum up to the total, and the days."""

    day: date
    total: int
    largest: list[tuple[str, int, float]]
    countries: Rows
    days: "Days | None"


@dataclass(frozen=True, slots=True)
class Days:
    """A series of days, or of spans of days: a sentence on it, the outline of its bars in a box of `width` by 100,
    what a row of the table is called, and its rows."""

    said: str
    outline: str
    width: int
    heading: str
    rows: Rows


def view(reading: Reading) -> Divisions | None:
    """What the page of a campaign shows; None where there is nothing to be seen yet."""
    found = breakdowns.read(reading.id, ("country", "day"))
    if not found:
        return None
    by_country, by_day = found["country"], found["day"]
    rows = _countries(by_country)
    days = _days(by_day, reading.closes_at)
    if not rows and days is None:
        return None
    top = max((amount for _name, amount in rows), default=1)
    largest = [(name, amount, amount / top) for name, amount in rows[:LARGEST]]
    other = by_country.other + sum(amount for _name, amount in rows[LISTED:])
    return Divisions(by_country.day, by_country.total, largest, _with_others(rows[:LISTED], other), days)


def _countries(found: Published) -> Rows:
    """The largest first."""
    cells = sorted(found.cells.items(), key=lambda cell: (-cell[1], cell[0]))
    return [(countries.name(code, i18n.spoken()), amount) for code, amount in cells]


def _with_others(rows: Rows, other: int) -> Rows:
    return [*rows, (_("Other and not given"), other)] if rows and other else rows


def _days(found: Published, closes_at: datetime | None) -> Days | None:
    cells = {date.fromisoformat(value): amount for value, amount in found.cells.items()}
    if len(cells) < 2:
        return None
    first, last = min(cells), found.day - timedelta(days=1)
    if closes_at is not None:
        # The last clicks come on the day after (S07).
        last = max(min(last, (closes_at + GRACE).astimezone(UTC).date()), *cells)
    span = charts.span(first, last)
    series = charts.series(cells, first, last, span)
    top = max(amount for _day, amount in series)
    said = _("From %(first)s to %(last)s. The highest bar stands for %(most)s.", first=i18n.day(first),
             last=i18n.day(last), most=i18n.number(top))  # fmt: skip
    headings = {1: _("Day"), 7: _("Week from"), 28: _("Four weeks from")}
    rows = [(i18n.day(day), amount) for day, amount in series]
    rows = _with_others(rows, found.other)
    return Days(said, charts.outline([amount for _day, amount in series], top), len(series) * 10, headings[span], rows)
