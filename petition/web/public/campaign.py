"""A campaign's pages: the appeal with its form, and what becomes of a signature. The same bytes for everybody."""

from datetime import datetime

from flask import Blueprint, g, render_template

from petition import articles, campaigns, endorsements, events, partners, register, signatories
from petition.base import db, i18n, urls
from petition.campaigns import Phase, Reading
from petition.partners import Reading as Partner
from petition.web import context, divisions, guards, meetings, oembed, ticked
from petition.web.forms import SignForm

blueprint = Blueprint("campaign", __name__)
MORE_ARTICLES = 3
NEXT_EVENTS = 2
#: So many of the first signatories, of the newest ones, and of the organisations stand on a campaign's own page.
SOME = 6


@blueprint.get("/<lang:language>/campaigns/<slug:slug>")
def campaign(language: str, slug: str) -> str:
    """A campaign's page with its form."""
    reading = guards.campaign(language, slug)
    form = empty_form(reading, language) if campaigns.phase(reading, db.now()) is Phase.OPEN else None
    return campaign_page(reading, language, form)


def empty_form(reading: Reading, language: str, partner: Partner | None = None) -> SignForm:
    """The form of a campaign that is open, the same for everybody who reads it there: on its own page, or on that of
    a partner."""
    form = SignForm(posted=False).by(partner, ticked.box(partner, reading, language))
    form.ask(reading, language)
    form["token"].data = context.form_token(reading, language, partners.in_token(partner))
    return form


def campaign_page(reading: Reading, language: str, form: object) -> str:
    """A campaign's page with a form in whatever state, or without one."""
    at = db.now()
    guards.speak(reading, language)
    g.exists_in = _languages(reading)
    total = register.total(reading.id)
    updates, about = (
        articles.newest(language, at, MORE_ARTICLES, campaign_id=reading.id, updates=only) for only in (True, False)
    )
    spoken = i18n.interface(language)
    base = urls.campaign(language, reading.slug)
    return render_template(
        "public/campaign.html",
        campaign=context.campaign_view(reading, total, at),
        wording=context.wording_view(reading, language, whole=True),
        picture=context.share_picture(reading, language),
        shown=context.picture_view(reading, language),
        total=total,
        counted_at=at,
        form=form,
        consent=context.consent_view(reading),
        link_href=base + "/link",
        privacy_href=base + "/privacy",
        oembed=oembed.links(base),
        embedding_href=urls.embedding(language, reading.slug),
        news_href=urls.campaign_news(language, reading.slug) if reading.forgotten_at is None else "",
        updates=context.article_cards(updates, spoken),
        articles=context.article_cards(about, spoken),
        events=next_events(language, at, reading.id),
        events_href=urls.events(spoken),
        divisions=divisions.view(reading),
        languages=[(code, i18n.own_name(code), urls.campaign(code, reading.slug)) for code in sorted(reading.wordings)],
        backing=_backing(reading, language),
        **_people(reading, language),
        **(context.country_lists() if form else {}),
    )


def next_events(language: str, at: datetime, campaign_id: int | None = None) -> list[meetings.EventCard]:
    """The next meetings, of a campaign if one is named, as cards; those that do not take place are left out."""
    ahead = events.upcoming(language, at, 4 * NEXT_EVENTS, campaign_id=campaign_id)
    sure = [one for one in ahead if one.cancelled_at is None]
    return meetings.cards(sure[:NEXT_EVENTS], i18n.interface(language))


def _people(reading: Reading, language: str) -> dict[str, object]:
    """Some of those who chose to be shown: the first ones, and the newest of the others."""
    first = signatories.first(reading.id)
    known = {one.id for one in first}
    newest = [one for one in signatories.newest(reading.id, SOME + len(known)) if one.id not in known]
    any_shown = bool(first or newest or signatories.everybody(reading.id, 1))
    return {
        "first": first[:SOME], "newest": newest[:SOME],
        "signatories_href": urls.signatories(language, reading.slug) if any_shown else "",
    }  # fmt: skip


def _backing(reading: Reading, language: str) -> dict[str, object]:
    """How many organisations support it, and the first of them by name."""
    count, first = endorsements.some_shown(reading.id, SOME)
    return {"count": count, "first": first, "href": urls.endorsements(language, reading.slug)}


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
