"""Whether very many of those who sign a campaign just now have their mailboxes at one domain that nobody knows for
that (A2): somebody who owns a domain has as many addresses there as they like, and a script presses every button.

Nobody is refused and nothing is held for it: a figure rises, an alarm tells operators to have somebody look at the
desk, where `signs` says which campaign it is and leads to the list. Here neither a campaign nor a domain is named; nor
is anything of a person opened. A worker counts every minute, for campaigns with many signatures in the hour alone.
"""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select

from petition import campaigns, register, sightings
from petition.base import crypto, db, providers
from petition.campaigns import Reading
from petition.register import RegisterHead, Tally
from petition.sightings import Sighting
from petition.signatures import Signature

#: What is looked at, and how often by all workers together.
SPAN, EVERY = timedelta(hours=1), timedelta(minutes=1)
#: What was counted so long ago says nothing any more.
STALE = timedelta(minutes=10)
#: Of a campaign the newest are looked at: what is odd about an hour is odd about so many.
NEWEST = 20_000
#: Fewer at one domain are no crowd: an office, a school.
LEAST = 100
#: A crowd is so many times what the domain brought before the hour.
TIMES = 4
#: A campaign with fewer signatures before the hour does not know yet what is usual; this share is taken for it.
KNOWN_FROM, SHARE = 200, 0.025


def is_due(at: datetime) -> bool:
    """Whether no worker has counted within the minute."""
    last = db.session.scalar(select(Sighting.seen_at).where(Sighting.id == sightings.CROWD))
    return last is None or abs(at - last) >= EVERY


def count(at: datetime) -> int:
    """Count, in the caller's transaction, and write down the largest crowd of all campaigns; 0 where there is none."""
    largest = max((_largest(campaigns.read_id(one), at) for one in _busy(at)), default=0)
    sightings.see(sightings.CROWD, sightings.CROWD, at, figures={"largest": largest})
    return largest


def last(at: datetime) -> int | None:
    """What was counted last; None where that is too long ago."""
    row = db.session.get(Sighting, sightings.CROWD)
    return row.figures["largest"] if row and abs(at - row.seen_at) <= STALE else None


def _busy(at: datetime) -> list[int]:
    """The campaigns with enough signatures, by the hours of the clock that the span touches."""
    hours = (register.hour(at - SPAN), register.hour(at))
    # By way of the heads every tally is found by its whole key.
    query = select(Tally.campaign_id).join(RegisterHead, RegisterHead.campaign_id == Tally.campaign_id)
    query = query.where(Tally.dimension == register.CAME, Tally.value.in_(hours)).group_by(Tally.campaign_id)
    return list(db.session.scalars(query.having(func.sum(Tally.amount) >= LEAST)))


def _largest(reading: Reading, at: datetime) -> int:
    """The largest crowd of a campaign."""
    s = Signature
    lately = s.campaign_id == reading.id, s.entered_at >= at - SPAN, s.channel == "online"
    newest = select(s.domain).where(*lately).order_by(s.entered_at.desc()).limit(NEWEST).subquery().c
    query = select(newest.domain, func.count()).group_by(newest.domain)
    found = sorted(((int(n), bytes(key)) for key, n in db.session.execute(query)), reverse=True)
    of = sum(n for n, _key in found)
    before = register.total(reading.id) - of
    for n, key in found:
        if n < LEAST:
            break
        if not _is_known(reading, key) and not _is_usual(reading, key, n / of, at - SPAN, before):
            return n
    return 0


def _is_usual(reading: Reading, key: bytes, share: float, since: datetime, before: int) -> bool:
    """Whether a domain's share of those who came before a moment was a fourth of this, or more."""
    if before < KNOWN_FROM:
        return share < TIMES * SHARE
    enough = ceil(share * before / TIMES)
    s = Signature
    some = select(s.id).where(s.campaign_id == reading.id, s.domain == key, s.entered_at < since)
    # No more are counted than it takes: a large provider has very many.
    return int(db.session.scalar(select(func.count()).select_from(some.limit(enough).subquery())) or 0) >= enough


def _is_known(reading: Reading, key: bytes) -> bool:
    """Whether it is the domain of a large provider."""
    names = (name for one in providers.TABLE for name in one.domains if not name.startswith("*"))
    return any(crypto.keyed_hash(reading.hash_key(), "domain", name) == key for name in names)
