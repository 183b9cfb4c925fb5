"""Pages that are read: front, article, privacy, how we count. The same bytes for everybody."""

from flask import Blueprint, abort, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug import Response

from petition import articles, campaigns, register
from petition.base import db, i18n, settings, urls
from petition.campaigns import Phase
from petition.web import context, guards
from petition.web.public import facts

blueprint = Blueprint("reading", __name__)
FRONT_ARTICLES = 12
MORE_ARTICLES = 3


@blueprint.get("/")
def root() -> Response:
    """Send visitors to their language."""
    spoken = settings.current().languages
    best = request.accept_languages.best_match(spoken) or spoken[0]
    answer = redirect(f"/{best}/", 302)
    answer.headers["Vary"] = "Accept-Language"
    return answer


@blueprint.get("/<lang:language>/")
def front(language: str) -> str:
    """The campaign that matters now, the other ones, the newest articles."""
    guards.language(language)
    at = db.now()
    known = campaigns.all_public(at)
    totals = register.totals(reading.id for reading in known)
    cards = [context.card(reading, totals[reading.id], language, at) for reading in known]
    running = [card for card in cards if card.phase in (Phase.OPEN, Phase.PAUSED, Phase.SCHEDULED)]
    running.sort(key=lambda card: (card.phase != Phase.OPEN, -card.total))
    newest = articles.newest(language, at, FRONT_ARTICLES, updates=False)
    return render_template(
        "public/front.html",
        lead=running[0] if running else None,
        campaigns=running[1:],
        closed=[card for card in cards if card not in running],
        articles=context.article_cards(newest, language),
    )


@blueprint.get("/<lang:language>/articles/<slug:slug>")
def article(language: str, slug: str) -> str | Response:
    """One article with its campaign's card."""
    guards.language(language)
    at = db.now()
    found = articles.read(slug, language, at)
    if found is None:
        abort(404)
    if found.slug != slug:
        return redirect(urls.article(language, found.slug), 301)
    card, picture = None, ""
    if found.campaign_id is not None:
        reading = campaigns.read_id(found.campaign_id)
        if campaigns.phase(reading, at) not in (Phase.DRAFT, Phase.WITHDRAWN):
            card = context.card(reading, register.total(reading.id), language, at)
            picture = context.share_picture(reading, language)
            g.colour = reading.colour
    others = [one for one in articles.newest(language, at, MORE_ARTICLES + 1) if one.slug != slug]
    view = {
        "title": found.text.title, "lang": found.text.language, "standfirst": found.text.standfirst,
        "authors": found.authors, "date": found.published_at, "foreign": found.text.language != language,
        # Sanitised when it was saved, by base.text.markdown.
        "html": Markup(found.text.html),  # noqa: S704
        "languages": [(code, i18n.own_name(code), urls.article(code, slug)) for code in found.languages],
    }  # fmt: skip
    more = context.article_cards(others[:MORE_ARTICLES], language)
    return render_template("public/article.html", article=view, card=card, more=more, picture=picture)


@blueprint.get("/<lang:language>/privacy")
def privacy(language: str) -> str:
    """What the site stores, for how long. Facts come from the code and the settings that make them true."""
    guards.language(language)
    return render_template("public/privacy.html", facts=facts.privacy())


@blueprint.get("/<lang:language>/how-we-count")
def how(language: str) -> str:
    """What a total means."""
    guards.language(language)
    return render_template("public/how.html", facts=facts.counting(), moves=None)
