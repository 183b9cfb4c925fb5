"""A campaign's form on somebody else's page: without script, without a cookie, in any sandbox that lets forms through.

Only what is here may be framed (headers.FRAMED), and only by whom the campaign allows (petition.framing). Nothing is
signed with one press, and nothing that happens in a frame is told to the page around it but its height. docs/embed.md
is the contract.
"""

import re
from functools import cache

from flask import Blueprint, Response, g, render_template, request
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from petition import campaigns, framing, partners, register
from petition.base import db, urls
from petition.campaigns import Phase, Reading
from petition.framing import LISTED, NOWHERE, Allowed
from petition.partners import Reading as Partner
from petition.web import context, guards, style
from petition.web.forms import SignForm
from petition.web.looks import Look, readable
from petition.web.public import signing
from petition.web.public.campaign import empty_form
from petition.web.public.signing import Place

blueprint = Blueprint("embed", __name__)
PLAIN = Look()
#: Whence those come who sign in a frame and bring no other source.
SOURCE = "embed"
#: A loader of this version does the same for ever; it may be mended, so that it is asked for again after a while.
LOADER_KEPT = "public, max-age=3600, s-maxage=3600"
_OUTWARD = Markup(' target="_blank" rel="noopener"')


@blueprint.before_request
def _in_a_frame() -> None:
    """Also errors are framed pages of the same look, and their ways lead out."""
    g.layout, g.outward = "embed/base.html", _OUTWARD
    arguments = request.view_args or {}
    _dress(arguments.get("look", PLAIN), guards.recalled(arguments.get("slug", "")))


@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>", defaults={"look": PLAIN})
@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/<look:look>")
def frame(language: str, slug: str, look: Look) -> str:
    """The appeal with its form; what became of it once it cannot be signed.

    Under a key that was switched off it stands without the form, and leads to the campaign: the partner no longer has
    it on its pages, and its readers lose nothing. A key that there never was is a slip of whoever pasted it: the form
    stands there under no name.
    """
    reading = guards.campaign(language, slug)
    partner = _framed(reading, look)
    is_off = partner is not None and not partner.is_on
    is_open = campaigns.phase(reading, db.now()) is Phase.OPEN
    form = empty_form(reading, language, partner) if is_open and not is_off else None
    return _page(reading, language, look, form, is_off=is_off and is_open)


@blueprint.post("/embed/<lang:language>/campaigns/<slug:slug>", defaults={"look": PLAIN})
@blueprint.post("/embed/<lang:language>/campaigns/<slug:slug>/<look:look>")
def sign(language: str, slug: str, look: Look) -> BaseResponse:
    """What the form on the campaign's own page does, answered in the frame. No cookie, and an `Origin` of any kind: the
    form's token is all it needs."""
    place = Place(
        lambda reading, code: urls.frame(code, reading.slug, str(look)),
        lambda reading, code, form: _page(reading, code, look, form), SOURCE,
    )  # fmt: skip
    answer = signing.take(language, slug, place)
    if answer.status_code not in (303, 503):
        # Something is shown in the frame, and the database is there.
        _framed(guards.campaign(language, slug), look)
    return answer


@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/inbox/<stamp>", defaults={"look": PLAIN})
@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/<look:look>/inbox/<stamp>")
def inbox(language: str, slug: str, look: Look, stamp: str) -> str:
    """Check your inbox, within the frame."""
    reading = guards.campaign(language, slug)
    _framed(reading, look)
    _dress(look, reading)
    return signing.signing_inbox(reading, language, stamp, urls.frame(language, reading.slug, str(look)))


@blueprint.get("/embed/<lang:language>/campaigns/<slug:slug>/card")
def card(language: str, slug: str) -> str:
    """Title, number and one button, for a sandbox in which no form can be sent and no window opened."""
    reading = guards.campaign(language, slug)
    _framed(reading, PLAIN)
    guards.speak(reading, language)
    _dress(PLAIN, reading)
    total = register.total(reading.id)
    return render_template(
        "embed/card.html",
        campaign=context.campaign_view(reading, total, db.now()),
        wording=context.wording_view(reading, language),
        total=total,
        page_href=urls.campaign(language, reading.slug),
    )


@blueprint.get("/embed/1/loader.js")
def loader() -> Response:
    """The script of version 1, at an address that stays."""
    answer = style.script(loader_script())
    answer.headers["Cache-Control"] = LOADER_KEPT
    return answer


@cache
def loader_script() -> bytes:
    """The loader without its comments and indents."""
    return re.sub(rb"(?m)^\s*(?://.*)?\n?|\s+$", b"", style.files()["loader.js"])


def _framed(reading: Reading, look: Look) -> Partner | None:
    """Let the campaign's own choice say who may show this answer; under a partner's key, the partner's sites alone
    where some are named. The partner, also one that is switched off."""
    allowed = framing.of(reading.id)
    partner = partners.read(reading.id, look.partner)
    if partner and partner.sites and allowed.allowed != NOWHERE:
        allowed = Allowed(LISTED, partner.sites)
    g.frame_ancestors = allowed.ancestors
    return partner


def _dress(look: Look, reading: Reading | None) -> None:
    """The sheet of a look, in the campaign's own colour where the look names none."""
    own = reading.colour if reading else context.HOUSE_COLOUR
    g.style_href = style.frame_sheet_href(readable(look.colour, own), look.theme)


def _page(reading: Reading, language: str, look: Look, form: SignForm | None, *, is_off: bool = False) -> str:
    """The frame with a form in whatever state, or without one."""
    guards.speak(reading, language)
    _dress(look, reading)
    at, base = db.now(), urls.campaign(language, reading.slug)
    total = register.total(reading.id)
    return render_template(
        "embed/frame.html",
        look=look,
        campaign=context.campaign_view(reading, total, at),
        wording=context.wording_view(reading, language, whole=True),
        consent=context.consent_view(reading),
        total=total,
        counted_at=at,
        form=form,
        is_off=is_off,
        page_href=base,
        card_href=urls.card(language, reading.slug),
        link_href=base + "/link",
        privacy_href=base + "/privacy",
        **(context.country_lists() if form else {}),
    )
