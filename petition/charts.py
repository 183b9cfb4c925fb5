"""Series and the outlines of pictures made of them. No words: those are the pages'."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

#: So many bars can be told apart on a phone.
MOST_BARS = 40
#: How many days a bar may stand for.
SPANS = (1, 7, 28)

Days = list[tuple[date, int]]


def span(first: date, last: date) -> int:
    """How many days a bar stands for, so that a phone can show all of them."""
    return next((span for span in SPANS if (last - first).days < span * MOST_BARS), SPANS[-1])


def series(cells: Mapping[date, int], first: date, last: date, span: int = 1) -> Days:
    """Sums of so many days each, none left out, by their first day."""
    sums = [0] * ((last - first).days // span + 1)
    for day, amount in cells.items():
        sums[(day - first).days // span] += amount
    return [(first + timedelta(days=place * span), amount) for place, amount in enumerate(sums)]


def days_until(last: date, count: int) -> list[date]:
    """So many days, this one the last."""
    return [last - timedelta(days=ago) for ago in range(count - 1, -1, -1)]


def hours_until(at: datetime, count: int) -> list[datetime]:
    """The beginnings of so many hours (UTC), the one at hand the last."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [hour - timedelta(hours=ago) for ago in range(count - 1, -1, -1)]


def growing(amounts: Sequence[int]) -> list[int]:
    """What they sum up to, step by step."""
    return list(accumulate(amounts))


def outline(amounts: Sequence[int], top: int) -> str:
    """Bars as one path: each eight wide with two between, a hundred high where it is the highest."""
    bars = [
        f"M{place * 10 + 1} 100v-{round(100 * amount / top)}h8V100z" for place, amount in enumerate(amounts) if amount
    ]
    return "".join(bars)


def area(amounts: Sequence[int], top: int) -> str:
    """One shape that rises with the amounts, without gaps; a hundred high where they are the highest."""
    if not any(amounts):
        return ""
    steps = [f"V{100 - round(100 * amount / top)}h10" for amount in amounts]
    return f"M0 100{''.join(steps)}V100z"


#: Over how many days that are over a pace is measured.
PACE_DAYS = 7


def pace(cells: Mapping[date, int], today: date) -> float | None:
    """How many a day on average over the last days that are over, seven at most and none before the first; None
    where none is over yet."""
    first = min((day for day in cells if day < today), default=None)
    if first is None:
        return None
    days = min(PACE_DAYS, (today - first).days)
    return sum(cells.get(day, 0) for day in days_until(today - timedelta(days=1), days)) / days


def reached_on(left: int, pace: float, today: date) -> date | None:
    """The day on which so many more are there at a pace; None where that is more than two years ahead."""
    days = -(-left // pace) if pace > 0 else None
    return today + timedelta(days=int(days)) if days is not None and days <= 730 else None
