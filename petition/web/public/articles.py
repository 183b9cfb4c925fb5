"""Articles and topics: one of them, and lists page by page. The same bytes for everybody."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, render_template
from markupsafe import Markup

from petition import articles, campaigns, events, register, topics
from petition.articles import Reading
from petition.base import db, i18n, markdown, settings, urls
from petition.campaigns import Phase
from petition.web import context, guards, linked, meetings
from petition.web.public.campaign import empty_form, next_events

blueprint = Blueprint("articles", __name__)
#: So many articles stand on a page.
PAGE = 20
MORE_ARTICLES = 3
_BEFORE = "before/<int(max=999999999999):before>"


@dataclass(frozen=True, slots=True)
class Story:
    """An article as its page shows it: `opening` and `rest` around the place of the form, which `has_place` or stands
    at the end. `foreign` where it is not in the reader's language; `text_name` what the language of the text is
    called, "" where it is the standfirst's."""

    title: str
    lang: str
    foreign: bool
    standfirst: str
    authors: str
    date: datetime
    text_lang: str
    text_name: str
    opening: Markup
    has_place: bool
    rest: Markup
    languages: list[tuple[str, str, str]]


@blueprint.get("/<lang:language>/articles/<slug:slug>")
def article(language: str, slug: str) -> str:
    """One article: with its campaign's form where that is open, else with what can be done instead."""
    at = db.now()
    found = articles.read(slug, language, at)
    if found is None:
        abort(404)
    _speak(language, found.languages)
    guards.follow(found.slug)
    return render_template("public/article.html", **shown(found, language, at))


def shown(found: Reading, language: str, at: datetime) -> dict[str, Any]:
    """What the page of an article shows; the desk previews with it what is not stored."""
    spoken = i18n.interface(language)
    appeal = _appeal(found, language, at)
    return {
        "article": _story(found, language),
        "linked": linked.article(found, appeal.get("picture", "")),
        "topic": _topic_of(found, spoken),
        "more": context.article_cards(articles.related(found, spoken, at, MORE_ARTICLES), spoken),
        "share": context.share_view(found.text.title, urls.article(language, found.slug)),
        **appeal,
        **({} if "form" in appeal else _instead(found, spoken, at, leads="card" not in appeal)),
    }


def _speak(language: str, written_in: tuple[str, ...]) -> str:
    """The interface's language for a page in a language of its text or of the interface; 404 for others."""
    if language not in (*settings.current().languages, *written_in):
        abort(404)
    g.language, g.page_language, g.exists_in = i18n.interface(language), language, written_in
    return i18n.interface(language)


def _story(found: Reading, language: str) -> Story:
    said = found.text
    opening, place, rest = said.html.partition(markdown.FORM_PLACE)
    return Story(
        title=said.title,
        lang=said.language,
        foreign=said.language != language,
        standfirst=said.standfirst,
        authors=found.authors,
        date=found.published_at,
        text_lang=said.text_language,
        text_name=i18n.name(said.text_language) if said.text_language != said.language else "",
        # Sanitised when it was saved, by base.markdown.to_html.
        opening=Markup(opening),  # noqa: S704
        has_place=bool(place),
        rest=Markup(rest),  # noqa: S704
        languages=[(code, i18n.own_name(code), urls.article(code, found.slug)) for code in found.languages],
    )


def _topic_of(found: Reading, language: str) -> dict[str, str] | None:
    return None if found.topic_id is None else _topic_link(topics.read_id(found.topic_id, language), language)


def _topic_link(topic: topics.Reading, language: str) -> dict[str, str]:
    return {"title": topic.text.title, "lang": topic.text.language, "href": urls.topic(language, topic.slug)}


