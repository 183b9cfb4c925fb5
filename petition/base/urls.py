"""Public addresses, built from BASE_URL and never from a request's Host."""

import re
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from petition.base import settings

#: A picture is at most so wide, and there is a smaller one for telephones.
PICTURE_WIDTH, SMALL_PICTURE_WIDTH = 1440, 720
#: The path of a picture, wherever it stands in a text.
PICTURE = re.compile(r"/pictures/(?P<name>[0-9a-f]{32})/(?P<width>[0-9]{1,5})x(?P<height>[0-9]{1,5})\.jpg")
#: Stands in an address in the place of a country that was not given.
NO_COUNTRY = "none"
#: The open figures lie under it, for programs and pages of any other site.
FIGURES = "/api/v1/"
_TAG = re.compile(r'<(?:a|img)\s(?:[^>"]|"[^"]*")*>')
_ADDRESS = re.compile(r'(\s(?:href|src)=")([/#])')


def absolute(path: str) -> str:
    """The public address of a path of this site (the path starts with one slash)."""
    return settings.current().base_url + path


def from_afar(html: str, page: str) -> str:
    """Sanitised HTML of a page, given by its public address, with addresses that hold wherever it is read."""
    heads = {"/": absolute("/"), "#": page + "#"}
    return _TAG.sub(lambda tag: _ADDRESS.sub(lambda at: at[1] + heads[at[2]], tag[0]), html)


def host() -> str:
    """The site's host name, without port."""
    return _host(settings.current().base_url)


@lru_cache(maxsize=16)
def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def tag(made_at: datetime, name: str) -> str:
    """A name for ever of something made at a moment, whatever becomes of its address (RFC 4151)."""
    return f"tag:{host()},{made_at:%Y-%m-%d}:{name}"


def campaign(language: str, slug: str) -> str:
    """Path of a campaign's page."""
    return f"/{language}/campaigns/{slug}"


def signatories(language: str, slug: str, country: str | None = None, after: int | None = None) -> str:
    """Path of those who are shown: all, those of a country ("" where not given), or from behind one of them on."""
    path = f"/{language}/campaigns/{slug}/signatories"
    if country is not None:
        path += f"/{country or NO_COUNTRY}"
    return path + (f"/after/{after}" if after is not None else "")


def endorsements(language: str, slug: str) -> str:
    """Path of the organisations that support a campaign."""
    return f"/{language}/campaigns/{slug}/endorsements"


def endorse(language: str, slug: str) -> str:
    """Path of the form that asks for an organisation's support to be shown."""
    return f"/{language}/campaigns/{slug}/endorse"


def endorsement_page(token: str) -> str:
    """Path of the page behind the link of who asked for organisations."""
    return f"/t/{token}/endorsement"


def frame(language: str, slug: str, look: str = "") -> str:
    """Path of a campaign's form in a frame, with what it shall look like."""
    return f"/embed/{language}/campaigns/{slug}" + (f"/{look}" if look else "")


def card(language: str, slug: str) -> str:
    """Path of a campaign's card for frames in which no form can be sent."""
    return f"/embed/{language}/campaigns/{slug}/card"


def badge(language: str, slug: str, look: str = "") -> str:
    """Path of the picture that says how many have signed, with what it shall look like."""
    return f"/embed/{language}/campaigns/{slug}/badge{'-' + look if look else ''}.svg"


def embedding(language: str, slug: str, look: str = "") -> str:
    """Path of the page that says how to put a campaign on another site."""
    return f"/{language}/campaigns/{slug}/embed" + (f"/{look}" if look else "")


def poster(language: str, slug: str) -> str:
    """Path of a campaign's poster."""
    return f"/{language}/campaigns/{slug}/poster"


def wordings(language: str, slug: str) -> str:
    """Path of the versions of a campaign's text."""
    return f"/{language}/campaigns/{slug}/wordings"


def wording(language: str, slug: str, of: str, version: int) -> str:
    """Path of one version of a campaign's text in the language `of`, and of what was changed in it."""
    return f"/{language}/campaigns/{slug}/wordings/{of}/{version}"


def share_picture(language: str, slug: str) -> str:
    """Path of the picture that stands beside a campaign's link; LANG is one of the campaign's own."""
    return f"/{language}/campaigns/{slug}/share.png"


def picture(name: str, width: int, height: int) -> str:
    """Path of an organiser's picture at one of its sizes."""
    return f"/pictures/{name}/{width}x{height}.jpg"


def picture_sizes(width: int, height: int) -> list[tuple[int, int]]:
    """The sizes at which a picture of this size, or of its own largest size, is shown; the largest first."""
    largest = _fitting(width, height, PICTURE_WIDTH)
    return [largest, _fitting(*largest, SMALL_PICTURE_WIDTH)] if largest[0] > SMALL_PICTURE_WIDTH else [largest]


def _fitting(width: int, height: int, most: int) -> tuple[int, int]:
    return (width, height) if width <= most else (most, max(1, round(height * most / width)))


def picture_set(name: str, width: int, height: int) -> str:
    """All sizes of a picture as HTML's `srcset`."""
    return ", ".join(f"{picture(name, *size)} {size[0]}w" for size in picture_sizes(width, height))


def article(language: str, slug: str) -> str:
    """Path of an article."""
    return f"/{language}/articles/{slug}"


def articles(language: str, before_id: int | None = None) -> str:
    """Path of the newest articles, or of those before one of them."""
    return f"/{language}/articles/" + (f"before/{before_id}" if before_id is not None else "")


def topic(language: str, slug: str, before_id: int | None = None) -> str:
    """Path of a topic's page, or of its articles before one of them."""
    return f"/{language}/topics/{slug}" + (f"/before/{before_id}" if before_id is not None else "")


def events(language: str) -> str:
    """Path of the events that are ahead."""
    return f"/{language}/events/"


def past_events(language: str, before_id: int | None = None) -> str:
    """Path of the events that are over, or of those before one of them."""
    return f"/{language}/events/past" + (f"/before/{before_id}" if before_id is not None else "")


def event(language: str, slug: str) -> str:
    """Path of an event; with `.ics` behind it, of its calendar file."""
    return f"/{language}/events/{slug}"


def calendar(language: str) -> str:
    """Path of the calendar of all events."""
    return f"/{language}/events.ics"


def own_page(token: str) -> str:
    """Path of the page behind a link."""
    return f"/t/{token}"


def contact_page(token: str) -> str:
    """Path of the page behind a contact's link; its POST unsubscribes."""
    return f"/t/{token}/news"


def figures(rest: str = "") -> str:
    """Path of something among the open figures."""
    return FIGURES + rest


def guide(language: str) -> str:
    """Path of the page that explains the open figures."""
    return f"/{language}/api"


def join(language: str) -> str:
    """Path of the form for joining."""
    return f"/{language}/join"


def tell_me(language: str) -> str:
    """Path of the form for being told of meetings."""
    return f"/{language}/events/tell-me"


def campaign_news(language: str, slug: str) -> str:
    """Path of the form for a campaign's news; 404 once its people are forgotten (`Reading.forgotten_at`)."""
    return f"/{language}/campaigns/{slug}/news"


def welcome(token: str) -> str:
    """Path at which an invited organiser chooses a password."""
    return f"/desk/welcome/{token}"
