"""Events as calendars read them: iCalendar, RFC 5545."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from icalendar import Calendar, Timezone, TimezoneDaylight, TimezoneStandard, vText
from icalendar import Event as Entry

from petition.base import clocks, urls
from petition.base.i18n import gettext as _
from petition.base.plain import plain
from petition.events import Reading

#: How often those who subscribe are asked to look again.
REFRESH_HOURS = 6
_DAY = timedelta(days=1)


def written(found: Sequence[Reading], language: str, name: str = "") -> bytes:
    """A calendar file of events, whose pages are those of a language; `name` is that of a calendar to subscribe to."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{urls.host()}//petition//EN")
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(hours=REFRESH_HOURS), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", f"PT{REFRESH_HOURS}H")
    # A calendar of nothing is none (3.4): without events it holds the clock of UTC.
    for zone in sorted({one.time_zone for one in found}) or ["Etc/UTC"]:
        calendar.add_component(_zone(zone, [one for one in found if one.time_zone == zone]))
    for one in found:
        calendar.add_component(_entry(one, language))
    return bytes(calendar.to_ical())


def _entry(found: Reading, language: str) -> Entry:
    """A change of the event is a change of LAST-MODIFIED, DTSTAMP and SEQUENCE; its UID is the same for ever."""
    zone = ZoneInfo(found.time_zone)
    address = urls.absolute(urls.event(language, found.slug))
    entry = Entry()
    entry.add("uid", f"event-{found.id}@{urls.host()}")
    entry.add("dtstamp", found.changed_at)
    entry.add("last-modified", found.changed_at)
    entry.add("sequence", int((found.changed_at - found.created_at).total_seconds()))
    entry.add("dtstart", found.starts_at.astimezone(zone))
    if found.ends_at is not None:
        entry.add("dtend", found.ends_at.astimezone(zone))
    entry.add("status", "CANCELLED" if found.cancelled_at else "CONFIRMED")
    spoken = {"LANGUAGE": found.text.language}
    entry.add("summary", vText(_title(found), params=spoken))
    entry.add("description", vText(_description(found), params=spoken))
    entry.add("location", vText(found.text.place or found.online, params=spoken))
    entry.add("url", address)
    return entry


def _title(found: Reading) -> str:
    """Not every calendar shows what STATUS says."""
    return _("Cancelled: %(title)s", title=found.text.title) if found.cancelled_at else found.text.title


def _description(found: Reading) -> str:
    parts = [found.text.standfirst, plain(found.text.html, urls.absolute(""))]
    if found.online:
        parts.append(_("Online: %(address)s", address=found.online))
    return "\n\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Change:
    """A place's clocks are set from one offset to another."""

    at: datetime
    before: timedelta
    after: datetime


def _zone(name: str, found: Sequence[Reading]) -> Timezone:
    """The clocks of a place for as long as the events need them.

    Made here, for the library's own (7.3) puts the onset of summer an hour late and misses changes.
    """
    zone = ZoneInfo(name)
    begin = min((one.starts_at for one in found), default=datetime(2020, 1, 2, tzinfo=UTC)) - _DAY
    begin = begin.replace(second=0, microsecond=0)
    end = max((one.ends_at or one.starts_at for one in found), default=begin) + _DAY
    timezone = Timezone()
    timezone.add("tzid", name)
    for change in _changes(zone, begin, end):
        kind = TimezoneDaylight() if clocks.is_summer(change.after) else TimezoneStandard()
        # The onset is written by the clock as it was before it (3.6.5).
        kind.add("dtstart", (change.at + change.before).replace(tzinfo=None))
        kind.add("tzoffsetfrom", change.before)
        kind.add("tzoffsetto", change.after.utcoffset())
        kind.add("tzname", change.after.tzname())
        timezone.add_component(kind)
    return timezone


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[_Change]:
    """How clocks stand at the beginning, and every time they are set until the end."""
    first = begin.astimezone(zone)
    yield _Change(begin, first.utcoffset() or timedelta(), first)
    days = [begin + number * _DAY for number in range((end - begin).days + 2)]
    for early, late in pairwise(days):
        before = early.astimezone(zone).utcoffset()
        if late.astimezone(zone).utcoffset() != before:
            at = _onset(zone, early, late)
            yield _Change(at, before or timedelta(), at.astimezone(zone))


def _onset(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first second of a new offset, between two moments of different ones."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late
