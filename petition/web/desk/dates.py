"""Moments as organisers type them, in the campaign's time zone, and what they mean in words (S43)."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from wtforms.validators import StopValidation

from petition.base import clocks, db
from petition.base.clocks import MomentRefused
from petition.base.i18n import gettext as _


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name. Raises StopValidation."""
    if name not in _names():
        raise StopValidation(_("Type the name of a time zone, such as Europe/Madrid or America/Bogota."))
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The names that are offered: places, and UTC."""
    return ["UTC", *sorted(one for one in _names() if "/" in one and not one.startswith("Etc/"))]


def typed(at: datetime | None, zone: str) -> str:
    """A moment as a form shows it: what the clocks there show."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""


def read(written: str, zone: ZoneInfo) -> datetime | None:
    """What was typed as a moment in UTC; None where nothing was. Raises StopValidation."""
    if not written:
        return None
    try:
        return clocks.moment(written, zone)
    except MomentRefused as refused:
        raise StopValidation(_refused(refused.why, zone.key)) from None


def _refused(why: str, zone: str) -> str:
    said: dict[str, str] = {
        "skipped": _("The clocks of %(zone)s skip this hour on that day: choose an earlier or a later one.", zone=zone),
        "year": _("Choose a year from %(first)s to %(last)s.", first=clocks.YEARS[0], last=clocks.YEARS[-1]),
    }
    return said.get(why) or str(_("Type a day and an hour, such as 2030-05-01T18:00."))


def in_words(at: datetime, zone: str) -> str:
    """A moment in full: the day, the hour, which time that is, and what clocks do before it or then."""
    local = at.astimezone(ZoneInfo(zone))
    name = clocks.zone(local)
    place = f"{name}, {clocks.offset(local)}" if name else clocks.offset(local)
    said = [_("%(day)s, %(hour)s (%(place)s).", day=clocks.weekday(local), hour=clocks.hour(local), place=place)]
    now = db.now().astimezone(ZoneInfo(zone))
    if clocks.comes_twice(at, ZoneInfo(zone)):
        said.append(_("The clocks go back in that night and show this hour twice; the first one is meant."))
    elif local > now and local.utcoffset() != now.utcoffset():
        said.append(_("The clocks there are changed before that day; the hour is the one they show then."))
    return " ".join(said)
