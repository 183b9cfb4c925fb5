"""The filter of signatures in an address: what the bar holds, a link repeats, and a form shows."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from petition import register
from petition.base import countries, i18n
from petition.base.i18n import gettext as _
from petition.base.text import folded_name
from petition.campaigns import Reading
from petition.selection import STATES, Filter
from petition.web.desk import words

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
    return path_of("", [*pairs(wanted), *more.items()])


def path_of(path: str, said: Sequence[tuple[str, str]]) -> str:
    """A path with what `pairs` says as its query."""
    return f"{path}?{urlencode(said)}" if said else path


#: So many sources and partners are offered, those that brought most; any other is typed into the address.
MOST_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One list of the filter's form: its name in the address, and (value, words) of what there is and is chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form of a filter shows (templates/desk/parts/filter.html)."""

    states: list[tuple[str, str, bool]]
    first_day: str
    last_day: str
    choices: list[Choice]
    #: Keyed hashes, which can only be kept or dropped: (name, value, words).
    hashes: list[tuple[str, str, str]]

    @property
    def said(self) -> list[tuple[str, str]]:
        """The filter in words, part by part; empty where it asks for nothing."""
        parts = [(_("State"), [label for _value, label, chosen in self.states if chosen])]
        parts += [(_("From"), [_day_said(self.first_day)]), (_("To"), [_day_said(self.last_day)])]
        parts += [(one.label, [label for _value, label in one.chosen]) for one in self.choices]
        said = [(label, i18n.listed([value for value in values if value])) for label, values in parts]
        return [(label, value) for label, value in said if value] + [(label, _("yes")) for _n, _v, label in self.hashes]


def _day_said(day: str) -> str:
    return i18n.day(date.fromisoformat(day)) if day else ""


def fields(campaign: Reading, wanted: Filter) -> Fields:
    """The form of a filter with what a campaign has to choose from, which its tallies tell."""
    spoken = i18n.spoken()
    sayings: dict[str, tuple[str, Callable[[str], str]]] = {
        "country": (_("Country"), lambda code: countries.name(code, spoken)),
        "language": (_("Language"), i18n.own_name),
        "channel": (_("How it came"), lambda key: words.channels().get(key, key)),
        "source": (_("Source"), str), "partner": (_("Partner site"), str),
    }  # fmt: skip
    first, last = wanted.first_day, wanted.last_day
    return Fields(
        [(key, words.states()[key], key in wanted.states) for key in STATES],
        str(first) if first else "", str(last) if last else "",
        [_choice(campaign, name, label, getattr(wanted, _LISTS[name]), say) for name, (label, say) in sayings.items()],
        [("domain", one.hex(), _("Only the e-mail domain that was typed")) for one in wanted.domains]
        + [("network", one.hex(), _("Only from the network of one signature")) for one in wanted.networks],
    )  # fmt: skip


def _choice(campaign: Reading, name: str, label: str, chosen: tuple[str, ...], say: Callable[[str], str]) -> Choice:
    amounts = register.breakdown(campaign.id, name)
    most = sorted(amounts, key=lambda value: -amounts[value])[:MOST_OFFERED]
    said = [(value or "-", say(value) if value else _("not given")) for value in dict.fromkeys((*most, *chosen))]
    said.sort(key=lambda one: (one[0] == "-", folded_name(one[1]), one[0]))
    return Choice(name, label, said, [one for one in said if one[0] in {value or "-" for value in chosen}])
