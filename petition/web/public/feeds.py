"""Feeds (Atom, RFC 4287): the site's news, a topic, a campaign, the events. The same bytes for everybody.

What has no text in the feed's language stands in it in its own, and says so, as on the pages. An entry's id is made
of what never changes, so that a new address is not read as news.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, make_response, render_template
from markupsafe import Markup

from petition import articles, campaigns, events, register, topics
from petition.base import db, i18n, settings, urls
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.base.markdown import FORM_PLACE
from petition.campaigns import GRACE, SETTLING, Phase, Reading
from petition.web import context, guards, meetings

blueprint = Blueprint("feeds", __name__)
MOST = 20
MOST_EVENTS = 30
#: Those who follow hear of what ended, or was cancelled, so lately.
KEPT = timedelta(days=30)
#: An entry brings its text along up to so many bytes, for an article a thousand words: no feed shall be too big for the
#: page cache.
LONGEST_TEXT = 6_000
LONGEST_ABOUT_EVENT = 2_000
#: The moment of a feed in which nothing has ever stood.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: What XML 1.0 has no way to write (2.2).
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news. `html` is sanitised, in `html_language`; "" where the summary is all there is."""

    id: str
    language: str
    title: str
    href: str
    published_at: datetime
    updated_at: datetime
    summary: str
    html: str = ""
    html_language: str = ""
    authors: tuple[str, ...] = ()


@blueprint.get("/<lang:language>/feed.xml")
def site(language: str) -> Response:
    """The newest articles."""
    guards.language(language)
    found = articles.newest(language, db.now(), MOST, updates=False)
    return _feed(settings.current().site_name, language, f"/{language}/", [_article(one, language) for one in found])


@blueprint.get("/<lang:language>/topics/<slug:slug>/feed.xml")
def topic(language: str, slug: str) -> Response:
    """The newest articles of a topic."""
    guards.language(language)
    about = topics.read(slug, language)
    if about is None:
        abort(404)
    guards.follow(about.slug)
    found = articles.newest(language, db.now(), MOST, topic_id=about.id, updates=False)
    title = f"{about.text.title} – {settings.current().site_name}"
    lasting = urls.tag(about.created_at, f"topic/{about.id}/feed/{language}")
    return _feed(title, language, urls.topic(language, about.slug), [_article(one, language) for one in found], lasting)


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/feed.xml")
def campaign(language: str, slug: str) -> Response:
    """How a campaign goes on: its appeal, its articles, its end."""
    reading, at = guards.campaign(language, slug), db.now()
    found = articles.newest(language, at, MOST, campaign_id=reading.id)
    entries = [_article(one, i18n.interface(language)) for one in found]
    entries += [_appeal(reading, language, at), *_end(reading, language, at)]
    assert reading.published_at is not None
    title = f"{reading.wording(language).title} – {settings.current().site_name}"
    lasting = urls.tag(reading.published_at, f"campaign/{reading.id}/feed/{language}")
    return _feed(title, language, urls.campaign(language, reading.slug), entries, lasting)


@blueprint.get("/<lang:language>/events/feed.xml", endpoint="events")
def meeting(language: str) -> Response:
    """Events that are ahead or were lately, the last announced or changed first."""
    guards.language(language)
    at = db.now()
    found = events.changed_last(language, at, at - KEPT, MOST_EVENTS)
    title = _("Events of %(site)s", site=settings.current().site_name)
    return _feed(title, language, urls.events(language), [_event(one, language, at) for one in found])


def _feed(title: str, language: str, page: str, found: list[Entry], lasting: str = "") -> Response:
    """A feed in a language, beside the page of which it tells; `lasting` is its id where that page may move."""
    href = urls.absolute(f"{page.rstrip('/')}/feed.xml")
    entries = sorted(found, key=lambda entry: entry.updated_at, reverse=True)
    written = render_template(
        "machines/feed.xml",
        title=title,
        feed_language=language,
        page_href=urls.absolute(page),
        feed_href=href,
        feed_id=lasting or href,
        updated_at=entries[0].updated_at if entries else NEVER,
        entries=entries,
    )
    answer = make_response(_UNWRITABLE.sub("", written))
    answer.content_type = "application/atom+xml; charset=utf-8"
    # Readers that run in a browser may look, too: it is the same for everybody.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _article(found: articles.Reading, language: str) -> Entry:
    href, text = urls.absolute(urls.article(language, found.slug)), found.text
    return Entry(
        id=urls.tag(found.created_at, f"article/{found.id}/{text.language}"),
        language=text.language,
        title=text.title,
        href=href,
        published_at=found.published_at,
        updated_at=max(found.changed_at, found.published_at),
        summary=text.standfirst,
        html=_whole(_with_appeal(found, language), href),
        html_language=text.text_language,
        authors=tuple(found.authors.split(", ")) if found.authors else (),
    )


