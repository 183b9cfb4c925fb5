"""Mail providers that want fewer letters: how long theirs wait, in this process.

A provider is the domain of an address. Others' letters go on.
"""

from datetime import datetime, timedelta

from flask import current_app

from petition.base import db

#: The longest rest in minutes; it begins with one, and doubles.
LONGEST = 15
_key = "petition.resting"


def rests_until(address: str) -> datetime | None:
    """Until when letters to an address's provider wait; None where they may go."""
    until = _resting().get(_domain(address), (db.now(), 0))[0]
    return until if until > db.now() else None


def slow_down(address: str) -> datetime:
    """The provider asked for fewer letters: until when theirs wait now."""
    now, domain = db.now(), _domain(address)
    until, minutes = _resting().get(domain, (now, 0))
    if minutes == 0 or until <= now:
        # Several threads may hear it at once; that counts once.
        minutes = min(2 * minutes or 1, LONGEST)
        until = now + timedelta(minutes=minutes)
        _resting()[domain] = (until, minutes)
    return until


def takes(address: str) -> None:
    """The provider has taken a letter: nothing rests."""
    _resting().pop(_domain(address), None)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _resting() -> dict[str, tuple[datetime, int]]:
    found: dict[str, tuple[datetime, int]] = current_app.extensions.setdefault(_key, {})
    return found
