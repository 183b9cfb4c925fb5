"""Events as pages show them: one of them whole, and as a card among others."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from petition import events
from petition.base import clocks, i18n, urls


@dataclass(frozen=True, slots=True)
class When:
    """A span of time by the clocks of the place, in words and for machines (ISO 8601 with the offset).

    `end`, `ends` and `last_day` are "" where no end is said or it is on the same day. `zone` is the name of the
    place's time with its offset from UTC; `last_zone` the one at the end where clocks are set in between, else "".
    """

    day: str
    start: str
    starts: str
    last_day: str
    end: str
    ends: str
    zone: str
    last_zone: str
    leaf: tuple[str, str]


@dataclass(frozen=True, slots=True)
class EventCard:
    """An event as lists show it."""

    href: str
    title: str
    lang: str
    standfirst: str
    when: When
    place: str
    online: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as its page shows it; `foreign` where it is not in the reader's language, `online` an address."""

    title: str
    lang: str
    foreign: bool
    standfirst: str
    when: When
    place: str
    online: str
    cancelled: bool
    over: bool
    html: Markup
    languages: list[tuple[str, str, str]]
    calendar_href: str


def when(found: events.Reading) -> When:
    """When an event is, in the language spoken."""
    zone = ZoneInfo(found.time_zone)
    starts = found.starts_at.astimezone(zone)
    ends = found.ends_at.astimezone(zone) if found.ends_at else None
    clocks_set = ends is not None and ends.utcoffset() != starts.utcoffset()
    return When(
        day=clocks.weekday(starts),
        start=clocks.hour(starts),
        starts=starts.isoformat(timespec="minutes"),
        last_day=clocks.weekday(ends) if ends and ends.date() != starts.date() else "",
        end=clocks.hour(ends) if ends else "",
        ends=ends.isoformat(timespec="minutes") if ends else "",
        zone=_zone(starts),
        last_zone=_zone(ends) if ends and clocks_set else "",
        leaf=clocks.leaf(starts),
    )


def _zone(local: datetime) -> str:
    name, offset = clocks.zone(local), clocks.offset(local)
    return f"{name} ({offset})" if name else offset


def cards(found: list[events.Reading], language: str) -> list[EventCard]:
    """Events for a list (macros in parts/events.html), their pages in a language."""
    return [
        EventCard(
            urls.event(language, one.slug), one.text.title, one.text.language, one.text.standfirst, when(one),
            one.text.place, bool(one.online), one.cancelled_at is not None,
        )
        for one in found
    ]  # fmt: skip


def view(found: events.Reading, language: str, at: datetime) -> EventView:
    """An event for its page in a language."""
    return EventView(
        title=found.text.title,
        lang=found.text.language,
        foreign=found.text.language != language,
        standfirst=found.text.standfirst,
        when=when(found),
        place=found.text.place,
        online=found.online,
        cancelled=found.cancelled_at is not None,
        over=found.is_over(at),
        # Sanitised when it was saved, by base.markdown.to_html.
        html=Markup(found.text.html),  # noqa: S704
        languages=[(code, i18n.own_name(code), urls.event(code, found.slug)) for code in found.languages],
        calendar_href=urls.event(language, found.slug) + ".ics",
    )
