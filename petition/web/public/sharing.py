"""What hands a campaign on: its poster, and the picture beside its link. The same bytes for everybody."""

from functools import lru_cache
from itertools import groupby

import segno
from flask import Blueprint, Response, abort, make_response, render_template
from werkzeug import Response as BaseResponse

from petition import campaigns, share_pictures
from petition.base import db, urls
from petition.campaigns import Phase, Reading
from petition.web import context, guards
from petition.web.onward import see_other

blueprint = Blueprint("sharing", __name__)
#: A poster of a campaign that nobody can sign any more only disappoints whoever scans it.
POSTERS = (Phase.SCHEDULED, Phase.OPEN, Phase.PAUSED)
#: The margin a code needs to be found, in modules (ISO/IEC 18004).
QUIET = 4


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/poster")
def poster(language: str, slug: str) -> str | BaseResponse:
    """A sheet to print and hang up; leads to the campaign once it cannot be signed any more."""
    reading = guards.campaign(language, slug)
    base = urls.campaign(language, reading.slug)
    if not has_poster(reading):
        return see_other(base)
    guards.speak(reading, language)
    size, path = code(urls.absolute(f"{base}?source=poster"))
    return render_template(
        "public/poster.html",
        campaign=context.campaign_view(reading, 0, db.now()),
        wording=context.wording_view(reading, language),
        consent=context.consent_view(reading),
        campaign_href=base,
        # As one would type it.
        address=urls.absolute(base).partition("://")[2],
        code_size=size,
        code_path=path,
    )


def has_poster(reading: Reading) -> bool:
    """Whether there is a poster of a campaign now."""
    return campaigns.phase(reading, db.now()) in POSTERS


@lru_cache(maxsize=256)
def code(address: str) -> tuple[int, str]:
    """The QR code of an address: how many modules it is wide with its margin, and its dark ones as an SVG path. A
    seventh of it may be torn or dirty (error correction M), more where there is room for it."""
    rows = segno.make(address, error="m", micro=False).matrix
    path = []
    for y, row in enumerate(rows, QUIET):
        x = QUIET
        for dark, group in groupby(row):
            length = len(list(group))
            path.append(f"M{x} {y}h{length}v1h-{length}z" if dark else "")
            x += length
    return len(rows) + 2 * QUIET, "".join(path)


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/share.png")
def picture(language: str, slug: str) -> BaseResponse:
    """The campaign's picture in one of its languages, as the worker made it; 404 while there is none."""
    reading = guards.campaign(language, slug)
    png = share_pictures.png(reading.id, reading.wording(language).language)
    if png is None:
        abort(404)
    answer: Response = make_response(png)
    answer.mimetype = "image/png"
    return answer
