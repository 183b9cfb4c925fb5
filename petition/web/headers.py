"""What every answer carries: content security, framing, referrer, caching. One table, by kind of page.

A route whose kind is not named here is personal: nothing keeps it, nothing frames it, nothing is told of it.
"""

from functools import lru_cache

from flask import Flask, Response, g, request

from petition.base import settings, urls

#: Who may show an answer in a frame, as the directive `frame-ancestors` says it.
NOBODY, ANYBODY = "'none'", "*"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
CSP = _CSP + NOBODY
#: Public pages may be kept by a cache in front for a second, and for one more by nginx while one reader brings the new
#: page (RFC 5861). Browsers ask again each time and mostly hear 304: to them must-revalidate comes before the rest.
PUBLIC = "public, max-age=0, s-maxage=1, must-revalidate, stale-while-revalidate=1"
PERSONAL = "no-store"

#: Programs and other sites may keep open figures for so long, the second number while they ask again. A proxy and a
#: browser behind it both do: what is live is then ten seconds old at most, the rest two minutes, what is published once
#: a day ten.
LIVE = "public, max-age=1, stale-while-revalidate=3"
CALM = "public, max-age=10, stale-while-revalidate=50"
DAILY = "public, max-age=60, stale-while-revalidate=240"
FIGURES = {
    "api.index": DAILY, "api.openapi": DAILY, "api.campaigns": LIVE, "api.campaign": LIVE, "api.totals": LIVE,
    "api.series": DAILY, "api.breakdowns": DAILY, "api.partners": CALM, "api.articles": CALM, "api.events": CALM,
    "api.past_events": CALM,
}  # fmt: skip
#: Of an answer that any page may read, these too.
TOLD = "ETag, Link, RateLimit, RateLimit-Policy, Retry-After"

#: Endpoints whose answer to GET is the same for everybody.
PUBLIC_PAGES = frozenset(
    {
        "reading.front", "reading.privacy", "reading.how", "guide.guide",
        "articles.articles", "articles.before", "articles.article", "articles.topic", "articles.topic_before",
        "campaign.campaign", "campaign.privacy", "wordings.wordings", "wordings.wording",
        "signing.link", "signing.find_link",
        "endorsements.endorsements", "endorsements.endorse",
        "signatories.signatories", "signatories.country", "signatories.after",
        "sharing.poster", "sharing.picture", "embedding.embedding",
        "embed.frame", "embed.card", "badges.badge",
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
        "signing.inbox", "signing.thanks", "embed.inbox", "joining.inbox", "endorsements.inbox", "desk.welcome",
        "desk.join", "security.reset_password",
    }
)  # fmt: skip
#: The only endpoints that may be framed: by whom their campaign allows, which the view says in `g.frame_ancestors`.
#: Their errors, which know no campaign, by anybody.
FRAMED = frozenset({"embed.frame", "embed.sign", "embed.inbox", "embed.card"})
SECRET_BLUEPRINTS = frozenset({"own", "news", "endorsed", "kept"})


def init_app(app: Flask) -> None:
    """Put the headers on every answer."""
    app.after_request(_dress)


def _dress(response: Response) -> Response:
    endpoint = request.endpoint or ""
    # Where no route was found, the address may still be somebody's link, mistyped or opened instead of pressed.
    secret = endpoint in SECRET or request.blueprint in SECRET_BLUEPRINTS or request.url_rule is None
    ancestors = getattr(g, "frame_ancestors", ANYBODY) if endpoint in FRAMED else NOBODY
    kept = PUBLIC if endpoint in PUBLIC_PAGES else FIGURES.get(endpoint, PERSONAL)
    public = request.method in ("GET", "HEAD") and response.status_code == 200
    # By the site's own address, not by this request's: a kept page is the same for whoever asks next.
    over_tls = settings.current().base_url.startswith("https:")
    headers = response.headers
    said = {name.lower() for name, _ in headers}
    for name, value in usual(secret, ancestors, kept if public else PERSONAL, over_tls).items():
        if name.lower() not in said:
            headers.add(name, value)
    if request.path.startswith(urls.FIGURES):
        _open(response)
    return response


@lru_cache(maxsize=256)
def usual(secret: bool, ancestors: str, kept: str, over_tls: bool) -> dict[str, str]:
    """What an answer of a kind carries unless its view says otherwise."""
    found = {
        "Content-Security-Policy": _CSP + ancestors, "Referrer-Policy": "no-referrer" if secret else "same-origin",
        "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()", "Cache-Control": kept,
    }  # fmt: skip
    if ancestors == NOBODY:
        found["X-Frame-Options"] = "DENY"
    if secret:
        found["X-Robots-Tag"] = "noindex"
    if over_tls:
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found


def _open(response: Response) -> None:
    """For pages of any other site, which never come with anybody's cookies; errors too."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = TOLD
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "*"
        headers["Access-Control-Max-Age"] = "86400"
