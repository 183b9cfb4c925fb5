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


def article(language: str, slug: str) -> str:
    """Path of an article."""
    return f"/{language}/articles/{slug}"


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
