"""How an embed looks, as it stands in its path: words joined by "-", each only where it is not the usual, in one order.

    compact-dark-1f4f7a-notext

So one look has one path, and a kept page is found by its path alone. docs/embed.md promises these words for years.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from werkzeug.routing import BaseConverter

from petition.base import colour
from petition.base.colour import ColourRefused
from petition.web.style import AUTO, DARK, LIGHT

COMPACT, TEXTLESS, COUNT = "compact", "notext", "count"
_THEME, _COLOUR = f"{LIGHT}|{DARK}", "[0-9a-f]{6}"
#: Where the key of a partner stands; a key is what petition.partners makes.
_PARTNER = r"by\.[a-z0-9]{1,40}"


@dataclass(frozen=True, slots=True)
class Look:
    """What a frame shows, and how: the whole text or only what is above it, a theme, a colour ("" for the campaign's),
    without any text; and the key of the partner on whose page it stands, as the path says it, unchecked."""

    compact: bool = False
    theme: str = AUTO
    colour: str = ""
    textless: bool = False
    partner: str = ""

    def __str__(self) -> str:
        return _joined(
            COMPACT if self.compact else "", self.theme if self.theme != AUTO else "", self.colour,
            TEXTLESS if self.textless else "", f"by.{self.partner}" if self.partner else "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadgeLook:
    """What a badge shows: the count alone or also the way to the next goal; light or dark, a colour."""

    alone: bool = False
    dark: bool = False
    colour: str = ""

    def __str__(self) -> str:
        return _joined(COUNT if self.alone else "", DARK if self.dark else "", self.colour)


def _joined(*words: str) -> str:
    return "-".join(word for word in words if word)


def _some(parts: Sequence[str]) -> str:
    """A pattern for one or more of the parts, in this order, joined by "-"."""
    wrapped = [f"(?:{part})" for part in parts]
    chosen = reduce(lambda found, part: [*found, *(f"{one}-{part}" if one else part for one in found)], wrapped, [""])
    return "|".join(sorted(filter(None, chosen), key=len, reverse=True))


class LookInPath(BaseConverter):
    """A frame's look in an address; an address that says the same in other words does not exist."""

    regex = f"(?:{_some((COMPACT, _THEME, _COLOUR, TEXTLESS, _PARTNER))})"

    def to_python(self, value: str) -> Look:
        """Read it."""
        words = value.split("-")
        return Look(
            COMPACT in words, next((one for one in words if one in (LIGHT, DARK)), AUTO), _colour_in(words),
            TEXTLESS in words, next((one[3:] for one in words if one.startswith("by.")), ""),
        )  # fmt: skip

    def to_url(self, value: Any) -> str:
        """Write it."""
        return str(value)


class BadgeInPath(BaseConverter):
    """A badge's look in an address."""

    regex = f"(?:{_some((COUNT, DARK, _COLOUR))})"

    def to_python(self, value: str) -> BadgeLook:
        """Read it."""
        words = value.split("-")
        return BadgeLook(COUNT in words, DARK in words, _colour_in(words))

    def to_url(self, value: Any) -> str:
        """Write it."""
        return str(value)


def _colour_in(words: Sequence[str]) -> str:
    return next((one for one in words if re.fullmatch(_COLOUR, one)), "")


def readable(chosen: str, otherwise: str) -> str:
    """A colour that can be read on our paper: the chosen one, or where it is too pale the nearest darker one; without
    any, the other. Six lower-case digits."""
    if not chosen:
        return otherwise.lower()
    try:
        colour.check(found := colour.parse(chosen))
    except ColourRefused as refused:
        found = refused.suggestion
    return found.hex.lower()
