"""Signatures as organisers go through them: pages of a filter, the newest first, and how many there are, exactly.

Counting asks the register's tallies where they can tell; else an index that holds whatever a filter asks, so that no
row is read (`Signature`, "signature_order").
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, func, literal, select, tuple_

from petition import register
from petition.base import db
from petition.selection import STATES, Filter
from petition.signatures import ASIDE, COUNTED, Signature

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where a page ends: the signature's moment and number. As text it stands in an address."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


def place_of(said: str) -> Place | None:
    """The place that a text says; None where it says none."""
    moment, _dash, number = said.partition("-")
    if not (moment.isdecimal() and number.isdecimal() and len(moment) < 18 and len(number) < 20):
        return None
    try:
        return Place(_EPOCH + int(moment) * _MICROSECOND, int(number)) if int(number) < 1 << 63 else None
    except OverflowError:
        return None


class Page(NamedTuple):
    """Signatures, the newest first, and where the pages beside it begin; None where there is none."""

    rows: Sequence[Signature]
    older: Place | None
    newer: Place | None


def page(
    campaign_id: int, wanted: Filter, most: int, *, older: Place | None = None, newer: Place | None = None
) -> Page:
    """A page of a filter: the newest, or those that are older or newer than a place."""
    order = Signature.entered_at, Signature.id
    query = select(*order)
    if _is_decided(wanted):
        query = query.where(ASIDE)
    query = query.where(*wanted.conditions(campaign_id))
    place = newer or older
    if place is not None:
        here = tuple_(literal(place.at, db.Moment), literal(place.id, db.BigKey))
        query = query.where(tuple_(*order) > here if newer else tuple_(*order) < here)
    by = order if newer else [one.desc() for one in order]
    found = [Place(*row) for row in db.session.execute(query.order_by(*by).limit(most + 1))]
    more, places = len(found) > most, found[:most]
    if newer:
        places.reverse()
    rows = _rows([one.id for one in places])
    is_first, is_last = (not more, False) if newer else (older is None, not more)
    if not places:
        return Page(rows, None, None)
    return Page(rows, None if is_last else places[-1], None if is_first else places[0])


def _rows(ids: Sequence[int]) -> list[Signature]:
    # Read by their numbers once the index has told them: it holds all that is asked, so no other row is looked at.
    found = {one.id: one for one in db.session.scalars(select(Signature).where(Signature.id.in_(ids)))} if ids else {}
    return [found[key] for key in ids if key in found]


def some(campaign_id: int, ids: Sequence[int]) -> list[Signature]:
    """Signatures by their numbers, in that order; those that are gone or another campaign's are left out."""
    return [one for one in _rows(ids) if one.campaign_id == campaign_id]


def _is_decided(wanted: Filter) -> bool:
    """Whether nothing that counts is asked for: then there is a small index of the rest."""
    return bool(wanted.states) and COUNTED not in wanted.states


def count(campaign_id: int, wanted: Filter) -> int:
    """How many signatures a filter means at this moment."""
    states = wanted.states or STATES
    counts, others = COUNTED in states, tuple(one for one in states if one != COUNTED)
    found = _by_tallies(campaign_id, replace(wanted, states=())) if counts else 0
    if found is None:
        return _by_rows(campaign_id, wanted)
    return found + (_by_rows(campaign_id, replace(wanted, states=others)) if others else 0)


def _by_rows(campaign_id: int, wanted: Filter) -> int:
    query: Select[int] = select(func.count()).select_from(Signature).where(*wanted.conditions(campaign_id))
    return int(db.session.execute(query.where(ASIDE) if _is_decided(wanted) else query).scalar_one())


def _by_tallies(campaign_id: int, wanted: Filter) -> int | None:
    """How many of those that count, where a filter asks for at most one part of a cell; else None."""
    if wanted.domains or wanted.networks:
        return None
    parts = {
        "country": wanted.countries, "language": wanted.languages, "source": wanted.sources,
        "channel": wanted.channels, "partner": wanted.partners,
    }  # fmt: skip
    asked = {dimension: values for dimension, values in parts.items() if values}
    days = wanted.first_day, wanted.last_day
    if days == (None, None):
        if not asked:
            return register.total(campaign_id)
        return register.amount(campaign_id, *next(iter(asked.items()))) if len(asked) == 1 else None
    first, last = wanted.first_day or date.min, wanted.last_day or date.max
    return None if asked else register.amount_between(campaign_id, first, last)
