"""A campaign as the public will see it, with what is not saved yet: on a telephone and on a wide screen.

The page is made by the public template and stands in frames that run no scripts and send no forms.
"""

from dataclasses import replace
from typing import Any

from flask import abort, g, render_template, request, url_for

from petition import campaigns
from petition.base import db, i18n
from petition.campaigns import Phase, Reading
from petition.web.desk.wall import desk
from petition.web.forms import SignForm
from petition.web.public.campaign import campaign_page


@desk.get("/campaigns/<slug:slug>/preview/<lang:language>", needs="edit campaign")
def preview(campaign: Reading, language: str) -> str:
    """The campaign as it is stored, in one of its languages."""
    if language not in campaign.wordings:
        abort(404)
    languages = [(code, i18n.own_name(code), url_for("desk.preview", slug=campaign.slug, language=code))
                 for code in sorted(campaign.wordings)]  # fmt: skip
    return shown(campaign, language, languages=languages, back=url_for("desk.overview", slug=campaign.slug))


def shown(reading: Reading, language: str, *, back: str = "", languages: Any = (), keeps: bool = False) -> str:
    """The page with both frames. `keeps`: it carries what was typed, to be saved or written on."""
    typed = [(name, value) for name, value in request.form.items() if name not in ("csrf_token", "then")]
    return render_template(
        "desk/preview.html", page=_page(reading, language), campaign=reading, in_language=language, languages=languages,
        own_name=i18n.own_name(language), typed=typed if keeps else [], action=request.path, back=back,
        is_draft=campaigns.phase(reading, db.now()) is Phase.DRAFT,
    )  # fmt: skip


def _page(reading: Reading, language: str) -> str:
    """The public page; a draft as it will be once it is open."""
    at = db.now()
    if campaigns.phase(reading, at) in (Phase.DRAFT, Phase.SCHEDULED):
        closes = reading.closes_at if reading.closes_at and reading.closes_at > at else None
        reading = replace(reading, published_at=at, opens_at=None, closes_at=closes, withdrawn_at=None)
    form = SignForm(posted=False).ask(reading, language) if campaigns.phase(reading, at) is Phase.OPEN else None
    with i18n.speaking(language, reading.words.get(language)):
        page = campaign_page(reading, language, form)
    for name in ("colour", "page_language", "exists_in", "language"):
        g.pop(name, None)
    # Nothing in it leads anywhere: what would open a window is shut by the frame.
    return page.replace("<head>", '<head><base target="_blank">', 1)
