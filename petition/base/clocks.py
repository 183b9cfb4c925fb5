"""What a clock shows at a place, in words of the language spoken: day, hour, and the zone by its name.

A time given here is aware and local: its tzinfo is the place's ZoneInfo.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location

from petition.base import i18n

YEARS = range(2000, 2200)


class MomentRefused(ValueError):
    """What was written is no moment at a place; `why` says which rule."""

    def __init__(self, why: Literal["unreadable", "offset", "year", "skipped"]) -> None:
        super().__init__(why)
        self.why = why


def moment(written: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 local time as a moment in UTC; the first where clocks go back and it comes twice.

    Raises MomentRefused, also for a time that clocks skip.
    """
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise MomentRefused("unreadable") from None
    if local.tzinfo is not None:
        raise MomentRefused("offset")
    if local.year not in YEARS:
        raise MomentRefused("year")
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local:
        raise MomentRefused("skipped")
    return at


def comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks at the place show the time of this moment twice, for they go back."""
    local = at.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def weekday(local: datetime) -> str:
    """ "Wednesday, 1 May 2030" as the language writes it."""
    return format_date(local, "full", locale=i18n.written_as())


def leaf(local: datetime) -> tuple[str, str]:
    """Day of the month and short name of the month, as a calendar on a wall shows them."""
    return str(local.day), format_date(local, "LLL", locale=i18n.written_as()).rstrip(".")


def hour(local: datetime) -> str:
    """ "19:00" as the language writes it."""
    # The zone is said beside it; Babel would otherwise turn the time into UTC.
    return format_time(local.replace(tzinfo=None).time(), "short", locale=i18n.written_as())


def offset(local: datetime) -> str:
    """How far the place's clocks are from UTC then: "UTC+2", "UTC−3:30", "UTC"."""
    minutes = round(_ahead(local).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def is_summer(local: datetime) -> bool:
    """Whether clocks are ahead of the year's standard. Asked of the offsets: Dublin's data call its winter the
    exception."""
    ahead = [_ahead(local.replace(month=month, day=1, fold=0)) for month in (1, 7)]
    return _ahead(local) > min(ahead)


def _ahead(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def zone(local: datetime) -> str:
    """What the place's time is called then ("Central European Summer Time"); "" where the language has no name."""
    place = local.tzinfo
    assert isinstance(place, ZoneInfo)
    return _zone(place.key, is_summer(local), i18n.written_as())


@lru_cache(maxsize=512)
def _zone(name: str, summer: bool, language: str) -> str:
    locale = Locale.parse(language.replace("-", "_"))
    # CLDR knows some places by the name they had first, such as Asia/Calcutta.
    aliases, metas = get_global("zone_aliases"), get_global("meta_zones")
    names = [name, aliases.get(name, name), *(old for old, new in aliases.items() if new == name)]
    meta = next((metas[known] for known in names if known in metas), "")
    said: dict[str, Any] = dict(locale.meta_zones.get(meta, {}).get("long", {}))
    for known in names:
        said |= locale.time_zones.get(known, {}).get("long", {})
    found = said.get("daylight" if summer else "standard") or said.get("generic")
    if found or not _lies_in_a_country(name):
        return str(found or "")
    return get_timezone_location(name, locale=locale)


def _lies_in_a_country(name: str) -> bool:
    return get_global("zone_territories").get(name, "ZZ") not in ("ZZ", "001")
