"""How to put a campaign on another site: three snippets to copy, with what they show. Without script: what is chosen
stands in the path."""

from dataclasses import dataclass

from flask import Blueprint, g, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from petition import framing
from petition.base import i18n, urls
from petition.campaigns import Reading
from petition.web import context, guards
from petition.web.embed import PLAIN
from petition.web.looks import COMPACT, TEXTLESS, BadgeLook, Look, readable
from petition.web.onward import see_other
from petition.web.style import AUTO, DARK, LIGHT

blueprint = Blueprint("embedding", __name__)
#: How high a frame is that no script measures: enough for the form on a narrow page, and it scrolls.
TALL, SHORT = 1100, 900

_FRAME = Markup('<iframe src="{src}" title="{title}" width="100%" height="{height}" frameborder="0" loading="lazy">'
                "</iframe>")  # fmt: skip
_LINK = Markup('<p><a href="{href}" data-petition{options}>{title}</a></p>\n<script async src="{loader}"></script>')
_BADGE = Markup('<a href="{href}?source=badge"><img src="{badge}" alt="{title}" width="240" height="108"></a>')
_BOTH = Markup('<a href="{href}?source=badge"><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
               '<img src="{badge}" alt="{title}" width="240" height="108"></picture></a>')  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snippets:
    """What is copied for one look, and what of it is shown. Without frames, where the campaign allows none."""

    frame: str
    link: str
    badge: str
    preview: str
    height: int
    badges: list[str]


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/embed", defaults={"look": PLAIN})
@blueprint.get("/<lang:language>/campaigns/<slug:slug>/embed/<look:look>")
def embedding(language: str, slug: str, look: Look) -> str:
    """The snippets for a look."""
    reading = guards.campaign(language, slug)
    g.colour, g.page_language = reading.colour, language
    base = urls.campaign(language, reading.slug)
    return render_template(
        "public/embedding.html",
        wording=context.wording_view(reading, language),
        campaign_href=base,
        look=look,
        snippets=snippets(reading, language, look),
        allowed=framing.of(reading.id),
        choose_href=url_for("embedding.choose", language=language, slug=reading.slug),
        languages=[(code, i18n.own_name(code), urls.embedding(code, reading.slug, str(look)))
                   for code in sorted(reading.wordings)],
        language_here=language,
    )  # fmt: skip


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/embed/choose")
def choose(language: str, slug: str) -> Response:
    """From the form that chooses a look to its page: no query ever changes a page."""
    reading = guards.campaign(language, slug)
    return see_other(urls.embedding(language, reading.slug, str(chosen())) + "#snippets")


def chosen() -> Look:
    """The look that the form's query names; a colour that is none is left out, one too pale is made darker."""
    asked = request.args
    theme = asked.get("theme", AUTO)
    colour = asked.get("colour", "").strip().lower().removeprefix("#")
    try:
        colour = readable(colour, "")
    except ValueError:
        colour = ""
    return Look(
        asked.get("size") == COMPACT, theme if theme in (LIGHT, DARK) else AUTO, colour, asked.get("text") == TEXTLESS,
    )  # fmt: skip


def snippets(reading: Reading, language: str, look: Look) -> Snippets:
    """The three, for a campaign in a language."""
    title = reading.wording(language).title
    href = urls.absolute(urls.campaign(language, reading.slug))
    path = urls.frame(language, reading.slug, str(look))
    height = SHORT if look.compact or look.textless else TALL
    light, dark = (urls.badge(language, reading.slug, str(BadgeLook(dark=one, colour=look.colour)))
                   for one in (look.theme == DARK, True))  # fmt: skip
    badge = (_BOTH if look.theme == AUTO else _BADGE).format(
        href=href, badge=urls.absolute(light), dark=urls.absolute(dark), title=title
    )
    options = Markup("").join(
        Markup(' data-{}="{}"').format(name, value)
        for name, value in (
            ("size", COMPACT if look.compact else ""), ("theme", look.theme if look.theme != AUTO else ""),
            ("colour", look.colour), ("text", "none" if look.textless else ""),
            ("partner", look.partner),
        )
        if value
    )  # fmt: skip
    link = _LINK.format(href=href, options=options, title=title, loader=urls.absolute("/embed/1/loader.js"))
    frame = _FRAME.format(src=urls.absolute(path), title=title, height=height)
    return Snippets(str(frame), str(link), str(badge), path, height, [light, dark] if look.theme == AUTO else [light])
