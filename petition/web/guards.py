"""Load and authorise in one call: what a view gets is there and may be shown, or the answer is an error page."""

import re
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BaseConverter

from petition import campaigns
from petition.base import db, i18n, settings
from petition.campaigns import Phase, Reading

#: A form never has more fields, nor a longer one, than this; the server's own limits do not bound urlencoded bodies.
MOST_FIELDS = 40
LONGEST_FIELD = 12_000
#: In the environment of a request that came when there was no room left.
FULL = "petition.full"
_key = "petition.readings"
Name = TypeVar("Name", str, int)


class Slug(BaseConverter):
    """What names a campaign or article in an address."""

    regex = "[a-z0-9][a-z0-9-]{0,79}"


def is_slug(said: str) -> bool:
    """Whether a word that came by a form can name a campaign; what cannot is not asked of the database."""
    return re.fullmatch(Slug.regex, said) is not None


class Language(BaseConverter):
    """A language in an address; whether it exists is asked later."""

    regex = "[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?"


def language(code: str) -> str:
    """A language the interface speaks, or 404."""
    if code not in settings.current().languages:
        abort(404)
    g.language = code
    return code


def reading(slug: str) -> Reading | None:
    """A campaign by any slug it ever had, remembered by this process for as long as a page is."""
    return _remembered(slug, campaigns.read)


def reading_of(campaign_id: int) -> Reading:
    """A campaign by its id, remembered likewise. Raises LookupError."""
    found = _remembered(campaign_id, campaigns.read_id)
    assert found is not None
    return found


def recalled(slug: str) -> Reading | None:
    """A campaign as this process last read it, however long ago, without asking the database."""
    remembered: dict[object, tuple[float, Reading | None]] = current_app.extensions.get(_key, {})
    found = remembered.get(slug)
    return found[1] if found else None


def _remembered(key: Name, read: Callable[[Name], Reading | None]) -> Reading | None:
    remembered: dict[object, tuple[float, Reading | None]] = current_app.extensions.setdefault(_key, {})
    seconds = settings.current().page_cache
    found = remembered.get(key)
    if found is not None and time.monotonic() - found[0] < seconds:
        return found[1]
    fresh = read(key)
    if seconds and (fresh is not None or len(remembered) < 1000):
        remembered[key] = (time.monotonic(), fresh)
    return fresh


def campaign(code: str, slug: str) -> Reading:
    """A campaign the public may see in this language: 404 for drafts and unknown ones alike, 410 once withdrawn, and
    for who reads under an earlier slug 301."""
    found = _no_draft(slug)
    if code not in settings.current().languages and code not in found.wordings:
        abort(404)
    g.language = i18n.interface(code)
    return _still_there(found)


def published(slug: str) -> Reading:
    """A campaign the public may see, in whatever language: 404, 410 and 301 as for its pages."""
    return _still_there(_no_draft(slug))


def _no_draft(slug: str) -> Reading:
    found = reading(slug)
    if found is None or campaigns.phase(found, db.now()) is Phase.DRAFT:
        abort(404)
    return found


def _still_there(found: Reading) -> Reading:
    if campaigns.phase(found, db.now()) is Phase.WITHDRAWN:
        abort(410)
    follow(found.slug)
    return found


def speak(reading: Reading, language: str) -> None:
    """Answer in a campaign's colour and with its own words, where it brings them for a language that the interface
    does not speak. Only for pages whose sentences petition.phrases lists."""
    words = reading.words.get(language)
    g.colour, g.page_language = reading.colour, language
    spoken = language if words else i18n.interface(language)
    # Else nothing that was spoken so far need be forgotten, which most who sign would pay for.
    if words or spoken != g.get("language"):
        g.language = spoken
        i18n.answer_with(words)


def follow(slug: str) -> None:
    """Lead a reader who came by an earlier slug to this very page under the one it has now, query and all: it may hold
    the source. What is posted is taken where it came."""
    arguments = request.view_args or {}
    if request.method == "POST" or arguments["slug"] == slug:
        return
    assert request.endpoint is not None
    query = request.query_string.decode("latin-1")
    place = url_for(request.endpoint, **{**arguments, "slug": slug})
    abort(redirect(f"{place}?{query}" if query else place, 301))


def is_full() -> bool:
    """Whether there is no room for this request: it may not ask the database (see `gate`)."""
    return FULL in request.environ


def form_body() -> None:
    """Refuse what no form of ours sends: another content type, repeated, countless or endless fields, broken UTF-8."""
    if request.mimetype != "application/x-www-form-urlencoded":
        abort(415)
    well_formed(MOST_FIELDS, LONGEST_FIELD)


def well_formed(most: int, longest: int) -> None:
    """Refuse a form with repeated, countless or endless fields, or broken UTF-8. Reads it, for whoever asks the request
    for it later: Werkzeug would read it once more, and hand broken UTF-8 on as the text "%FF", which nobody typed."""
    try:
        typed = parse_qsl(request.get_data().decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except UnicodeDecodeError:
        abort(422)
    except ValueError:
        # Too many.
        abort(400)
    fields = dict(typed)
    if len(fields) != len(typed):
        abort(400)
    if any(len(value) > longest for value in fields.values()):
        abort(413)
    request.form, request.files = ImmutableMultiDict(typed), ImmutableMultiDict()


def source() -> str:
    """The page or link that brought the signer, from `?source=`; "" for anything but a plain word or path."""
    said = request.args.get("source", "")
    return said if re.fullmatch(r"[a-z0-9][a-z0-9/_-]{0,99}", said) else ""


def number(said: str) -> int:
    """The number of a row that came by a form or a query, 0 for what cannot be one: ids have 63 bits."""
    found = int(said) if said.isdecimal() and len(said) < 20 else 0
    return found if found < 1 << 63 else 0
