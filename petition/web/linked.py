"""What search engines read of a page (JSON-LD in the words of schema.org): an article, an event.

A block of data, which no browser runs; `tojson` in the template keeps it from ever ending its element.
"""

from typing import Any

from petition import articles, events
from petition.base import i18n, settings, urls
from petition.web import meetings

_CONTEXT = "https://schema.org"
Data = dict[str, Any]


def article(found: articles.Reading, picture: str) -> Data:
    """An article; `picture` is an address, "" where there is none."""
    text = found.text
    address = urls.absolute(urls.article(text.language, found.slug))
    names = found.authors.split(", ") if found.authors else []
    return _without_empty({
        "@context": _CONTEXT, "@type": "NewsArticle", "headline": text.title, "description": text.standfirst,
        "inLanguage": text.language, "url": address, "mainEntityOfPage": address, "image": picture,
        "datePublished": found.published_at.isoformat(timespec="seconds"),
        "dateModified": max(found.changed_at, found.published_at).isoformat(timespec="seconds"),
        "author": [{"@type": "Person", "name": name} for name in names] or [_publisher()], "publisher": _publisher(),
    })  # fmt: skip


def event(found: events.Reading, when: meetings.When, picture: str, *, is_over: bool) -> Data:
    """An event. Where its page no longer shows the way in, for it is over or cancelled, it is not said here either."""
    text = found.text
    address = urls.absolute(urls.event(text.language, found.slug))
    mode = "Mixed" if text.place and found.online else "Online" if found.online else "Offline"
    closed = is_over or found.cancelled_at is not None
    return _without_empty({
        "@context": _CONTEXT, "@type": "Event", "name": text.title, "description": text.standfirst,
        "inLanguage": text.language, "url": address, "image": picture, "startDate": when.starts,
        "endDate": when.ends,
        "eventStatus": f"{_CONTEXT}/Event{'Cancelled' if found.cancelled_at else 'Scheduled'}",
        "eventAttendanceMode": f"{_CONTEXT}/{mode}EventAttendanceMode",
        "location": _location(text.place, address if closed else found.online, bool(found.online)),
        "organizer": _publisher(),
    })  # fmt: skip


def _location(place: str, online: str, is_online: bool) -> list[Data]:
    found = [{"@type": "Place", "name": place, "address": place}] if place else []
    return [*found, {"@type": "VirtualLocation", "url": online}] if is_online else found


def _publisher() -> Data:
    front = urls.absolute(f"/{i18n.spoken()}/")
    return {"@type": "Organization", "name": settings.current().site_name, "url": front}


def _without_empty(said: Data) -> Data:
    return {name: value for name, value in said.items() if value not in ("", [])}
