"""Public addresses, built from BASE_URL and never from a request's Host."""

from urllib.parse import urlsplit

from petition.base import settings


def absolute(path: str) -> str:
    """The public address of a path of this site (the path starts with one slash)."""
    return settings.current().base_url + path


def host() -> str:
    """The site's host name, without port."""
    return urlsplit(settings.current().base_url).hostname or ""


def campaign(language: str, slug: str) -> str:
    """Path of a campaign's page."""
    return f"/{language}/campaigns/{slug}"


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


def article(language: str, slug: str) -> str:
    """Path of an article."""
    return f"/{language}/articles/{slug}"


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


def join(language: str) -> str:
    """Path of the form for joining."""
    return f"/{language}/join"


def tell_me(language: str) -> str:
    """Path of the form for being told of meetings."""
    return f"/{language}/events/tell-me"


def campaign_news(language: str, slug: str) -> str:
    """Path of the form for a campaign's news; 404 once its people are forgotten (`Reading.forgotten_at`)."""
    return f"/{language}/campaigns/{slug}/news"