def _with_appeal(found: articles.Reading, language: str) -> str:
    """An article's text with the way to its campaign, while that can be signed, where its page has the form."""
    begin, place, rest = found.text.html.partition(FORM_PLACE)
    if found.campaign_id is None:
        return begin + rest
    reading = guards.reading_of(found.campaign_id)
    if campaigns.phase(reading, db.now()) is not Phase.OPEN:
        return begin + rest
    href = f"{urls.campaign(language, reading.slug)}?source=articles/{found.slug}"
    said = _("Sign: %(title)s", title=reading.wording(language).title)
    line = Markup('<p lang="{}"><a href="{}">{}</a></p>').format(i18n.spoken(), href, said)
    return f"{begin}{line}{rest}" if place else f"{begin}{line}"


def _event(found: events.Reading, language: str, at: datetime) -> Entry:
    href, text = urls.absolute(urls.event(language, found.slug)), found.text
    whole = len(text.html.encode()) <= LONGEST_ABOUT_EVENT
    written = render_template("machines/meeting.html", event=meetings.view(found, language, at), whole=whole)
    return Entry(
        id=urls.tag(found.created_at, f"event/{found.id}/{text.language}"),
        language=text.language,
        title=_("Cancelled: %(title)s", title=text.title) if found.cancelled_at else text.title,
        href=href,
        published_at=found.published_at,
        updated_at=max(found.changed_at, found.published_at),
        summary=text.standfirst,
        html=urls.from_afar(written, href),
        html_language=language,
    )


def _appeal(reading: Reading, language: str, at: datetime) -> Entry:
    """The appeal itself, news again when signing begins and when its text is another."""
    assert reading.published_at is not None
    wording, href = reading.wording(language), urls.absolute(urls.campaign(language, reading.slug))
    moments = [reading.published_at, wording.created_at, *([reading.opens_at] if reading.opens_at else [])]
    return Entry(
        id=urls.tag(reading.published_at, f"campaign/{reading.id}/{wording.language}"),
        language=wording.language,
        title=wording.title,
        href=href,
        published_at=reading.published_at,
        updated_at=max(moment for moment in moments if moment <= at),
        summary=wording.standfirst,
        html=_whole(wording.html, href),
        html_language=wording.language,
    )


def _end(reading: Reading, language: str, at: datetime) -> list[Entry]:
    """That signing has closed, once it has; news again when the total is final."""
    total = register.total(reading.id)
    shown = context.campaign_view(reading, total, at)
    if shown.phase not in (Phase.CLOSED, Phase.FINAL):
        return []
    assert reading.published_at is not None
    assert reading.closes_at is not None
    spoken, final = i18n.spoken(), shown.phase == Phase.FINAL
    counted = ngettext("The final total is %(number)s signature.", "The final total is %(number)s signatures.", total,
                       number=i18n.number(total))  # fmt: skip
    return [
        Entry(
            id=urls.tag(reading.published_at, f"campaign/{reading.id}/end/{spoken}"),
            language=spoken,
            title=_("Signing has closed: %(title)s", title=reading.wording(language).title),
            href=urls.absolute(urls.campaign(language, reading.slug)),
            published_at=reading.closes_at,
            updated_at=reading.closes_at + (GRACE + SETTLING if final else timedelta()),
            summary=counted if final else _("Signatures of the last day can still be confirmed."),
        )
    ]


def _whole(html: str, page: str) -> str:
    """A text to be read far from its page; "" where it is too long to be brought along."""
    return urls.from_afar(html, page) if len(html.encode()) <= LONGEST_TEXT else ""
