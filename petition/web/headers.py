"""What every answer carries: content security, framing, referrer, caching. One table, by kind of page.

A route whose kind is not named here is personal: nothing keeps it, nothing frames it, nothing is told of it.
"""

from functools import lru_cache

from flask import Flask, Response, request

from petition.base import settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Public pages may be kept by a cache in front for a second; browsers ask again each time and mostly hear 304.
PUBLIC = "public, max-age=0, s-maxage=1, must-revalidate"
PERSONAL = "no-store"

#: Endpoints whose answer to GET is the same for everybody.
PUBLIC_PAGES = frozenset(
    {
        "reading.front", "reading.privacy", "reading.how",
        "articles.articles", "articles.before", "articles.article", "articles.topic", "articles.topic_before",
        "campaign.campaign", "campaign.privacy", "wordings.wordings", "wordings.wording",
        "signing.link", "signing.find_link",
        "endorsements.endorsements", "endorsements.endorse",
        "signatories.signatories", "signatories.country", "signatories.after",
        "sharing.poster", "sharing.picture",
        "joining.form",
        "events.events", "events.past", "events.before", "events.event", "events.calendar", "events.feed",
        "feeds.site", "feeds.topic", "feeds.campaign", "feeds.events",
        "machines.index", "machines.part", "machines.robots", "machines.manifest", "machines.favicon",
        "machines.security",
    }
)  # fmt: skip
#: Endpoints with a secret or a stamp in their address: no other site may learn it, and browsers then send
#: `Origin: null` with their forms.
SECRET = frozenset(
    {
        "signing.inbox", "signing.thanks", "joining.inbox", "endorsements.inbox", "desk.welcome", "desk.join",
        "security.reset_password",
    }
)  # fmt: skip
SECRET_BLUEPRINTS = frozenset({"own", "news", "endorsed", "kept"})


def init_app(app: Flask) -> None:
    """Put the headers on every answer."""
    app.after_request(_dress)


def _dress(response: Response) -> Response:
    endpoint = request.endpoint or ""
    # Where no route was found, the address may still be somebody's link, mistyped or opened instead of pressed.
    secret = endpoint in SECRET or request.blueprint in SECRET_BLUEPRINTS or request.url_rule is None
    public = endpoint in PUBLIC_PAGES and request.method in ("GET", "HEAD") and response.status_code == 200
    # By the site's own address, not by this request's: a kept page is the same for whoever asks next.
    wanted = _every(secret, public, settings.current().base_url.startswith("https:"))
    headers = response.headers
    said = {name.lower() for name, _ in headers}
    for name, value in wanted.items():
        if name.lower() not in said:
            headers.add(name, value)
    return response


@lru_cache(maxsize=8)
def _every(secret: bool, public: bool, over_tls: bool) -> dict[str, str]:
    """What an answer of a kind carries unless its view says otherwise."""
    found = {
        "Content-Security-Policy": CSP, "Referrer-Policy": "no-referrer" if secret else "same-origin",
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": PUBLIC if public else PERSONAL,
    }  # fmt: skip
    if secret:
        found["X-Robots-Tag"] = "noindex"
    if over_tls:
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found
