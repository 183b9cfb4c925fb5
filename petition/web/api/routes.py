"""The addresses of the open figures: the same bytes for everybody, readable from any page.

Whatever changes an answer stands in its path, the page of a list too; the query never does. What is kept in front says
nothing of the network that asked, so how much of the limit is left is said with errors alone.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, request

from petition import articles, breakdowns, catalogue, events, partners, register
from petition.base import db, settings, urls
from petition.web import guards, limits
from petition.web.api import document, shapes
from petition.web.api.answers import as_csv, as_json

blueprint = Blueprint("api", __name__, url_prefix=urls.FIGURES.rstrip("/"))
#: So many rows stand on a page of a list.
PAGE = 50
#: What is published once a day, beside the days themselves; of partners those that agreed to be named.
DIVIDED_BY = ("country", "language", "source", "partner")
View = Callable[..., Response]
_ROW = "<int(max=999999999999):{}>"


def _get(path: str, endpoint: str, *forms: str, **fixed: object) -> Callable[[View], View]:
    """A route in each of its forms: "json" at the path itself, "csv" with its ending."""

    def register_it(view: View) -> View:
        for form in forms:
            rule = path if form == "json" else f"{path}.{form}"
            blueprint.add_url_rule(rule, endpoint, view, methods=["GET"], defaults={"form": form, **fixed})
        return view

    return register_it


@blueprint.before_request
def _count() -> None:
    """Not too many at once for one network. Only what is made is counted: a kept answer never comes here."""
    if request.method == "OPTIONS":
        return
    g.figures_left = limits.figures_left(limits.client_address())
    if g.figures_left[0] < 0:
        abort(429)


@blueprint.after_request
def _tell(response: Response) -> Response:
    """The limit (draft-ietf-httpapi-ratelimit-headers-10), and where nothing keeps the answer what is left of it."""
    policy = f'"made";q={settings.current().api_limit};w={limits.FIGURES_WINDOW}'
    response.headers["RateLimit-Policy"] = policy
    if "figures_left" in g and response.status_code >= 400:
        left, seconds = g.figures_left
        response.headers["RateLimit"] = f'"made";r={max(left, 0)};t={seconds}'
    return response


@blueprint.get("/")
def index() -> Response:
    """Where everything is."""
    places = ("campaigns", "articles", "events", "events/past")
    found = {name.replace("/", "_"): urls.absolute(urls.figures(name)) for name in places}
    contract = urls.absolute(urls.figures("openapi.json"))
    answer = as_json({"site": settings.current().site_name, "openapi": contract, **found})
    guide = urls.absolute(urls.guide(settings.current().languages[0]))
    # RFC 8631.
    answer.headers["Link"] = f'<{contract}>; rel="service-desc", <{guide}>; rel="service-doc"'
    return answer


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The contract (OpenAPI 3.1)."""
    return as_json(document.contract())


@_get("/campaigns", "campaigns", "json", "csv", before=None)
@_get("/campaigns/before/" + _ROW.format("before"), "campaigns", "json", "csv")
def campaign_list(form: str, before: int | None) -> Response:
    """The public campaigns, the newest first."""
    at = db.now()
    shown, following = _page(catalogue.newest(at, PAGE + 1, before), before, "campaigns/before/{}", form)
    totals = register.totals(one.id for one in shown)
    found = [shapes.campaign(one, totals[one.id], at, whole=False) for one in shown]
    if form == "json":
        return _list("campaigns", found, following)
    columns = ("slug", "phase", "published_at", "opens_at", "closes_at", "total", "goal", "first_language")
    return as_csv(*_rows(found, columns, ("title", "addressee", "url")), following)


def _page(found: list[Any], cursor: int | None, path: str, form: str) -> tuple[list[Any], str]:
    """What stands on a page, and the path of the next one; 404 for a page behind the end."""
    if cursor is not None and not found:
        abort(404)
    ending = "" if form == "json" else f".{form}"
    return found[:PAGE], urls.figures(path.format(found[PAGE - 1].id) + ending) if len(found) > PAGE else ""


def _list(name: str, found: list[shapes.Document], following: str) -> Response:
    return as_json({name: found, "next": urls.absolute(following) if following else None}, following)


def _rows(
    found: list[shapes.Document], columns: tuple[str, ...], said: tuple[str, ...]
) -> tuple[tuple[str, ...], list[list[Any]]]:
    """A line for each, with what is `said` in its first language."""
    texts = [one["texts"][one["first_language"]] for one in found]
    rows = [
        [*(one[name] for name in columns), *(text[name] for name in said)]
        for one, text in zip(found, texts, strict=True)
    ]
    return (*columns, *said), rows


@blueprint.get("/campaigns/<slug:slug>", endpoint="campaign")
def one_campaign(slug: str) -> Response:
    """A campaign with its text in each of its languages."""
    found = guards.published(slug)
    return as_json(shapes.campaign(found, register.total(found.id), db.now(), whole=True))


