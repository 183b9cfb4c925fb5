"""Draws the picture that stands beside a campaign's link: the page's head in 1200 by 630 pixels.

Only the worker loads this module, for it loads Pillow.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import BytesIO

from PIL import Image, ImageColor, ImageDraw

from petition import lettering
from petition.base import colour, i18n
from petition.lettering import Line, Undrawable
from petition.share_pictures import HEIGHT, WIDTH, Facts

#: Changes whenever the same facts would be drawn otherwise; also with whether letters can be shaped here.
HOW = f"1{'+' if lettering.SHAPES else '-'}"

PAPER, SHEET, INK = f"#{colour.PAPER.hex}", f"#{colour.SHEET.hex}", "#1d1916"
MARGIN = 64
INNER = WIDTH - 2 * MARGIN
#: The short bar on top, the title below it, the band at the foot with the site's name.
BAR, BAR_TOP = (112, 18), 56
TITLE_TOP, TITLE_FOOT = 104, 364
FIGURE_BASELINE = 494
BAND_TOP = 540
TITLE_SIZES = range(100, 27, -4)
FIGURE_SIZES = (104, 92, 80, 68, 56, 44)
NAME_SIZES = range(42, 17, -4)
#: Edges of letters are drawn in so many steps from what they stand on to what they are.
STEPS = 16


@dataclass(frozen=True, slots=True)
class _Block:
    """A title broken into lines at one size; `step` is from one baseline to the next."""

    lines: list[Line]
    size: int
    step: int


def draw(facts: Facts) -> bytes:
    """The picture as a PNG of a few dozen kilobytes. Words that cannot be drawn here are left out."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    canvas = ImageDraw.Draw(image)
    accent = f"#{facts.colour}"
    way = i18n.direction(facts.language)
    _bar(canvas, way, accent)
    canvas.rectangle((0, BAND_TOP, WIDTH, HEIGHT), accent)
    _title(canvas, facts.title, facts.language, way)
    _number(canvas, facts, way, accent)
    _name(canvas, facts, way)
    file = BytesIO()
    image.quantize(palette=_palette(accent), dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _palette(accent: str) -> Image.Image:
    """All colours of the picture: each of its own exactly, and what lies between them at the edges of letters."""
    mixed: list[int] = []
    for ground, letter in ((PAPER, INK), (PAPER, accent), (accent, SHEET)):
        one, other = ImageColor.getrgb(ground), ImageColor.getrgb(letter)
        for step in range(STEPS + 1):
            mixed += [round(a + (b - a) * step / STEPS) for a, b in zip(one, other, strict=True)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(mixed)
    return palette


def _bar(canvas: ImageDraw.ImageDraw, way: str, accent: str) -> None:
    left, (width, height) = _start(way, BAR[0]), BAR
    canvas.rectangle((left, BAR_TOP, left + width - 1, BAR_TOP + height - 1), accent)


def _start(way: str, width: float) -> float:
    """Where a line of a width begins, seen from the left: on the side from which the language is read."""
    return MARGIN if way == "ltr" else WIDTH - MARGIN - width


def _title(canvas: ImageDraw.ImageDraw, title: str, language: str, way: str) -> None:
    try:
        block = _fitted(title, language, way)
    except Undrawable:
        return
    baseline = TITLE_TOP + block.size
    for line in block.lines:
        line.draw(canvas, _start(way, line.width(block.size)), baseline, block.size, INK)
        baseline += block.step


def _fitted(title: str, language: str, way: str) -> _Block:
    """The title as large as it fits, broken where its language allows; at the smallest size anywhere."""
    # Marks above and below letters want room.
    leading = 1.36 if way == "rtl" or any(unicodedata.category(one) in ("Mn", "Mc") for one in title) else 1.14
    for size in TITLE_SIZES:
        step = round(size * leading)
        pieces = _breakable(title) if size > TITLE_SIZES[-1] else _letters(title)
        wrap = partial(_wrapped, pieces, language, way, size)
        lines = wrap(INNER)
        if lines and size + (len(lines) - 1) * step <= TITLE_FOOT - TITLE_TOP:
            return _Block(_balanced(wrap, lines), size, step)
    return _Block(lines[: (TITLE_FOOT - TITLE_TOP) // step], size, step)


def _balanced(wrap: Callable[[int], list[Line]], lines: list[Line]) -> list[Line]:
    """As many lines, as even as narrower ones come: no word is left alone at the end."""
    for width in range(INNER, INNER // 2, -60):
        narrower = wrap(width)
        if len(narrower) != len(lines):
            break
        lines = narrower
    return lines


def _wrapped(pieces: Iterable[str], language: str, way: str, size: int, inner: int) -> list[Line]:
    """The pieces in lines of an inner width; none where one piece alone is wider."""
    lines: list[Line] = []
    text = ""
    for piece in pieces:
        line = lettering.line((text + piece).strip(), language, way, bold=True)
        if line.width(size) <= inner:
            text += piece
            lines[-1:] = [line]
            continue
        alone = lettering.line(piece.strip(), language, way, bold=True)
        if not text or alone.width(size) > inner:
            return []
        text = piece
        lines.append(alone)
    return lines


def _breakable(title: str) -> list[str]:
    """Words, and every sign of scripts that write without blanks, with the marks that follow it."""
    words = re.findall(r"\s*\S+", title)
    return [piece for word in words for piece in ([word] if not _is_wide(word) else _letters(word))]


def _is_wide(word: str) -> bool:
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in word)


def _letters(text: str) -> list[str]:
    """Letters, each with its marks, closing signs and blanks, which may not begin a line."""
    pieces: list[str] = []
    for letter in text:
        if pieces and (unicodedata.category(letter) in ("Mn", "Mc", "Po", "Pe", "Pf", "Cf") or letter.isspace()):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _number(canvas: ImageDraw.ImageDraw, facts: Facts, way: str, accent: str) -> None:
    """The sentence about the number in one line, its figure large."""
    reading = i18n.direction(facts.spoken)
    parts = [(facts.before, False), (facts.figure, True), (facts.after, False)]
    lines = [(lettering.line(text, facts.spoken, reading, bold=large), large) for text, large in parts if text]
    for size in FIGURE_SIZES:
        small, gap = round(size * 0.42), round(size * 0.2)
        widths = [line.width(size if large else small) for line, large in lines]
        whole = sum(widths) + gap * (len(lines) - 1)
        if whole <= INNER:
            break
    left = _start(way, whole)
    ordered = list(zip(lines, widths, strict=True))
    for (line, large), width in ordered if reading == "ltr" else reversed(ordered):
        line.draw(canvas, left, FIGURE_BASELINE, size if large else small, accent if large else INK)
        left += width + gap


def _name(canvas: ImageDraw.ImageDraw, facts: Facts, way: str) -> None:
    try:
        line = lettering.line(facts.site_name, facts.spoken, i18n.direction(facts.spoken), bold=True)
    except Undrawable:
        return
    size = next((size for size in NAME_SIZES if line.width(size) <= INNER), NAME_SIZES[-1])
    middle = (BAND_TOP + HEIGHT) / 2
    line.draw(canvas, _start(way, line.width(size)), middle + size * 0.36, size, SHEET)