def _appeal(found: Reading, language: str, at: datetime) -> dict[str, Any]:
    """Its campaign: the card, and the form while that is open."""
    if found.campaign_id is None:
        return {}
    reading = guards.reading_of(found.campaign_id)
    phase = campaigns.phase(reading, at)
    if phase in (Phase.DRAFT, Phase.WITHDRAWN):
        return {}
    g.colour = reading.colour
    code = language if language in reading.wordings else i18n.interface(language)
    card, base = context.card(reading, register.total(reading.id), code, at), urls.campaign(code, reading.slug)
    shown = {"card": _from_here(card, found), "picture": context.share_picture(reading, code)}
    if phase is not Phase.OPEN:
        return shown
    return shown | {
        "form": empty_form(reading, code),
        "consent": context.consent_view(reading),
        "consent_href": base + "/privacy",
        "link_href": base + "/link",
        **context.country_lists(),
    }


def _from_here(card: context.Card, found: Reading) -> context.Card:
    """A campaign whose signatures are counted as brought by this article, by its form or after a look at its page."""
    return replace(card, href=f"{card.href}?source=articles/{found.slug}")


def _instead(found: Reading, language: str, at: datetime, *, leads: bool) -> dict[str, Any]:
    """What a reader can do who has nothing to sign here: the campaign that matters now if it `leads`, and meeting."""
    running = context.campaign_cards(language, at)[0] if leads else []
    return {
        "lead": _from_here(running[0], found) if running else None,
        "events": next_events(language, at),
    }


@blueprint.get("/<lang:language>/articles/", endpoint="articles")
def newest(language: str) -> str:
    """The newest articles, and the topics they are filed under."""
    return _list(language)


@blueprint.get(f"/<lang:language>/articles/{_BEFORE}")
def before(language: str, before: int) -> str:
    """The same, from behind an article on; 404 where there are none."""
    return _list(language, before)


def _list(language: str, before: int | None = None) -> str:
    guards.language(language)
    shown, last = _page(articles.newest(language, db.now(), PAGE + 1, updates=False, before_id=before), before)
    return render_template(
        "public/articles.html",
        articles=context.article_cards(shown, language),
        older_href=urls.articles(language, last) if last else "",
        topics=[_topic_link(topic, language) for topic in topics.all_public(language)],
        is_older=before is not None,
    )


def _page(found: list[Reading], before: int | None) -> tuple[list[Reading], int | None]:
    """What stands on a page, and the id of the last one where more follow; 404 where nothing is left."""
    if before is not None and not found:
        abort(404)
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


@blueprint.get("/<lang:language>/topics/<slug:slug>")
def topic(language: str, slug: str) -> str:
    """A topic: its campaigns, its newest articles, its events."""
    return _topic(language, slug)


@blueprint.get(f"/<lang:language>/topics/<slug:slug>/{_BEFORE}")
def topic_before(language: str, slug: str, before: int) -> str:
    """Its articles from behind one of them on; 404 where there are none."""
    return _topic(language, slug, before)


def _topic(language: str, slug: str, before: int | None = None) -> str:
    found = topics.read(slug, language)
    if found is None:
        abort(404)
    spoken = _speak(language, found.languages)
    guards.follow(found.slug)
    about = articles.newest(spoken, db.now(), PAGE + 1, topic_id=found.id, updates=False, before_id=before)
    shown, last = _page(about, before)
    return render_template(
        "public/topic.html",
        topic=found.text,
        foreign=found.text.language != language,
        topic_href=urls.topic(language, found.slug),
        languages=[(code, i18n.own_name(code), urls.topic(code, found.slug)) for code in found.languages],
        articles=context.article_cards(shown, spoken),
        older_href=urls.topic(language, found.slug, last) if last else "",
        is_older=before is not None,
        **({} if before else _around(found.id, spoken)),
    )


def _around(topic_id: int, language: str) -> dict[str, Any]:
    """What else there is on a topic: the events ahead, and the campaigns of its articles and events."""
    at = db.now()
    ahead = events.upcoming(language, at, topic_id=topic_id)
    ids = articles.campaign_ids(topic_id, at) | {one.campaign_id for one in ahead if one.campaign_id is not None}
    running, closed = context.campaign_cards(language, at, ids) if ids else ([], [])
    return {
        "events": meetings.cards(ahead, language),
        "campaigns": [*running, *closed],
    }
