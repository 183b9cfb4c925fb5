"""An event's folder."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from petition import events
from petition.folders.files import LONGEST_LINE, LONGEST_STANDFIRST, File, Folder, local_moment, read
from petition.folders.news import campaign_id, topic_id

OWN = ("title", "standfirst", "place")
SHARED = ("starts", "ends", "time_zone", "online", "topic", "campaign", "date", "cancelled")
LONGEST_PLACE = 300
LONGEST_ADDRESS = 500

_SPAN_WHY = {
    "before": "must come after “starts”",
    "too_long": f"must come within {events.LONGEST.days} days of “starts”",
}
_DAYS = re.compile(r"([+-]?[0-9]{1,5})T([0-9:]+)")
HTTPS = re.compile(r"https://[a-z0-9][^/?#@\\\s\"<>]*([/?#][^\\\s\"<>]*)?", re.IGNORECASE)


def event(folder: Path, now: datetime) -> events.Draft:
    """The event that a folder describes; its campaign and topic must be there. Without `date` it is not public.

    `starts` and `ends` are local to `time_zone` and have a time; days are counted from `now`. Raises FolderRefused.
    """
    found = read(folder, OWN, SHARED, reserved=events.RESERVED)
    starts_at, ends_at = _span(found, now)
    online = _online(found)
    return events.Draft(
        slug=found.slug,
        first_language=found.first.language,
        texts={language: _text(file, online) for language, file in found.files.items()},
        time_zone=found.zone().key,
        starts_at=starts_at,
        ends_at=ends_at,
        online=online,
        topic_id=topic_id(found),
        campaign_id=campaign_id(found),
        published_at=found.moment("date", now),
        cancelled=found.yes_or_no("cancelled"),
    )


def _text(file: File, online: str) -> events.Text:
    return events.Text(
        title=file.words("title", most=LONGEST_LINE, needed=True),
        standfirst=file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
        place=file.words("place", most=LONGEST_PLACE, needed=not online),
        source=file.body,
    )


def _span(folder: Folder, now: datetime) -> tuple[datetime, datetime | None]:
    if "time_zone" not in folder:
        # Elsewhere UTC stands for it; a meeting an hour off is missed.
        raise folder.refuse("time_zone", "is missing")
    starts_at, ends_at = _moment(folder, "starts", now), _moment(folder, "ends", now)
    if starts_at is None:
        raise folder.refuse("starts", "is missing")
    wrong = events.span_wrong(starts_at, ends_at)
    if wrong:
        raise folder.refuse("ends", _SPAN_WHY[wrong])
    return starts_at, ends_at


def _moment(folder: Folder, key: str, now: datetime) -> datetime | None:
    """A local time as a moment in UTC: `2030-05-01T19:00`, or `+9T19:00` for nine days from the day of loading."""
    written = folder.first.words(key, most=40)
    if not written:
        return None
    days = _DAYS.fullmatch(written)
    try:
        if days:
            day = now.astimezone(folder.zone()).date() + timedelta(days=int(days[1]))
            return local_moment(f"{day}T{days[2]}", folder.zone())
        if ":" not in written:
            raise ValueError("must have a time, such as 2030-05-01T19:00")
        return local_moment(written, folder.zone())
    except ValueError as error:
        raise folder.refuse(key, str(error)) from None


def _online(folder: Folder) -> str:
    address = folder.first.words("online", most=LONGEST_ADDRESS)
    if address and not HTTPS.fullmatch(address):
        raise folder.refuse("online", "must be an address that begins with https://")
    return address
