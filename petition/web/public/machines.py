"""What machines ask for: sitemap, robots, manifest, icon, security.txt."""

from datetime import timedelta

from flask import Blueprint, Response, abort, jsonify, make_response, render_template

from petition import sitemap
from petition.base import db, i18n, settings, urls
from petition.web import style

blueprint = Blueprint("machines", __name__)
#: A report of a fault must not go to somebody who left long ago (RFC 9116 asks for less than a year).
SECURITY_TXT = timedelta(days=300)
#: The site's own pages, behind their language.
PAGES = ("", "articles/", "events/", "events/past", "join", "how-we-count", "api", "privacy")


def _answer(body: str, kind: str) -> Response:
    answer = make_response(body)
    answer.content_type = f"{kind}; charset=utf-8"
    return answer


@blueprint.get("/sitemap.xml")
def index() -> Response:
    """The list of sitemaps (sitemaps.org)."""
    parts = [urls.absolute(f"/sitemap/{kind}-{number}.xml") for kind, number in sitemap.blocks()]
    return _answer(render_template("machines/sitemaps.xml", parts=parts), "application/xml")


@blueprint.get("/sitemap/<any(campaigns, articles, topics, events):kind>-<int(max=1000000):number>.xml")
def part(kind: str, number: int) -> Response:
    """The addresses of one sitemap, each with its other languages."""
    found = [
        [(code, urls.absolute(f"/{code}/{kind}/{place.slug}"), place.changed_at) for code in place.languages]
        for place in sitemap.places(kind, number, db.now())
    ]
    if kind == "campaigns" and number == 0:
        spoken = settings.current().languages
        found[:0] = [[(code, urls.absolute(f"/{code}/{page}"), None) for code in spoken] for page in PAGES]
    return _answer(render_template("machines/sitemap.xml", places=found), "application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What is nobody's business but a signer's stays out; where the sitemap is."""
    lines = ["User-agent: *", "Disallow: /t/", "Disallow: /kept/", "", "Sitemap: " + urls.absolute("/sitemap.xml")]
    return _answer("\n".join(lines) + "\n", "text/plain")


@blueprint.get("/site.webmanifest")
def manifest() -> Response:
    """What a phone shows for the site on its first screen (W3C Web Application Manifest)."""
    now = settings.current()
    icons = [
        {"src": style.asset("mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        *({"src": style.asset(f"mark-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
          for size in (192, 512)),
    ]  # fmt: skip
    answer = jsonify(
        name=now.site_name, short_name=now.site_name, start_url="/", display="browser", icons=icons,
        lang=now.languages[0], dir=i18n.direction(now.languages[0]), background_color="#f7f3ea",
        theme_color="#f7f3ea",
    )  # fmt: skip
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """The mark, for those who ask for it at its old address without being told."""
    answer = make_response(style.files()["mark.ico"])
    answer.mimetype = "image/x-icon"
    return answer


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Where to report a fault (RFC 9116); 404 while the operator has set no address."""
    now = settings.current()
    if not now.security_contact:
        abort(404)
    lines = [
        f"Contact: {now.security_contact}",
        f"Expires: {(db.now() + SECURITY_TXT).date().isoformat()}T00:00:00Z",
        f"Preferred-Languages: {', '.join(now.languages)}",
        "Canonical: " + urls.absolute("/.well-known/security.txt"),
    ]
    return _answer("\n".join(lines) + "\n", "text/plain")
