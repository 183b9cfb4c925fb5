"""The contract of the open figures: an OpenAPI 3.1 document, written by hand. Tests hold every answer to it."""

from typing import Any

from petition.base import settings, urls

Schema = dict[str, Any]
_SLUG = "^[a-z0-9][a-z0-9-]{0,79}$"
_ABOUT = """\
Everything here is public, of the moment, and names nobody. Any page and program may read it, without a key.

- **Live**: `total` and `channels`, at most ten seconds old. **Once a day**: `series` and `breakdowns`. What is \
under ten, and what nobody said, is in `other`; values but days are full tens, and a total of that day's publication.
- Lists have pages. Follow `next`, or the `Link` header; what stands in these addresses may change. A next page whose \
first neighbour was taken back meanwhile answers 404: begin anew.
- Ask again with `If-None-Match` and hear 304 while nothing has changed. Moments are UTC. In CSV an empty value stands \
for the whole in totals and for all others elsewhere.
- New properties, channels and divisions may come at any time; what is here stays as long as `v1` does.
- `RateLimit-Policy` says how many answers one of the site's processes makes for your network (a /24 of IPv4, a /48 of \
IPv6) in a minute. Answers kept from a moment ago do not count. With errors, `RateLimit` says what is left. A proxy in \
front of the site may have a limit of its own. Both answer 429, and `Retry-After` says when to come back.
"""


def contract() -> Schema:
    """The document as it is served by this site."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Open figures", "version": "1.0.0", "summary": "Campaigns and what is counted of them",
            "description": _ABOUT, "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": urls.absolute(urls.FIGURES.rstrip("/"))}],
        "externalDocs": {"url": urls.absolute(urls.guide(settings.current().languages[0])),
                         "description": "The same in plain words, with examples"},
        "paths": _paths(),
        "components": {
            "schemas": _SCHEMAS, "responses": _RESPONSES, "headers": _HEADERS,
            "parameters": {
                "slug": _parameter("slug", {"type": "string", "pattern": _SLUG},
                                   "Names a campaign; an earlier one leads to the present one."),
                "row": _parameter("row", {"type": "integer", "minimum": 0, "maximum": 999_999_999_999},
                                  "Where the page begins. Comes from `next`."),
            },
        },
    }  # fmt: skip


def _parameter(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def _paths() -> Schema:
    of_one = "/campaigns/{slug}"
    return {
        **_json("/", "index", "Index", "Where everything is"),
        **_json("/openapi.json", "openapi", "Contract", "This document"),
        **_pages("/campaigns", "campaigns", "before", "Public campaigns, the newest first"),
        **_json(of_one, "campaign", "Campaign", "A campaign with its text in each of its languages"),
        **_both(of_one + "/totals", "totals", "Totals", "How many have signed at this moment, by channel"),
        **_both(of_one + "/series", "series", "Series", "How many signed on each day, once a day"),
        **_both(
            of_one + "/breakdowns", "breakdowns", "Breakdowns", "By country, language, source, partner, once a day"
        ),
        **_both(of_one + "/partners", "partners", "Partners", "The sites that carry it and agreed to be named"),
        **_pages("/articles", "articles", "before", "Articles, the newest first"),
        **_pages("/events", "events", "after", "Events that are not over, the next one first"),
        **_pages("/events/past", "past_events", "before", "Events that took place, the last one first"),
    }


def _pages(path: str, name: str, way: str, summary: str) -> Schema:
    """A list: its first page, and the ones behind it."""
    schema = "Events" if name == "past_events" else name.capitalize()
    further = _both(f"{path}/{way}/{{row}}", name + "_further", schema, summary + ": a further page")
    return _both(path, name, schema, summary) | further


def _both(path: str, name: str, schema: str, summary: str) -> Schema:
    return _json(path, name, schema, summary) | _get(path + ".csv", name + "_csv", summary + ", as CSV", _CSV)


def _json(path: str, name: str, schema: str, summary: str) -> Schema:
    return _get(path, name, summary, {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}})


def _get(path: str, name: str, summary: str, content: Schema) -> Schema:
    """A path that can be read. What its answer may be follows from what stands in it."""
    words = [word for word in ("slug", "row") if f"{{{word}}}" in path]
    statuses = ["400", "429", "503", *(["404"] if words else []), *(["301", "410"] if "slug" in words else [])]
    given = {"parameters": [{"$ref": f"#/components/parameters/{word}"} for word in words]} if words else {}
    answers: Schema = {
        "200": {"description": summary, "headers": _headers("ETag", "Link", "RateLimit-Policy"), "content": content},
        "304": {"description": "Nothing has changed"},
        **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)},
    }
    return {path: {"get": {"operationId": name, "summary": summary, **given, "responses": answers}}}


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_CSV: Schema = {"text/csv": {"schema": {"type": "string"}}}
_HEADERS: Schema = {
    "ETag": {"description": "For `If-None-Match`", "schema": {"type": "string"}},
    "Link": {"description": 'The next page of a list (`rel="next"`)', "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": 'Such as `"made";q=600;w=60`: 600 answers made for one network in 60 seconds',
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": 'Such as `"made";r=12;t=30`: 12 are left for the next 30 seconds', "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to come back", "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Location": {
        "description": "Where it is now", "required": True, "schema": {"type": "string", "format": "uri-reference"},
    },
}  # fmt: skip


def _problem(description: str, *headers: str) -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "headers": _headers(*headers), "content": content}


_RESPONSES: Schema = {
    "301": {"description": "The campaign has another slug now", "headers": _headers("Location")},
    "400": _problem("The query is not UTF-8"),
    "404": _problem("There is nothing here", "RateLimit-Policy", "RateLimit"),
    "410": _problem("The campaign was taken back", "RateLimit-Policy", "RateLimit"),
    "429": _problem("Too many at once", "Retry-After", "RateLimit-Policy", "RateLimit"),
    "503": _problem("Not possible for the moment", "Retry-After"),
}


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """An object with all of these, but for the optional ones. More may come, so nothing else is refused."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _or_none(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _by(schema: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": schema, "description": description}


