"""Which signatures of a campaign: one filter for the list, for rules, and for what is written out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from petition.signatures import COUNTED, HELD, REMOVED, Signature

STATES = (COUNTED, HELD, REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which signatures of a campaign; an empty tuple and None mean "whatever it is". Days are UTC days, inclusive.

    `domains` are keyed hashes of a mailbox's domain, `networks` those of a network under its day's key: neither says
    anything once its key is gone.
    """

    states: tuple[str, ...] = (COUNTED,)
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    domains: tuple[bytes, ...] = ()
    networks: tuple[bytes, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    def is_everybody_counted(self) -> bool:
        """Whether the list must be as long as the total."""
        return self == Filter()

    def facts(self) -> dict[str, Any]:
        """What it asks for as JSON knows it, for a manifest, the journal, a rule; what it leaves open is left out."""
        texts: dict[str, Any] = {
            "states": self.states, "countries": self.countries, "languages": self.languages, "sources": self.sources,
            "channels": self.channels, "partners": self.partners, "domains": [one.hex() for one in self.domains],
            "networks": [one.hex() for one in self.networks], "first_day": self.first_day and str(self.first_day),
            "last_day": self.last_day and str(self.last_day),
        }  # fmt: skip
        return {name: list(value) if isinstance(value, tuple) else value for name, value in texts.items() if value}

    def conditions(self, campaign_id: int) -> list[ColumnElement[bool]]:
        """The same as conditions on `Signature`."""
        chosen: list[tuple[InstrumentedAttribute[Any], tuple[Any, ...]]] = [
            (Signature.state, self.states), (Signature.country, self.countries), (Signature.language, self.languages),
            (Signature.source, self.sources), (Signature.channel, self.channels), (Signature.partner, self.partners),
            (Signature.domain, self.domains), (Signature.network, self.networks),
        ]  # fmt: skip
        found: list[ColumnElement[bool]] = [Signature.campaign_id == campaign_id]
        found += [
            column == values[0] if len(values) == 1 else column.in_(values) for column, values in chosen if values
        ]
        if self.first_day is not None:
            found.append(Signature.day >= self.first_day)
        if self.last_day is not None:
            found.append(Signature.day <= self.last_day)
        return found


def of_facts(facts: Mapping[str, Any]) -> Filter:
    """The filter that said these facts. Raises ValueError for what no filter says."""
    lists: dict[str, Any] = {name: tuple(facts.get(name, ())) for name in _LISTS}
    days: dict[str, Any] = {
        name: date.fromisoformat(facts[name]) if name in facts else None for name in ("first_day", "last_day")
    }
    hashes: dict[str, Any] = {
        name: tuple(bytes.fromhex(one) for one in facts.get(name, ())) for name in ("domains", "networks")
    }
    unknown = facts.keys() - lists.keys() - days.keys() - hashes.keys()
    if unknown or set(lists["states"]) - set(STATES):
        raise ValueError(f"no filter says {unknown or lists['states']}")
    return Filter(**lists, **days, **hashes)


_LISTS = ("states", "countries", "languages", "sources", "channels", "partners")
