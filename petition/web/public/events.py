"""Events: those ahead, those past, one of them, and calendars. The same bytes for everybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template

from petition import campaigns, events, register
from petition.base import db, i18n, settings, urls
from petition.base.i18n import gettext as _
from petition.campaigns import Phase
from petition.events import Reading
from petition.web import context, guards, linked, meetings

blueprint = Blueprint("events", __name__)
MOST_AHEAD = 100
#: So many past ones stand on a page.
PAGE = 20
#: Those who subscribe hear of what ended, or was cancelled, so lately.
KEPT = timedelta(days=30)
MOST_IN_CALENDAR = 500


@blueprint.get("/<lang:language>/events/", endpoint="events")
def ahead(language: str) -> str:
    """The events that are not over, the next one first."""
    guards.language(language)
    found = events.upcoming(language, db.now(), MOST_AHEAD)
    return _list(language, found, past=False)


@blueprint.get("/<lang:language>/events/past")
def past(language: str) -> str:
    """The events that are over, the last one first."""
    return _past(language)


@blueprint.get("/<lang:language>/events/past/before/<int(max=999999999999):before>")
def before(language: str, before: int) -> str:
    """The same, from behind an event on; 404 where there are none."""
    return _past(language, before)


def _past(language: str, before: int | None = None) -> str:
    guards.language(language)
    found = events.past(language, db.now(), PAGE + 1, before)
    if before is not None and not found:
        abort(404)
    older = urls.past_events(language, found[PAGE - 1].id) if len(found) > PAGE else ""
    return _list(language, found[:PAGE], past=True, older_href=older)


def _list(language: str, found: list[Reading], **shown: object) -> str:
    return render_template(
        "public/events.html",
        events=meetings.cards(found, language),
        events_href=urls.events(language),
        past_href=urls.past_events(language),
        tell_me_href=urls.tell_me(language),
        calendar_address=urls.absolute(urls.calendar(language)),
        **shown,
    )


@blueprint.get("/<lang:language>/events/<slug:slug>")
def event(language: str, slug: str) -> str:
    """One event with its campaign's card."""
    found = _found(language, slug)
    at = db.now()
    g.page_language, g.exists_in = language, found.languages
    return render_template("public/event.html", **shown(found, language, at))


def shown(found: Reading, language: str, at: datetime) -> dict[str, Any]:
    """What the page of an event shows; the desk previews with it what is not stored."""
    spoken = i18n.interface(language)
    card, picture = _campaign(found, spoken)
    view = meetings.view(found, language, at)
    return {
        "event": view, "linked": linked.event(found, view.when, picture, is_over=view.over), "card": card,
        "picture": picture, "share": context.share_view(found.text.title, urls.event(language, found.slug)),
        "events_href": urls.events(spoken), "tell_me_href": urls.tell_me(spoken),
    }  # fmt: skip


def _found(language: str, slug: str) -> Reading:
    """A public event in a language of its own or of the interface, or 404; 301 under an earlier slug."""
    found = events.read(slug, language, db.now())
    if found is None or language not in (*settings.current().languages, *found.languages):
        abort(404)
    g.language = i18n.interface(language)
    guards.follow(found.slug)
    return found


def _campaign(found: Reading, language: str) -> tuple[context.Card | None, str]:
    """The card of its campaign and the address of that one's picture, if it has a public campaign."""
    if found.campaign_id is None:
        return None, ""
    reading, at = guards.reading_of(found.campaign_id), db.now()
    if campaigns.phase(reading, at) in (Phase.DRAFT, Phase.WITHDRAWN):
        return None, ""
    g.colour = reading.colour
    card = context.card(reading, register.total(reading.id), language, at)
    return card, context.share_picture(reading, language)


@blueprint.get("/<lang:language>/events/<slug:slug>.ics")
def calendar(language: str, slug: str) -> Response:
    """One event for a calendar (RFC 5545)."""
    found = _found(language, slug)
    return _calendar([found], language, found.slug)


@blueprint.get("/<lang:language>/events.ics")
def feed(language: str) -> Response:
    """A calendar to subscribe to: the events ahead and those of the last 30 days, cancelled ones marked."""
    guards.language(language)
    at = db.now()
    found = events.since(language, at, at - KEPT, MOST_IN_CALENDAR)
    name = _("Events of %(site)s", site=settings.current().site_name)
    return _calendar(found, language, "events", name)


def _calendar(found: Sequence[Reading], language: str, file: str, name: str = "") -> Response:
    # Loaded at the first calendar: its library takes time that no signer waits for.
    answer = make_response(import_module("petition.calendars").written(found, language, name))
    answer.content_type = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = f'inline; filename="{file}.ics"'
    return answer
