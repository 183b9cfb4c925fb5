"""oEmbed 1.0: whoever pastes a campaign's address into an editor that knows it gets the form.

What is answered depends on the query, at which no cache of ours looks: so it is `private`, kept by whoever asked.
"""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, make_response, request
from markupsafe import Markup

from petition import campaigns, framing
from petition.base import db, settings, urls
from petition.campaigns import Phase, Reading
from petition.web import context, guards
from petition.web.looks import Look

blueprint = Blueprint("oembed", __name__)
KEPT, KEPT_SECONDS = "private, max-age=300", 300
JSON, XML = "json", "xml"
_KINDS = {JSON: "application/json", XML: "text/xml"}
#: The size of a frame where nothing is said; one lower than COMPACT_BELOW shows the text only when it is asked for.
WIDTH, HEIGHT, COMPACT_BELOW = 600, 900, 700
_CAMPAIGN = re.compile(rf"/({guards.Language.regex})/campaigns/({guards.Slug.regex})/?", re.ASCII)
#: The quotation stands where the frame cannot, and WordPress listens to a frame only beside one.
_HTML = Markup('<blockquote><a href="{href}">{title}</a></blockquote>'
               '<iframe src="{src}" width="{width}" height="{height}" title="{title}" frameborder="0"'
               ' loading="lazy"></iframe>')  # fmt: skip


def links(path: str) -> list[tuple[str, str]]:
    """How the page at a path says that it can be embedded: types and addresses (oEmbed 1.0, section 4)."""
    page = urls.absolute(path)
    places = {name: urls.absolute("/embed/oembed?" + urlencode({"url": page, "format": name})) for name in (JSON, XML)}
    return [(f"{_KINDS[name]}+oembed", place) for name, place in places.items()]


@blueprint.get("/embed/oembed")
def oembed() -> Response:
    """What stands for a campaign's address, as JSON or XML; errors in the same format."""
    form = request.args.get("format", JSON)
    if form not in _KINDS:
        return _said(JSON, {"error": "format is json or xml"}, 501)
    if "url" not in request.args:
        return _said(form, {"error": "url is missing"}, 400)
    found = _asked(request.args["url"])
    if found is None:
        return _said(form, {"error": "no campaign has this url"}, 404)
    answer = _said(form, _about(*found), 200)
    answer.headers["Cache-Control"] = KEPT
    return answer


def _asked(address: str) -> tuple[Reading, str] | None:
    """The campaign at an address of this site and the language it is asked in, if the public may see it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    home = urlsplit(settings.current().base_url)
    path = parts.path.removeprefix(home.path) if home.path else parts.path
    way = _CAMPAIGN.fullmatch(path)
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != home.netloc or not way:
        return None
    language, reading = way[1], guards.reading(way[2])
    if reading is None or campaigns.phase(reading, db.now()) in (Phase.DRAFT, Phase.WITHDRAWN):
        return None
    spoken = language in settings.current().languages or language in reading.wordings
    return (reading, language) if spoken else None


def _most(name: str, usual: int) -> int:
    """A size that the asker bounds; what is no number bounds nothing."""
    said = request.args.get(name, "")
    return min(usual, int(said)) if re.fullmatch("[1-9][0-9]{0,5}", said, re.ASCII) else usual


def _about(reading: Reading, language: str) -> dict[str, Any]:
    now = settings.current()
    title = reading.wording(language).title
    said: dict[str, Any] = {
        "version": "1.0", "type": "link", "title": title, "provider_name": now.site_name,
        "provider_url": now.base_url + "/", "cache_age": KEPT_SECONDS,
    }  # fmt: skip
    picture = context.share_picture(reading, language)
    if picture and "maxwidth" not in request.args and "maxheight" not in request.args:
        said |= {"thumbnail_url": picture, "thumbnail_width": 1200, "thumbnail_height": 630}
    if framing.of(reading.id).allowed == framing.NOWHERE:
        return said
    width, height = _most("maxwidth", WIDTH), _most("maxheight", HEIGHT)
    look = Look(compact=height < COMPACT_BELOW)
    src = urls.absolute(urls.frame(language, reading.slug, str(look)))
    href = urls.absolute(urls.campaign(language, reading.slug))
    html = _HTML.format(href=href, src=src, width=width, height=height, title=title)
    return said | {"type": "rich", "html": str(html), "width": width, "height": height}


def _said(form: str, values: dict[str, Any], status: int) -> Response:
    if form == XML:
        said = Markup("").join(Markup("<{0}>{1}</{0}>").format(name, value) for name, value in values.items())
        head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
        answer = make_response(f"{head}<oembed>{said}</oembed>", status)
        answer.content_type = "text/xml; charset=utf-8"
    else:
        answer = make_response(jsonify(values), status)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
