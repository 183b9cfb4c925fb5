"""A campaign's one colour: whether it can be read on our paper, and what goes with it in light and in dark.

Contrast is WCAG 2.2's (success criterion 1.4.3): at least 4.5 to 1 for text, which covers the 3 to 1 of
controls.
"""

import re
from typing import NamedTuple

TEXT_CONTRAST = 4.5
_HEX = re.compile(r"[0-9A-Fa-f]{6}", re.ASCII)


class Colour(NamedTuple):
    """A colour in sRGB, each part 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """Six upper-case digits without a `#`, as in the style sheet's address."""
        return f"{self.red:02X}{self.green:02X}{self.blue:02X}"


# The grounds on which the colour stands (look.md, "Character"); the style sheets use the same four.
PAPER, SHEET = Colour(0xF7, 0xF3, 0xEA), Colour(0xFF, 0xFD, 0xF8)
DARK_PAPER, DARK_SHEET = Colour(0x17, 0x14, 0x11), Colour(0x21, 0x1D, 0x19)
_WHITE, _BLACK = Colour(255, 255, 255), Colour(0, 0, 0)


class ColourRefused(ValueError):
    """A colour too pale for our paper: the contrast it reaches, and the nearest darker one that would do."""

    def __init__(self, ratio: float, suggestion: Colour) -> None:
        super().__init__(f"contrast {ratio:.2f}, needed {TEXT_CONTRAST}")
        self.ratio = ratio
        self.suggestion = suggestion


def parse(typed: str) -> Colour:
    """`B3201B` or `#b3201b` as a colour; ValueError for anything else."""
    digits = typed.strip().removeprefix("#")
    if not _HEX.fullmatch(digits):
        raise ValueError("six hexadecimal digits are needed")
    return Colour(*bytes.fromhex(digits))


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, from 1 to 21, in either order."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def check(colour: Colour) -> None:
    """Raises ColourRefused where text in this colour is too pale on light paper or sheet."""
    if not _readable(colour, PAPER, SHEET):
        ratio = min(contrast(colour, PAPER), contrast(colour, SHEET))
        raise ColourRefused(ratio, _towards(_BLACK, colour, PAPER, SHEET))


def scheme(colour: Colour) -> dict[str, str]:
    """The colours of a style sheet, each `#RRGGBB`, the same for the same colour always.

    `accent` and `on_accent` (text upon it) for light; `dark_accent`, lightened until it can be read on dark
    paper and sheet, and `dark_on_accent`. Only a colour that passed `check` gives readable text in light.
    """
    dark = _towards(_WHITE, colour, DARK_PAPER, DARK_SHEET)
    chosen = {"accent": colour, "on_accent": SHEET, "dark_accent": dark, "dark_on_accent": DARK_PAPER}
    return {key: "#" + value.hex for key, value in chosen.items()}


def _readable(colour: Colour, *grounds: Colour) -> bool:
    return all(contrast(colour, ground) >= TEXT_CONTRAST for ground in grounds)


def _towards(end: Colour, colour: Colour, *grounds: Colour) -> Colour:
    """The first of a hundred even steps from the colour to white or black that can be read on all grounds."""
    for step in range(100):
        mixed = Colour(*(round(own + (goal - own) * step / 100) for own, goal in zip(colour, end, strict=True)))
        if _readable(mixed, *grounds):
            return mixed
    return end
