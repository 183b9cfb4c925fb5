"""A picture that says how many have signed, for pages in which neither a frame nor a script may stand.

SVG with attributes alone: no script, no style, nothing loaded, words that can be read aloud.
"""

import unicodedata
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template

from petition import campaigns, register
from petition.base import colour, db, i18n
from petition.base.colour import DARK_SHEET, SHEET
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import Phase, Reading
from petition.web import guards
from petition.web.looks import BadgeLook, readable

blueprint = Blueprint("badges", __name__)
WIDTH, HEIGHT, HEIGHT_ALONE = 240, 108, 76
MARGIN = 14
FIGURE, WORDS = 34, 13
_INK, _DARK_INK = "#1d1916", "#f1eadf"
_WIDE = ("W", "F")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `width` only where it has to be pressed into the picture."""

    text: str
    size: int
    y: int
    bold: bool
    fill: str
    width: int | None


@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/badge.svg", defaults={"look": BadgeLook()})
@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/badge-<badge:look>.svg")
def badge(language: str, slug: str, look: BadgeLook) -> Response:
    """The badge of a campaign."""
    reading = guards.campaign(language, slug)
    guards.speak(reading, language)
    answer = make_response(_drawn(reading, language, look))
    answer.mimetype = "image/svg+xml"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _drawn(reading: Reading, language: str, look: BadgeLook) -> str:
    total = register.total(reading.id)
    is_on = campaigns.phase(reading, db.now()) in (Phase.OPEN, Phase.PAUSED)
    goal = reading.next_goal(total) if is_on and not look.alone else None
    tone = colour.scheme(colour.parse(readable(look.colour, reading.colour)))
    accent, ink = (tone["dark_accent"], _DARK_INK) if look.dark else (tone["accent"], _INK)
    signed = ngettext("person has signed", "people have signed", total)
    # Without a goal the same room, so that a page on which it stands does not move when the campaign ends.
    top = 0 if goal or look.alone else 16
    lines = [_line(i18n.number(total), FIGURE, 46 + top, accent, bold=True), _line(signed, WORDS, 65 + top, ink)]
    if goal:
        lines.append(_line(_goal(total, goal), WORDS - 2, 97, ink))
    title = reading.wording(language).title
    said = ngettext("%(figure)s person has signed", "%(figure)s people have signed", total, figure=i18n.number(total))
    return render_template(
        "embed/badge.svg", title=title, said=f"{said}. {_goal(total, goal)}" if goal else said, lines=lines,
        share=min(1.0, total / goal) if goal else None, width=WIDTH, height=HEIGHT_ALONE if look.alone else HEIGHT,
        margin=MARGIN, accent=accent, ink=ink, ground="#" + (DARK_SHEET if look.dark else SHEET).hex, language=language,
    )  # fmt: skip


def _goal(total: int, goal: int) -> str:
    written = i18n.number(goal)
    said = _("The next goal is %(goal)s.", goal=written) if goal > total else _("The goal of %(goal)s is reached.",
                                                                                goal=written)  # fmt: skip
    return str(said)


def _line(text: str, size: int, y: int, fill: str, *, bold: bool = False) -> Line:
    """A line, pressed together where it would be too long in a usual font."""
    room = WIDTH - 2 * MARGIN
    likely = sum(1.0 if unicodedata.east_asian_width(one) in _WIDE else 0.6 for one in text) * size
    return Line(text, size, y, bold, fill, room if likely > room else None)
