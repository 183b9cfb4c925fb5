"""Pages that are read: front, privacy, how we count. The same bytes for everybody."""

from datetime import datetime

from flask import Blueprint, redirect, render_template, request
from werkzeug import Response

from petition import articles, campaigns, decisions, topics
from petition.base import db, settings, urls
from petition.web import context, guards
from petition.web.public import facts
from petition.web.public.campaign import next_events

blueprint = Blueprint("reading", __name__)
#: So many articles of each topic stand on the front page.
PER_TOPIC = 3


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
    """The campaign that matters now, the other ones, the newest articles by topic, the events ahead."""
    guards.language(language)
    at = db.now()
    running, closed = context.campaign_cards(language, at)
    return render_template(
        "public/front.html",
        lead=running[0] if running else None,
        campaigns=running[1:],
        closed=closed,
        sections=_sections(language, at),
        events=next_events(language, at),
    )


def _sections(language: str, at: datetime) -> list[tuple[topics.Reading | None, str, list[context.ArticleCard]]]:
    """The newest articles of each topic that has any, in the order of the topics, then those of none: the topic, its
    page, its articles."""
    known = topics.all_public(language)
    newest = articles.of_topics([*(topic.id for topic in known), None], language, at, PER_TOPIC)
    filed = [
        (topic, urls.topic(language, topic.slug) if topic else urls.articles(language),
         [one for one in newest if one.topic_id == (topic.id if topic else None)])
        for topic in (*known, None)
    ]  # fmt: skip
    return [(topic, href, context.article_cards(found, language)) for topic, href, found in filed if found]


@blueprint.get("/<lang:language>/privacy")
def privacy(language: str) -> str:
    """What the site stores, for how long. Facts come from the code and the settings that make them true."""
    guards.language(language)
    return render_template("public/privacy.html", facts=facts.privacy())


@blueprint.get("/<lang:language>/how-we-count")
def how(language: str) -> str:
    """What a total means, and what organisers have decided about signatures, as numbers."""
    guards.language(language)
    at = db.now()
    known = {one.id: one for one in campaigns.all_public(at)}
    decided = decisions.by_day(known, at)
    return render_template(
        "public/how.html",
        facts=facts.counting(),
        guide_href=urls.guide(language),
        days=decisions.TOLD_DAYS,
        decided=[(known[key].wording(language), days) for key, days in decided.items()],
    )