@_get("/campaigns/<slug:slug>/totals", "totals", "json", "csv")
def live(slug: str, form: str) -> Response:
    """How many have signed at this moment, and through which channels."""
    found = guards.published(slug)
    channels = register.channels(found.id)
    total = sum(channels.values())
    if form == "csv":
        return as_csv(("channel", "signatures"), [("", total), *channels.items()])
    return as_json({"campaign": found.slug, "total": total, "goal": found.next_goal(total), "channels": channels})


@_get("/campaigns/<slug:slug>/series", "series", "json", "csv")
def by_day(slug: str, form: str) -> Response:
    """How many signed on each day, as published once a day."""
    found = guards.published(slug)
    days = breakdowns.read(found.id, ("day",)).get("day")
    cells, other = (sorted(days.cells.items()), days.other) if days else ([], 0)
    if form == "csv":
        return as_csv(("day", "signatures"), [*cells, ("", other)] if days else [])
    return as_json(
        {
            "campaign": found.slug, "published_on": days.day if days else None, "total": days.total if days else None,
            "days": [{"day": day, "signatures": amount} for day, amount in cells], "other": other,
        }
    )  # fmt: skip


@_get("/campaigns/<slug:slug>/breakdowns", "breakdowns", "json", "csv")
def divided(slug: str, form: str) -> Response:
    """How the total divides, as published once a day."""
    found = guards.published(slug)
    published = breakdowns.read(found.id, DIVIDED_BY)
    parts = {name: shapes.division(published[name]) for name in DIVIDED_BY if name in published}
    if form == "csv":
        rows = [
            (name, *cell)
            for name, part in parts.items()
            for cell in [*((one["value"], one["signatures"]) for one in part["values"]), ("", part["other"])]
        ]
        return as_csv(("by", "value", "signatures"), rows)
    any_part = next(iter(published.values()), None)
    said = {"published_on": any_part.day, "total": any_part.total} if any_part else {}
    return as_json({"campaign": found.slug, "published_on": None, "total": None, **said, "by": parts})


@_get("/campaigns/<slug:slug>/partners", "partners", "json", "csv")
def partner_list(slug: str, form: str) -> Response:
    """The sites that carry a campaign under a name and agreed to be named, by the key that divides the total."""
    found = guards.published(slug)
    shown = [shapes.partner(one) for one in partners.shown(found.id)]
    if form == "csv":
        return as_csv(("key", "name", "homepage", "is_on"), [list(one.values()) for one in shown])
    return as_json({"campaign": found.slug, "partners": shown})


@_get("/articles", "articles", "json", "csv", before=None)
@_get("/articles/before/" + _ROW.format("before"), "articles", "json", "csv")
def article_list(form: str, before: int | None) -> Response:
    """The public articles, the newest first, how campaigns go on among them."""
    at, language = db.now(), settings.current().languages[0]
    shown, following = _page(articles.newest(language, at, PAGE + 1, before_id=before), before, "articles/before/{}",
                             form)  # fmt: skip
    named = _named(shown, at)
    found = [shapes.article(one, named) for one in shown]
    if form == "json":
        return _list("articles", found, following)
    columns = ("slug", "published_at", "changed_at", "campaign", "first_language")
    return as_csv(*_rows(found, columns, ("title", "url")), following)


def _named(shown: list[Any], at: datetime) -> dict[int, str]:
    """The slugs of the campaigns that pieces are about, as far as the public may see those."""
    return catalogue.slugs({one.campaign_id for one in shown if one.campaign_id is not None}, at)


@_get("/events", "events", "json", "csv", after=None)
@_get("/events/after/" + _ROW.format("after"), "events", "json", "csv")
def events_ahead(form: str, after: int | None) -> Response:
    """Events that are not over, the next one first, cancelled ones among them."""
    at, language = db.now(), settings.current().languages[0]
    ahead = events.upcoming(language, at, PAGE + 1, after_id=after)
    return _event_list(*_page(ahead, after, "events/after/{}", form), form, at)


@_get("/events/past", "past_events", "json", "csv", before=None)
@_get("/events/past/before/" + _ROW.format("before"), "past_events", "json", "csv")
def events_past(form: str, before: int | None) -> Response:
    """Events that took place, the last one first."""
    at, language = db.now(), settings.current().languages[0]
    past = events.past(language, at, PAGE + 1, before)
    return _event_list(*_page(past, before, "events/past/before/{}", form), form, at)


def _event_list(shown: list[events.Reading], following: str, form: str, at: datetime) -> Response:
    named = _named(shown, at)
    found = [shapes.event(one, named) for one in shown]
    if form == "json":
        return _list("events", found, following)
    columns = ("slug", "starts_at", "ends_at", "time_zone", "online", "is_cancelled", "campaign", "first_language")
    return as_csv(*_rows(found, columns, ("title", "place", "url")), following)
