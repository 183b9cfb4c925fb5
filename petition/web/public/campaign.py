"""A campaign's pages: the appeal with its form, and what becomes of a signature. The same bytes for everybody."""

from flask import Blueprint, g, redirect, render_template
from werkzeug import Response

from petition import articles, campaigns, register
from petition.base import db, i18n, urls
from petition.campaigns import Phase, Reading
from petition.web import context, guards
from petition.web.forms import SignForm

blueprint = Blueprint("campaign", __name__)
MORE_ARTICLES = 3


@blueprint.get("/<lang:language>/campaigns/<slug:slug>")
def campaign(language: str, slug: str) -> str | Response:
    """A campaign's page with its form."""
    reading = guards.campaign(language, slug)
    if reading.slug != slug:
        return redirect(urls.campaign(language, reading.slug), 301)
    form = None
    if campaigns.phase(reading, db.now()) is Phase.OPEN:
        form = SignForm(formdata=None).ask(reading)
        form["token"].data = context.form_token(reading, language)
    return campaign_page(reading, language, form)


def campaign_page(reading: Reading, language: str, form: object) -> str:
    """A campaign's page with a form in whatever state, or without one."""
    at = db.now()
    guards.speak(reading, language)
    g.exists_in = _languages(reading)
    total = register.total(reading.id)
    about = articles.newest(language, at, MORE_ARTICLES, campaign_id=reading.id)
    base = urls.campaign(language, reading.slug)
    return render_template(
        "public/campaign.html",
        campaign=context.campaign_view(reading, total, at),
        wording=context.wording_view(reading, language, whole=True),
        picture=context.share_picture(reading, language),
        total=total,
        counted_at=at,
        form=form,
        consent=context.consent_view(reading),
        link_href=base + "/link",
        privacy_href=base + "/privacy",
        articles=context.article_cards(about, i18n.interface(language)),
        languages=[(code, i18n.own_name(code), urls.campaign(code, reading.slug)) for code in sorted(reading.wordings)],
        **(context.country_lists() if form else {}),
    )


def _languages(reading: Reading) -> tuple[str, ...]:
    """The languages of its text, its first one first."""
    return tuple(sorted(reading.wordings, key=lambda code: (code != reading.first_language, code)))


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/privacy")
def privacy(language: str, slug: str) -> str:
    """Who is responsible for a campaign's list, to whom it goes, what of it, for how long, on what ground (S48)."""
    reading = guards.campaign(language, slug)
    guards.speak(reading, language)
    return render_template(
        "public/campaign_privacy.html",
        campaign=context.campaign_view(reading, register.total(reading.id), db.now()),
        wording=context.wording_view(reading, language),
        consent=context.consent_view(reading),
        link_href=urls.campaign(language, reading.slug) + "/link",
    )