def _rows_of(name: str, schema: str) -> Schema:
    return _object({name: _many({"$ref": f"#/components/schemas/{schema}"}), "next": _or_none(_URL)})


_TEXT: Schema = {"type": "string"}
_URL: Schema = {"type": "string", "format": "uri"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_DAY: Schema = {"type": "string", "format": "date"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_NAME: Schema = {"type": "string", "pattern": _SLUG}
_LANGUAGE: Schema = {"type": "string", "description": "A BCP 47 tag"}
_OTHER: Schema = {"type": "integer", "minimum": 0, "description": "All values that are not named: 0, or ten at least"}
_OF_ITS_DAY: Schema = _or_none({**_COUNT, "description": "The total at that publication; null before the first one"})
_TITLE: Schema = {"url": _URL, "title": _TEXT, "standfirst": _TEXT}
_CAMPAIGN_TEXT: Schema = {
    **_TITLE, "addressee": _TEXT, "version": {"type": "integer", "minimum": 1}, "outcome": _TEXT,
    "html": {**_TEXT, "description": "Only of one campaign, not in lists"},
}  # fmt: skip
_CAMPAIGN: Schema = {
    "slug": _NAME, "href": _URL, "first_language": _LANGUAGE,
    "phase": {"enum": ["scheduled", "open", "paused", "closed", "final"]},
    "published_at": _MOMENT, "opens_at": _or_none(_MOMENT), "closes_at": _or_none(_MOMENT),
    "total": _COUNT, "goal": _or_none({**_COUNT, "description": "The next goal, the last one once all are reached"}),
    "goals": _many(_COUNT), "texts": _by(_object(_CAMPAIGN_TEXT, ("html",)), "By language"),
}  # fmt: skip
_DIVIDED: Schema = {"campaign": _NAME, "published_on": _or_none(_DAY), "total": _OF_ITS_DAY}
_ARTICLE: Schema = {
    "slug": _NAME, "first_language": _LANGUAGE, "published_at": _MOMENT, "changed_at": _MOMENT,
    "campaign": _or_none(_NAME), "is_update": {**_YES, "description": "Tells how its campaign goes on"},
    "texts": _by(_object({**_TITLE, "text_language": _LANGUAGE}), "By language"),
}  # fmt: skip
_EVENT: Schema = {
    "slug": _NAME, "first_language": _LANGUAGE, "starts_at": _MOMENT, "ends_at": _or_none(_MOMENT),
    "time_zone": _TEXT, "is_cancelled": _YES, "published_at": _MOMENT, "changed_at": _MOMENT,
    "online": {**_TEXT, "description": "Where to meet online; empty where one has to come"},
    "campaign": _or_none(_NAME), "texts": _by(_object({**_TITLE, "place": _TEXT}), "By language"),
}  # fmt: skip
_TENS: Schema = {"type": "integer", "minimum": 10, "multipleOf": 10}
_SCHEMAS: Schema = {
    "Index": _object(
        dict.fromkeys(("openapi", "campaigns", "articles", "events", "events_past"), _URL) | {"site": _TEXT}
    ),
    "Contract": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Campaign": _object(_CAMPAIGN),
    "Campaigns": _rows_of("campaigns", "Campaign"),
    "Totals": _object({
        "campaign": _NAME, "total": _COUNT, "goal": _CAMPAIGN["goal"],
        "channels": _by(_COUNT, "By channel, such as online; together the total"),
    }),
    "Series": _object({
        **_DIVIDED, "days": _many(_object({"day": _DAY, "signatures": {"type": "integer", "minimum": 10}})),
        "other": _OTHER,
    }),
    "Breakdowns": _object({
        **_DIVIDED,
        "by": _by({"$ref": "#/components/schemas/Division"}, "By country (ISO 3166-1), language, source and partner"),
    }),
    "Partners": _object({"campaign": _NAME, "partners": _many({"$ref": "#/components/schemas/Partner"})}),
    "Partner": _object({
        "key": {**_TEXT, "description": "By which the total divides"}, "name": _TEXT, "homepage": _or_none(_URL),
        "is_on": {**_YES, "description": "Whether it carries the form now"},
    }),
    "Division": _object({"values": _many(_object({"value": _TEXT, "signatures": _TENS})), "other": _OTHER}),
    "Article": _object(_ARTICLE),
    "Articles": _rows_of("articles", "Article"),
    "Event": _object(_EVENT),
    "Events": _rows_of("events", "Event"),
    "Problem": {
        **_object({"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}, ("detail",)),
        "description": "RFC 9457",
    },
}  # fmt: skip
