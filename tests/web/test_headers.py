"""What every answer carries: one row for each route (D3, D23; security.md 2.6). A new route without a row fails."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from petition import teams, worker
from petition.base import crypto, db, delivery, maildir, settings
from petition.contacts import Contact
from petition.letters import Letters
from petition.web import embed, oembed, style
from petition.web.headers import CALM, CSP, DAILY, FIGURES, LIVE, PERSONAL, PUBLIC, SECRET
from petition.web.onward import see_other
from petition.web.public import news
from tests.cast import Browser, Cast, form_token, link_in
from tests.organisers import desk_of
from tests.web import endorsing

LETTER_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox;"
    " frame-ancestors 'self'"
)
EVERYWHERE = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: What may be framed anywhere: a campaign's form, whose organisers have not said otherwise (S60).
FRAMED = {
    "Content-Security-Policy": CSP.replace("frame-ancestors 'none'", "frame-ancestors *"), "X-Frame-Options": None,
}  # fmt: skip
#: What any page of another site may read, without cookies.
OPEN: dict[str, str | None] = {
    "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": None, "Referrer-Policy": "same-origin",
    "X-Robots-Tag": None, "RateLimit": None, "RateLimit-Policy": '"made";q=600;w=60',
}  # fmt: skip
#: Kinds of pages: what any cache may keep, what is one person's, what has a secret in its address.
KINDS: dict[str, dict[str, str | None]] = {
    "public": {"Cache-Control": PUBLIC, "Referrer-Policy": "same-origin", "X-Robots-Tag": None},
    "personal": {"Cache-Control": PERSONAL, "Referrer-Policy": "same-origin", "X-Robots-Tag": None},
    "secret": {"Cache-Control": PERSONAL, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"},
    "file": {"Cache-Control": style.KEPT, "Referrer-Policy": "same-origin", "X-Robots-Tag": None},
    "frame": {"Cache-Control": PUBLIC, "Referrer-Policy": "same-origin", "X-Robots-Tag": None, **FRAMED},
    "framed answer": {"Cache-Control": PERSONAL, "Referrer-Policy": "same-origin", "X-Robots-Tag": None, **FRAMED},
    "framed secret": {"Cache-Control": PERSONAL, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", **FRAMED},
    "loader": {"Cache-Control": embed.LOADER_KEPT, "Referrer-Policy": "same-origin", "X-Robots-Tag": None},
    "asker's own": {"Cache-Control": oembed.KEPT, "Referrer-Policy": "same-origin", "X-Robots-Tag": None},
    "live figures": {"Cache-Control": LIVE, **OPEN},
    "calm figures": {"Cache-Control": CALM, **OPEN},
    "daily figures": {"Cache-Control": DAILY, **OPEN},
    "kept letter": {
        "Cache-Control": PERSONAL, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
        "Content-Security-Policy": LETTER_CSP, "X-Frame-Options": "SAMEORIGIN",
    },
}  # fmt: skip

#: Endpoint, method → kind, status, path. {own}, {inbox}, {thanks}, {news}, {kept}, {build} and {newer} are filled in by
#: the walk.
ROUTES: dict[tuple[str, str], tuple[str, int, str]] = {
    ("reading.root", "GET"): ("personal", 302, "/"),
    ("reading.front", "GET"): ("public", 200, "/en/"),
    ("articles.article", "GET"): ("public", 200, "/en/articles/at-the-gate"),
    ("articles.articles", "GET"): ("public", 200, "/en/articles/"),
    ("articles.before", "GET"): ("public", 200, "/en/articles/before/{newer}"),
    ("articles.topic", "GET"): ("public", 200, "/en/topics/harbour"),
    ("articles.topic_before", "GET"): ("public", 200, "/en/topics/harbour/before/{newer}"),
    ("campaign.campaign", "GET"): ("public", 200, "/en/campaigns/canteen"),
    ("campaign.privacy", "GET"): ("public", 200, "/en/campaigns/canteen/privacy"),
    ("wordings.wordings", "GET"): ("public", 200, "/en/campaigns/canteen/wordings"),
    ("wordings.wording", "GET"): ("public", 200, "/en/campaigns/canteen/wordings/en/1"),
    ("pictures.picture", "GET"): ("personal", 404, "/pictures/" + "0" * 32 + "/1440x960.jpg"),
    ("signatories.signatories", "GET"): ("public", 200, "/en/campaigns/canteen/signatories"),
    ("signatories.country", "GET"): ("public", 200, "/en/campaigns/canteen/signatories/IE"),
    ("signatories.after", "GET"): ("personal", 302, "/en/campaigns/canteen/signatories/IE/after/1"),
    ("signatories.search", "GET"): ("personal", 200, "/en/campaigns/canteen/signatories/search?q=a"),
    ("endorsements.endorsements", "GET"): ("public", 200, "/en/campaigns/canteen/endorsements"),
    ("endorsements.endorse", "GET"): ("public", 200, "/en/campaigns/canteen/endorse"),
    ("endorsements.ask", "POST"): ("personal", 422, "/en/campaigns/canteen/endorse"),
    ("endorsements.inbox", "GET"): ("secret", 200, "/en/campaigns/canteen/endorse/inbox/none"),
    ("endorsed.page", "GET"): ("secret", 200, "{endorsement}"),
    ("endorsed.data", "GET"): ("secret", 200, "{endorsement}/data.json"),
    ("endorsed.confirm", "POST"): ("secret", 303, "{endorsement}/confirm"),
    ("endorsed.correct", "POST"): ("secret", 303, "{endorsement}/correct"),
    ("endorsed.withdraw", "POST"): ("secret", 303, "{endorsement}/withdraw"),
    ("endorsed.not_me", "POST"): ("secret", 303, "{endorsement}/not-me"),
    ("endorsed.no_letters", "POST"): ("secret", 303, "{endorsement}/no-letters"),
    ("endorsed.allow", "POST"): ("secret", 303, "{endorsement}/allow"),
    ("sharing.poster", "GET"): ("public", 200, "/en/campaigns/canteen/poster"),
    ("sharing.picture", "GET"): ("public", 200, "/en/campaigns/canteen/share.png"),
    ("reading.privacy", "GET"): ("public", 200, "/en/privacy"),
    ("reading.how", "GET"): ("public", 200, "/en/how-we-count"),
    ("guide.guide", "GET"): ("public", 200, "/en/api"),
    ("api.index", "GET"): ("daily figures", 200, "/api/v1/"),
    ("api.openapi", "GET"): ("daily figures", 200, "/api/v1/openapi.json"),
    ("api.campaigns", "GET"): ("live figures", 200, "/api/v1/campaigns"),
    ("api.campaign", "GET"): ("live figures", 200, "/api/v1/campaigns/canteen"),
    ("api.totals", "GET"): ("live figures", 200, "/api/v1/campaigns/canteen/totals.csv"),
    ("api.series", "GET"): ("daily figures", 200, "/api/v1/campaigns/canteen/series"),
    ("api.partners", "GET"): ("calm figures", 200, "/api/v1/campaigns/canteen/partners"),
    ("api.breakdowns", "GET"): ("daily figures", 200, "/api/v1/campaigns/canteen/breakdowns"),
    ("api.articles", "GET"): ("calm figures", 200, "/api/v1/articles"),
    ("api.events", "GET"): ("calm figures", 200, "/api/v1/events"),
    ("api.past_events", "GET"): ("calm figures", 200, "/api/v1/events/past.csv"),
    ("signing.sign", "POST"): ("personal", 303, "/en/campaigns/canteen"),
    ("signing.inbox", "GET"): ("secret", 200, "{inbox}"),
    ("signing.thanks", "GET"): ("secret", 200, "{thanks}"),
    ("signing.link", "GET"): ("public", 200, "/en/campaigns/canteen/link"),
    ("signing.send_link", "POST"): ("personal", 303, "/en/campaigns/canteen/link"),
    ("signing.find_link", "GET"): ("public", 200, "/en/link"),
    ("signing.send_found_link", "POST"): ("personal", 303, "/en/link"),
    ("signing.link_sent", "GET"): ("personal", 200, "/en/link/sent"),
    ("own.page", "GET"): ("secret", 200, "{own}"),
    ("own.data", "GET"): ("secret", 200, "{own}/data.json"),
    ("own.confirm", "POST"): ("secret", 303, "{own}/confirm"),
    ("own.fresh", "POST"): ("secret", 303, "{own}/fresh"),
    ("own.say_no", "POST"): ("secret", 303, "{own}/object"),
    ("own.correct", "POST"): ("secret", 422, "{own}/correct"),
    ("own.allow", "POST"): ("secret", 303, "{own}/allow"),
    ("own.stop_news", "POST"): ("secret", 303, "{own}/stop-news"),
    ("own.not_me", "POST"): ("secret", 303, "{own}/not-me"),
    ("own.no_letters", "POST"): ("secret", 303, "{own}/no-letters"),
    ("own.withdraw", "POST"): ("secret", 200, "{own}/withdraw"),
    ("joining.form", "GET"): ("public", 200, "/en/join"),
    ("joining.ask", "POST"): ("personal", 303, "/en/join"),
    ("joining.inbox", "GET"): ("secret", 200, "/en/join/inbox/none"),
    ("news.news", "GET"): ("secret", 200, "{news}"),
    ("news.data", "GET"): ("secret", 200, "{news}/data.json"),
    ("news.confirm", "POST"): ("secret", 303, "{news}/confirm"),
    ("news.fresh", "POST"): ("secret", 303, "{news}/fresh"),
    ("news.not_me", "POST"): ("secret", 303, "{news}/not-me"),
    ("news.no_letters", "POST"): ("secret", 303, "{news}/no-letters"),
    ("news.allow", "POST"): ("secret", 303, "{news}/allow"),
    ("news.unsubscribe", "POST"): ("secret", 200, "{news}"),
    ("kept.letters", "GET"): ("secret", 200, "{kept}"),
    ("kept.letter", "GET"): ("secret", 404, "{kept}/1"),
    ("kept.html", "GET"): ("secret", 404, "{kept}/1/html"),
    ("events.events", "GET"): ("public", 200, "/en/events/"),
    ("events.past", "GET"): ("public", 200, "/en/events/past"),
    ("events.before", "GET"): ("personal", 404, "/en/events/past/before/1"),
    ("events.event", "GET"): ("public", 200, "/en/events/open-evening"),
    ("events.calendar", "GET"): ("public", 200, "/en/events/open-evening.ics"),
    ("events.feed", "GET"): ("public", 200, "/en/events.ics"),
    ("feeds.site", "GET"): ("public", 200, "/en/feed.xml"),
    ("feeds.topic", "GET"): ("personal", 404, "/en/topics/none/feed.xml"),
    ("feeds.campaign", "GET"): ("public", 200, "/en/campaigns/canteen/feed.xml"),
    ("feeds.events", "GET"): ("public", 200, "/en/events/feed.xml"),
    ("machines.index", "GET"): ("public", 200, "/sitemap.xml"),
    ("machines.part", "GET"): ("public", 200, "/sitemap/campaigns-0.xml"),
    ("machines.robots", "GET"): ("public", 200, "/robots.txt"),
    ("machines.manifest", "GET"): ("public", 200, "/site.webmanifest"),
    ("machines.favicon", "GET"): ("public", 200, "/favicon.ico"),
    ("machines.security", "GET"): ("personal", 404, "/.well-known/security.txt"),
    ("style.public_sheet", "GET"): ("file", 200, "/style/{build}/b3201b.css"),
    ("style.static_file", "GET"): ("file", 200, "/static/{build}/sign.js"),
    ("style.sheet_for_frames", "GET"): ("file", 200, "/style/{build}/dark/b3201b.css"),
    ("embed.frame", "GET"): ("frame", 200, "/embed/en/campaigns/canteen/compact"),
    ("embed.sign", "POST"): ("framed answer", 303, "/embed/en/campaigns/canteen"),
    ("embed.inbox", "GET"): ("framed secret", 200, "/embed/en/campaigns/canteen/inbox/none"),
    ("embed.card", "GET"): ("frame", 200, "/embed/en/campaigns/canteen/card"),
    ("embed.loader", "GET"): ("loader", 200, "/embed/1/loader.js"),
    ("badges.badge", "GET"): ("public", 200, "/embed/en/campaigns/canteen/badge.svg"),
    ("oembed.oembed", "GET"): ("asker's own", 200, "/embed/oembed?url=http://localhost/en/campaigns/canteen"),
    ("embedding.embedding", "GET"): ("public", 200, "/en/campaigns/canteen/embed"),
    ("embedding.choose", "GET"): ("personal", 303, "/en/campaigns/canteen/embed/choose?theme=dark"),
    ("ops.healthz", "GET"): ("personal", 200, "/healthz"),
    ("ops.readyz", "GET"): ("personal", 503, "/readyz"),
    ("ops.metrics", "GET"): ("personal", 404, "/metrics"),
}  # fmt: skip


def _routes(app: Flask) -> set[tuple[str, str]]:
    rules = app.url_map.iter_rules()
    return {(rule.endpoint, method) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_every_route_has_a_row_in_the_table_of_headers(app: Flask) -> None:
    assert _routes(app) == ROUTES.keys()


def test_an_answer_that_others_may_keep_is_never_older_than_it_says() -> None:
    """S62: by a proxy, which may add a second, and by a browser behind it, after the half second of our own cache."""
    most = {LIVE: 10, CALM: 122, DAILY: 602}
    for control in FIGURES.values():
        assert control.startswith("public, ")
        assert "stale-while-revalidate" in control
        kept = sum(int(number) for number in re.findall(r"=([0-9]+)", control))
        assert 0.5 + (kept + 1) + kept <= most[control]


def _carries(answer: TestResponse, kind: str) -> list[str]:
    wanted = EVERYWHERE | KINDS[kind]
    return [
        f"{name}: {answer.headers.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if answer.headers.get(name) != value
    ]


def _walk(cast: Cast) -> dict[str, str]:
    """Sign and confirm, to have one of each address."""
    cast.campaign()
    cast.event()
    topic_id = cast.topic().id
    newer = [cast.article(slug, topic_id=topic_id).id for slug in ("at-the-gate", "next-day")][1]
    worker.draw()
    inbox = cast.sign(news="y", appear="full").location
    letter = cast.deliver()[0]
    own = link_in(letter).partition("?")[0]
    thanks = cast.press(letter).location
    kept = f"/kept/{crypto.secret_name('kept letters')}"
    contact = news.address(db.session.scalars(select(Contact)).one())
    return {
        "news": contact, "inbox": inbox, "thanks": thanks, "own": own, "kept": kept, "build": style.build(),
        "endorsement": endorsing.page_in(endorsing.asked(cast)).partition("?")[0],
        "newer": str(newer),
    }  # fmt: skip


def _ask(client: Browser, method: str, path: str) -> TestResponse:
    if method == "GET":
        return client.get(path)
    data = {"name": "", "email": "ana@example.org", "country": "IE", "campaign": "canteen"}
    if path.startswith(("/en/", "/embed/")):
        data |= {"name": "Ana", "token": form_token(client.get(path).text)}
    return client.post(path, data=data)


def test_every_route_carries_the_headers_of_its_kind(app: Flask, cast: Cast) -> None:
    """The header matrix: content security, framing, referrer, caching; no cookie anywhere."""
    filled = _walk(cast)
    client = cast.browser()
    wrong = {}
    for (endpoint, method), (kind, status, path) in ROUTES.items():
        answer = _ask(client, method, path.format(**filled))
        problems = _carries(answer, kind)
        if answer.status_code != status:
            problems.append(f"status {answer.status_code}, not {status}")
        if "Set-Cookie" in answer.headers:
            problems.append("sets a cookie")
        if problems:
            wrong[endpoint] = problems
    assert wrong == {}


def test_every_route_of_the_desk_is_kept_by_nobody_and_framed_by_nobody(app: Flask, cast: Cast) -> None:
    """D3, D23: signed in and signed out, whatever it answers; a loop that finds new routes by itself."""
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    wrong = {}
    for rule in desk_of(app).url_map.iter_rules():
        path = re.sub(r"<slug:[^>]+>", "canteen", rule.rule)
        path = re.sub(r"<int[^>]*>", "1", path)
        path = re.sub(r"<[^>]+>", "none", path)
        kind = "secret" if rule.endpoint in SECRET else "personal"
        for answer in (desk.get(path), cast.browser().get(path), cast.browser().post(path)):
            found = {name: value for name, value in (EVERYWHERE | KINDS[kind]).items()
                     if answer.headers.get(name) != value and answer.status_code not in (404, 405)}  # fmt: skip
            if found or answer.headers["Cache-Control"] != PERSONAL or answer.headers["Content-Security-Policy"] != CSP:
                wrong[rule.endpoint, answer.status_code] = found
    assert wrong == {}


def test_pages_with_a_secret_in_their_address_are_never_public_whatever_they_answer(cast: Cast) -> None:
    """D23: 404, 405 and 415 behind a link are as private as the page."""
    filled = _walk(cast)
    client = cast.browser()
    answers = [
        client.get(filled["own"] + "x"),
        client.get(filled["own"] + "/confirm"),
        client.post(filled["own"] + "/correct", json={}),
        client.get(filled["inbox"] + "x"),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 415, 200]
    assert [_carries(answer, "secret") for answer in answers] == [[], [], [], []]


def test_errors_are_never_kept(cast: Cast) -> None:
    """D23: a draft that is published, or a page that works again, must not be hidden by a kept error."""
    cast.campaign()
    client = cast.browser()
    answer = client.get("/en/campaigns/none")
    assert answer.status_code == 404
    assert _carries(answer, "personal") == []


def test_an_address_without_a_route_is_treated_like_a_secret_one(cast: Cast) -> None:
    """B8: it may be somebody's link, mistyped, or a button's address opened in a window."""
    cast.campaign()
    client = cast.browser()
    answers = [client.get("/t/x/y/z"), client.get("/nothing"), client.put("/en/campaigns/canteen")]
    assert [answer.status_code for answer in answers] == [404, 404, 405]
    assert [_carries(answer, "secret") for answer in answers] == [[], [], []]


def test_a_letter_kept_on_the_trial_site_is_framed_by_its_own_page_alone(
    make_app: Callable[..., Flask],
) -> None:
    """D3: the one page that may be framed, by this site, with nothing running in it."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        cast.sign()
        delivery.deliver(Letters(), maildir.Maildir(settings.current()))
        client = cast.browser()
        kept = f"/kept/{crypto.secret_name('kept letters')}"
        page = client.get(kept).text
        name = page.partition(kept + "/")[2].partition('"')[0]
        assert _carries(client.get(f"{kept}/{name}"), "secret") == []
        assert _carries(client.get(f"{kept}/{name}/html"), "kept letter") == []


