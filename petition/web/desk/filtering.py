"""The filter of signatures in an address: what the bar holds, a link repeats, and a form shows."""

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from petition.selection import STATES, Filter

#: What stands in the address → the filter's own name for it. A domain and a network stand there as their keyed hashes,
#: for addresses are logged.
_LISTS = {"state": "states", "country": "countries", "language": "languages", "source": "sources",
          "channel": "channels", "partner": "partners"}  # fmt: skip
_HASHES = {"domain": "domains", "network": "networks"}
_DAYS = {"from": "first_day", "to": "last_day"}
#: So many values of one kind; whoever needs more has typed the address by hand.
MOST = 50


def asked(arguments: MultiDict[str, str]) -> Filter:
    """The filter that an address says; what is no value of a kind is left out. Nothing said: whatever its state."""
    found: dict[str, object] = {}
    for name, own in _LISTS.items():
        values = [value[:100] for value in arguments.getlist(name) if name != "state" or value in STATES]
        # A form sends what was left open as an empty value; "-" stands for "not given".
        found[own] = tuple("" if value == "-" else value for value in dict.fromkeys(values[:MOST]) if value)
    for name, own in _HASHES.items():
        values = [value for value in arguments.getlist(name) if re.fullmatch("[0-9a-f]{64}", value)]
        found[own] = tuple(bytes.fromhex(value) for value in dict.fromkeys(values[:MOST]))
    for name, own in _DAYS.items():
        found[own] = _day(arguments.get(name, ""))
    return Filter(**found)  # type: ignore[arg-type]


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def pairs(wanted: Filter) -> list[tuple[str, str]]:
    """What says a filter in an address or as hidden fields of a form; nothing for one that asks for nothing."""
    facts: Mapping[str, object] = wanted.facts()
    found: list[tuple[str, str]] = []
    for name, own in (_LISTS | _HASHES).items():
        values = facts.get(own, [])
        assert isinstance(values, list)
        found += [(name, value or "-") for value in values]
    return found + [(name, str(facts[own])) for name, own in _DAYS.items() if own in facts]


def query(wanted: Filter, **more: str) -> str:
    """The same as the query of an address, with its question mark; "" for one that asks for nothing."""
    said = urlencode([*pairs(wanted), *more.items()])
    return f"?{said}" if said else ""
