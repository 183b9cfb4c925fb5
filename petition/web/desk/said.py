"""Decisions, states and filters in words, for the pages on which organisers decide."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from petition.base import countries, i18n
from petition.base.i18n import gettext as _
from petition.selection import Filter


def verbs() -> dict[str, str]:
    """What a decision is called as something to do."""
    return {"hold": _("Hold"), "release": _("Release"), "remove": _("Remove"), "restore": _("Restore")}


def meanings() -> dict[str, str]:
    """What each decision does."""
    return {
        "hold": _("leaves the total while you look at it"),
        "release": _("what was held counts again"),
        "remove": _("leaves the total for good; the mailbox cannot sign again"),
        "restore": _("what was removed counts again"),
    }


def states() -> dict[str, str]:
    """The states of a signature."""
    return {"counted": _("counted"), "held": _("held"), "removed": _("removed")}


def channels() -> dict[str, str]:
    """How signatures came."""
    return {"online": _("online"), "paper": _("on paper"), "import": _("from a list")}


def wanted(chosen: Filter, names: Mapping[bytes, str] | None = None) -> list[tuple[str, str]]:
    """What a filter asks for, as facts; nothing where it asks for nothing. `names`: domains that may be named."""
    spoken, named = i18n.spoken(), names or {}
    found = [
        (_("State"), _any(states(), chosen.states)),
        (_("Country"), [countries.name(one, spoken) if one else _("not given") for one in chosen.countries]),
        (_("Language"), [i18n.own_name(one) for one in chosen.languages]),
        (_("Came by"), [one or _("not given") for one in chosen.sources]),
        (_("Channel"), _any(channels(), chosen.channels)),
        (_("Partner"), [one or _("not given") for one in chosen.partners]),
        (_("Domain"), [named.get(one) or short(one) for one in chosen.domains]),
        (_("Network"), [short(one) for one in chosen.networks]),
    ]
    said = [(label, i18n.listed(values)) for label, values in found if values]
    return said + _days(chosen.first_day, chosen.last_day)


def _any(names: Mapping[str, str], values: Sequence[str]) -> list[str]:
    return [names.get(one, one) or _("not given") for one in values]


def _days(first: date | None, last: date | None) -> list[tuple[str, str]]:
    if first and last and first == last:
        return [(_("Day"), i18n.day(first))]
    return [(label, i18n.day(day)) for label, day in ((_("From"), first), (_("Until"), last)) if day]


def short(key: bytes) -> str:
    """What stands for a hash on a page: enough to tell two apart."""
    return "#" + key.hex()[:8]


def sums(figures: Mapping[str, Any], verb: str) -> dict[str, int]:
    """What a dry run found, for a sentence: `touched`, the total before and after."""
    states_found: Mapping[str, int] = figures["states"]
    moves = -states_found.get("counted", 0) if verb in ("hold", "remove") else int(figures["touched"])
    return {"touched": int(figures["touched"]), "before": int(figures["total"]),
            "after": int(figures["total"]) + moves}  # fmt: skip