def test_the_kept_letters_do_not_exist_where_letters_are_sent_or_the_secret_is_wrong(
    make_app: Callable[..., Flask],
) -> None:
    """Issue 7: only where both BASE_URL and the bound address are loopback."""
    app = make_app()
    elsewhere = make_app(host="0.0.0.0")
    with app.app_context():
        kept = f"/kept/{crypto.secret_name('kept letters')}"
        assert settings.keeps_letters(settings.current())
        assert Browser(app, use_cookies=False).get(kept).status_code == 200
        assert Browser(app, use_cookies=False).get(kept[:-1] + "!").status_code == 404
    with elsewhere.app_context():
        assert Browser(elsewhere, use_cookies=False).get(kept).status_code == 404


@pytest.mark.parametrize(("base", "wanted"), [("https://petition.example", True), ("http://localhost", False)])
def test_a_site_under_https_says_that_it_stays_there(make_app: Callable[..., Flask], base: str, wanted: bool) -> None:
    """Whatever scheme the proxy speaks to us: a kept page is the same for all who ask."""
    app = make_app(base_url=base, page_cache=0.5)
    with app.app_context():
        Cast(app).campaign()
        for path in ("/en/", "/en/campaigns/canteen", "/nothing", "/healthz"):
            host = base.partition("//")[2]
            answer = Browser(app, use_cookies=False).get(path, base_url=f"http://{host}")
            assert ("Strict-Transport-Security" in answer.headers) is wanted


def test_the_page_that_ends_news_speaks_a_language_of_the_interface_whatever_is_asked(cast: Cast) -> None:
    """Row 62."""
    path = _walk(cast)["news"]
    for asked, spoken in (("es", "es"), ("en", "en"), ("../../etc", "en"), ("x" * 500, "en"), ("", "en")):
        page = cast.browser().get(path, query_string={"language": asked})
        assert (page.status_code, f'<html lang="{spoken}" dir="ltr"' in page.text) == (200, True)
        assert asked not in page.text or asked in ("es", "en", "")


@pytest.mark.parametrize("path", ["/en/\r\nSet-Cookie: a=b", "/en/\nX: y", "/en/café", "/en/\u2028"])
def test_a_form_leads_to_no_address_that_would_break_a_header(path: str) -> None:
    with pytest.raises(ValueError):
        see_other(path)


def test_a_taken_form_leads_on_by_path_and_without_a_body(cast: Cast) -> None:
    cast.campaign()
    answer = cast.sign("maria@example.org")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/en/campaigns/canteen/inbox/")
    assert answer.headers["Content-Length"] == "0"
    assert answer.data == b""
