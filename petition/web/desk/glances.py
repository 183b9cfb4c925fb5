"""A campaign's figures as organisers see them: pictures with their tables, what waits, and how letters go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for

from petition import charts, standing
from petition.answers import Answers
from petition.base import countries, i18n
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.base.outbox import Standing
from petition.campaigns import Reading
from petition.selection import Filter
from petition.signatures import HELD
from petition.web.desk.deciding import list_href

#: So many bars of one part of the total, and so many rows of its table.
LARGEST, LISTED = 8, 200
DAYS, HOURS = 30, 48
#: A letter that has been due for longer than this is late.
LATE = timedelta(minutes=5)

Cells = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture in a box of `width` by 100, a sentence on it, and the same as a table; `hollow` is drawn as a line
    around what is filled."""

    title: str
    said: str
    outline: str
    width: int
    headings: list[str]
    rows: list[list[str | int]]
    hollow: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a total: the largest as bars (name, number, share of the largest from 0 to 1), and a table that sums
    up to the total."""

    title: str
    heading: str
    bars: list[tuple[str, int, float]]
    rows: list[tuple[str, int]]


def by_day(cells: Cells) -> dict[date, int]:
    """A breakdown by day, by its days."""
    return {date.fromisoformat(day): amount for day, amount in cells.items()}


def last_days(cells: Mapping[date, int], today: date) -> Chart:
    """The last thirty days, and how the total grew in them."""
    days = charts.days_until(today, DAYS)
    amounts = [cells.get(day, 0) for day in days]
    before = sum(amount for day, amount in cells.items() if day < days[0])
    totals = [before + grown for grown in charts.growing(amounts)]
    rows: list[list[str | int]] = [
        [i18n.day(day), amount, total] for day, amount, total in zip(days, amounts, totals, strict=True)
    ]
    top = max(amounts)
    said = _("From %(first)s to %(last)s. The highest bar stands for %(most)s.", first=i18n.day(days[0]),
             last=i18n.day(today), most=i18n.number(top))  # fmt: skip
    return Chart(_("The last 30 days"), said, charts.outline(amounts, top or 1), 10 * len(days),
                 [_("Day"), _("Signatures"), _("Total then")], rows[::-1])  # fmt: skip


def growth(cells: Mapping[date, int], today: date) -> Chart | None:
    """How the total grew from the first day on; None on that day."""
    first, last = min(cells, default=today), max([today, *cells])
    if first >= last:
        return None
    span = charts.span(first, last)
    series = charts.series(cells, first, last, span)
    totals = charts.growing([amount for _day, amount in series])
    headings = {1: _("Day"), 7: _("Week from"), 28: _("Four weeks from")}
    rows: list[list[str | int]] = [
        [i18n.day(day), amount, total] for (day, amount), total in zip(series, totals, strict=True)
    ]
    said = _("From %(first)s to %(last)s, from nobody to %(total)s.", first=i18n.day(first), last=i18n.day(last),
             total=i18n.number(totals[-1]))  # fmt: skip
    return Chart(_("The total from the first day on"), said, charts.area(totals, max(*totals, 1)), 10 * len(totals),
                 [headings[span], _("Signatures"), _("Total then")], rows[::-1])  # fmt: skip


def last_hours(campaign_id: int, at: datetime) -> Chart:
    """What came and what left in each hour of the last two days."""
    found = standing.hours(campaign_id, charts.hours_until(at, HOURS))
    came = [one for one, _left in found.values()]
    rows: list[list[str | int]] = [[_hour(hour), one, left] for hour, (one, left) in found.items()]
    said = _("%(came)s came in these two days and %(left)s left. The highest bar stands for %(most)s in an hour.",
             came=i18n.number(sum(came)), left=i18n.number(sum(left for _one, left in found.values())),
             most=i18n.number(max(came)))  # fmt: skip
    return Chart(_("The last two days, hour by hour"), said, charts.outline(came, max(*came, 1)), 10 * len(came),
                 [_("Hour from (UTC)"), _("Came"), _("Left")], rows[::-1])  # fmt: skip


def asked_hours(answers: Answers, at: datetime) -> Chart:
    """Who was asked and who confirmed in each hour of the last two days."""
    counted = {one.hour: one for one in answers.hours}
    hours = charts.hours_until(at, HOURS)
    asked = [counted[hour].asked if hour in counted else 0 for hour in hours]
    confirmed = [counted[hour].confirmed if hour in counted else 0 for hour in hours]
    rows: list[list[str | int]] = [
        [_hour(hour), one, other] for hour, one, other in zip(hours, asked, confirmed, strict=True)
    ]
    top = max(*asked, *confirmed, 1)
    said = _("Lines: who was asked in that hour. Filled: who confirmed in it. The highest stands for %(most)s.",
             most=i18n.number(top))  # fmt: skip
    return Chart(_("Asked and confirmed, hour by hour"), said, charts.outline(confirmed, top), 10 * len(hours),
                 [_("Hour from (UTC)"), _("Asked"), _("Confirmed")], rows[::-1],
                 charts.outline(asked, top))  # fmt: skip


def _hour(hour: datetime) -> str:
    return f"{i18n.day(hour)}, {hour:%H:%M}"


def after(answers: Answers) -> list[tuple[str, int, float]]:
    """How long after the form the button was pressed: what it is called, how many, and which share."""
    names = {"at_once": _("within ten minutes"), "within_an_hour": _("within an hour"),
             "within_a_day": _("within a day"), "later": _("later")}  # fmt: skip
    most = max(*answers.after.values(), 1)
    return [(names[name], amount, amount / most) for name, amount in answers.after.items()]


def parts(found: Mapping[str, Cells]) -> list[Part]:
    """Every way in which a total divides, but for the days; nothing of nobody."""
    named = {
        "country": (_("By country"), _("Country")), "language": (_("By language"), _("Language")),
        "channel": (_("By the way they came"), _("Channel")), "source": (_("By source"), _("Source")),
        "partner": (_("By partner"), _("Partner")),
    }  # fmt: skip
    return [_part(dimension, *words, found[dimension]) for dimension, words in named.items() if found[dimension]]


def _part(dimension: str, title: str, heading: str, cells: Cells) -> Part:
    rows = [(_value(dimension, value), amount) for value, amount in sorted(cells.items(), key=_largest_first)]
    top = max(1, rows[0][1])
    bars = [(name, amount, max(0, amount) / top) for name, amount in rows[:LARGEST]]
    rest = sum(amount for _name, amount in rows[LISTED:])
    more = [(_("All others"), rest)] if rest else []
    return Part(title, heading, bars, rows[:LISTED] + more)


def _largest_first(cell: tuple[str, int]) -> tuple[int, str]:
    return -cell[1], cell[0]


def _value(dimension: str, value: str) -> str:
    if not value:
        return str({"source": _("No source"), "partner": _("Our own pages")}.get(dimension) or _("Not given"))
    if dimension == "country":
        return countries.name(value, i18n.spoken())
    if dimension == "language":
        return i18n.own_name(value)
    ways: dict[str, str] = {"online": _("Online"), "paper": _("Paper"), "import": _("Import")}
    return ways.get(value, value) if dimension == "channel" else value


def waiting(counts: Mapping[str, int], campaign: Reading) -> list[tuple[str, str]]:
    """What waits for a decision, and where it is decided."""
    slug = campaign.slug
    held, objections, names, organisations = (
        counts.get(kind, 0) for kind in ("held", "objections", "names", "organisations")
    )
    said = [
        (held, ngettext("%(figure)s signature is held", "%(figure)s signatures are held", held,
                        figure=i18n.number(held)), list_href(campaign, Filter(states=(HELD,)))),
        (objections, ngettext("%(figure)s person objects", "%(figure)s people object", objections,
                              figure=i18n.number(objections)), url_for("desk.objections_page", slug=slug)),
        (names, ngettext("%(figure)s name waits to be shown", "%(figure)s names wait to be shown", names,
                         figure=i18n.number(names)), url_for("desk.names", slug=slug)),
        (organisations, ngettext("%(figure)s organisation asks to be shown", "%(figure)s organisations ask to be shown",
                                 organisations, figure=i18n.number(organisations)),
         url_for("desk.endorsements_page", slug=slug)),
    ]  # fmt: skip
    return [(sentence, href) for count, sentence, href in said if count]


def is_late(letters: Standing, at: datetime) -> bool:
    """Whether letters do not go out as they should."""
    return letters.due_since is not None and letters.due_since < at - LATE


def outgoing(letters: Standing, at: datetime) -> list[str]:
    """How letters go out, in plain words; what is not as it should be comes first."""
    said: list[str] = []
    if is_late(letters, at) and letters.due_since is not None:
        said.append(_("Letters are late: one should have gone out on %(moment)s. Tell whoever runs the server.",
                      moment=i18n.moment(letters.due_since)))  # fmt: skip
    if letters.parked:
        said.append(ngettext(
            "%(figure)s letter could not be written and is set aside. Whoever runs the server can try it again.",
            "%(figure)s letters could not be written and are set aside. Whoever runs the server can try them again.",
            letters.parked, figure=i18n.number(letters.parked)))  # fmt: skip
    if letters.failed:
        said.append(ngettext("In the last 24 hours %(figure)s address could not be reached.",
                             "In the last 24 hours %(figure)s addresses could not be reached.", letters.failed,
                             figure=i18n.number(letters.failed)))  # fmt: skip
    if letters.waiting and letters.oldest is not None:
        said.append(ngettext("%(figure)s letter waits to go out, since %(moment)s.",
                             "%(figure)s letters wait to go out, the oldest since %(moment)s.", letters.waiting,
                             figure=i18n.number(letters.waiting), moment=i18n.moment(letters.oldest)))  # fmt: skip
    return said or [_("Every letter has gone out.")]


def pace(
    cells: Mapping[date, int], total: int, goal: int | None, closes_at: datetime | None, at: datetime
) -> list[str]:
    """How fast it goes, what is missing to the next goal, when that is reached, and what it would take."""
    today, said = at.date(), []
    found = charts.pace(cells, today)
    if found is not None:
        said.append(_("%(pace)s a day, on average of the last days.", pace=i18n.number(round(found))))
    left = (goal or 0) - total
    if left <= 0:
        return said
    reached = charts.reached_on(left, found or 0, today)
    if reached is not None:
        said.append(_("At this pace the goal is reached on %(day)s.", day=i18n.day(reached)))
    days = (closes_at - at).days + 1 if closes_at is not None and closes_at > at else 0
    if days:
        said.append(_("To reach it by the last day it takes %(needed)s a day.", needed=i18n.number(-(-left // days))))
    return said


def spark(days: Mapping[str, int]) -> tuple[str, str]:
    """The last thirty days as a small picture: what it says, and its outline."""
    amounts: Sequence[int] = list(days.values())
    count = sum(amounts)
    said = ngettext("%(figure)s signature in the last 30 days", "%(figure)s signatures in the last 30 days", count,
                    figure=i18n.number(count))  # fmt: skip
    return said, charts.outline(amounts, max(*amounts, 1))
