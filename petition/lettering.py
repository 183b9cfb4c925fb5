"""Letters of any script on a picture: which font has them, how wide they are, in which order they stand.

Only what draws pictures loads this module, for it loads Pillow. Pillow shapes letters and orders them with HarfBuzz
and FriBidi, and finds FriBidi on the machine (Debian: libfribidi0). Where it is missing, what needs shaping cannot
be drawn: better no words than words in pieces.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from PIL import ImageDraw, ImageFont, features
from PIL.ImageFont import FreeTypeFont, Layout

OWN = Path(__file__).resolve().parent / "base" / "fonts"
#: Where Debian puts fonts-noto-cjk and fonts-noto-core, for the scripts that the two fonts of our own lack.
NOTO_CJK = Path("/usr/share/fonts/opentype/noto")
NOTO = Path("/usr/share/fonts/truetype/noto")
#: Fonts within Noto's file for Chinese, Japanese and Korean, which write some signs differently.
_CJK = {"ja": 0, "ko": 1, "zh": 2, "zh-TW": 3, "zh-Hant": 3, "zh-HK": 4}
#: A noncharacter: no font has it, so that it shows what a font draws for what it lacks.
_NO_LETTER = "\uffff"
_PROBE = 24
_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}

SHAPES = bool(features.check("raqm") and features.check("fribidi"))


class Undrawable(ValueError):
    """No font here has one of the letters, or they need shaping and nothing here does that."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font in a file."""

    file: Path
    index: int = 0

    def sized(self, size: int) -> FreeTypeFont:
        """The font at a size in pixels."""
        return _open(self.file, self.index, size, Layout.RAQM if SHAPES else Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one font and one direction."""

    text: str
    face: Face
    direction: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is drawn: its runs from left to right."""

    runs: tuple[Run, ...]
    language: str

    def width(self, size: int) -> float:
        """How wide the line is at a size, both in pixels."""
        return sum(self._advance(run, size) for run in self.runs)

    def draw(self, canvas: ImageDraw.ImageDraw, left: float, baseline: float, size: int, colour: str) -> None:
        """Draw the line from its left end, standing on the baseline."""
        for run in self.runs:
            canvas.text(
                (left, baseline), run.text, colour, run.face.sized(size), anchor="ls",
                direction=run.direction if SHAPES else None, language=self.language if SHAPES else None,
            )  # fmt: skip
            left += self._advance(run, size)

    def _advance(self, run: Run, size: int) -> float:
        if not SHAPES:
            return run.face.sized(size).getlength(run.text)
        return run.face.sized(size).getlength(run.text, direction=run.direction, language=self.language)


def line(text: str, language: str, direction: str, *, bold: bool = False) -> Line:
    """A line of text in a language that runs "ltr" or "rtl". Raises Undrawable."""
    text = unicodedata.normalize("NFC", text)
    if not SHAPES and _needs_shaping(text):
        raise Undrawable
    faces = _faces(bold, language)
    # One font for the whole line, if there is one, sees all of its joints and turns.
    whole = next((face for face in faces if all(_has(face, letter) for letter in text)), None)
    runs = [Run(text, whole, direction)] if whole else _in_order(_runs(text, faces, direction), direction)
    return Line(tuple(runs), language)


def _needs_shaping(text: str) -> bool:
    return any(
        unicodedata.bidirectional(letter) in ("R", "AL") or unicodedata.category(letter) in ("Mn", "Mc")
        for letter in text
    )


@lru_cache(maxsize=64)
def _open(file: Path, index: int, size: int, layout: Layout) -> FreeTypeFont:
    return ImageFont.truetype(file, size, index=index, layout_engine=layout)


@lru_cache(maxsize=16)
def _faces(bold: bool, language: str) -> tuple[Face, ...]:
    """The fonts to look through, in order: our own, Noto's of every script, Noto's of East Asia."""
    weight = "Bold" if bold else "Regular"
    own = Face(OWN / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))
    heavy, light = (sorted(NOTO.glob(f"NotoSans*-{one}.ttf")) for one in (weight, "Regular"))
    east = _CJK.get(language, _CJK.get(language.partition("-")[0], 2))
    cjk = [Face(file, east) for file in NOTO_CJK.glob(f"NotoSansCJK-{weight}.ttc")]
    return (own, *cjk, *dict.fromkeys(Face(file) for file in (*heavy, *light)))


@lru_cache(maxsize=4096)
def _has(face: Face, letter: str) -> bool:
    """Whether a font has a letter of its own. Signs that only steer others are never seen, so all have them."""
    if unicodedata.category(letter) == "Cf":
        return True
    return _ink(face, letter) != _ink(face, _NO_LETTER)


def _ink(face: Face, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = _open(face.file, face.index, _PROBE, Layout.BASIC).getmask(letter)
    return mask.size, bytes(mask)


def _runs(text: str, faces: Sequence[Face], direction: str) -> list[Run]:
    """The text in pieces of one font and one direction, as it is read. Raises Undrawable."""
    chosen: list[tuple[Face, str]] = []
    for letter, way in zip(text, _directions(text, direction), strict=True):
        # A font that has begun goes on for as long as it can.
        before = (chosen[-1][0],) if chosen else ()
        face = next((face for face in (*before, *faces) if _has(face, letter)), None)
        if face is None:
            raise Undrawable
        chosen.append((face, way))
    pieces = groupby(zip(text, chosen, strict=True), key=itemgetter(1))
    return [Run("".join(letter for letter, _ in piece), *choice) for choice, piece in pieces]


def _directions(text: str, direction: str) -> list[str]:
    """The direction of each letter. Figures go on after Latin letters; what has no direction goes with its neighbours
    where both agree, else with the line (the Unicode Bidirectional Algorithm, as far as headlines need it)."""
    strong: list[str | None] = []
    last = ""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        last = _STRONG.get(kind, last)
        strong.append(last if kind in _STRONG or (kind == "EN" and last == "ltr") else None)
    found: list[str] = []
    for place, own in enumerate(strong):
        before = next((way for way in reversed(strong[:place]) if way), direction)
        after = next((way for way in strong[place:] if way), direction)
        found.append(own or (before if before == after else direction))
    return found


def _in_order(runs: Iterable[Run], direction: str) -> list[Run]:
    """From left to right: pieces that run against the line stand in their own order among themselves."""
    ordered: list[Run] = []
    for against, group in groupby(runs, key=lambda run: run.direction != direction):
        pieces = list(group)
        ordered += pieces[::-1] if against else pieces
    return ordered if direction == "ltr" else ordered[::-1]
