"""What machines are told: which addresses there are, what they may look at, where to report a fault."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask

from petition import articles, running, sitemap, topics
from petition.articles import Draft
from petition.base import db
from petition.drafts import Text
from petition.web.public import machines
from tests.cast import Cast, link_in
from tests.web.steps import path_of

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
OTHER = "{http://www.w3.org/1999/xhtml}link"


def locations(cast: Cast, path: str) -> list[str]:
    """The addresses that a sitemap names."""
    answer = cast.browser().get(path)
    assert answer.content_type == "application/xml; charset=utf-8"
    return [str(one.text) for one in ElementTree.fromstring(answer.text).iter(LOC)]


def write(slug: str, published_at: datetime | None, *languages: str) -> None:
    """An article."""
    texts = dict.fromkeys(languages or ("en",), articles.Text("A & B", "It <is>.", "Text."))
    articles.save(Draft(slug, next(iter(texts)), texts, published_at=published_at), "a test")
    db.session.commit()


def test_the_sitemap_names_every_public_page_in_each_of_its_languages(cast: Cast) -> None:
    cast.campaign()
    write("both", db.now(), "en", "es")
    write("spanish", db.now(), "es")
    write("arabic", db.now(), "ar")
    cast.event()
    topics.save(topics.Draft("work", "en", {"en": topics.Text("Work", "On work.")}), "a test")
    db.session.commit()
    base = locations(cast, "/sitemap.xml")[0].partition("/sitemap")[0]
    found = [address for part in locations(cast, "/sitemap.xml") for address in locations(cast, part[len(base) :])]
    assert len(found) == len(set(found))
    sites = {f"/{code}/{page}" for page in machines.PAGES for code in ("en", "es")}
    assert {address[len(base):] for address in found} == sites | {
        "/en/campaigns/canteen", "/es/campaigns/canteen", "/en/articles/both", "/es/articles/both",
        "/es/articles/spanish", "/ar/articles/arabic", "/en/events/open-evening", "/es/events/open-evening",
        "/en/topics/work",
    }  # fmt: skip
    for address in found:
        page = cast.browser().get(address[len(base) :])
        assert page.status_code == 200
        assert f'<link rel="canonical" href="{address}">' in page.text, "a page and the sitemap name one address"
    tree = ElementTree.fromstring(cast.browser().get("/sitemap/articles-0.xml").text)
    others = [(one.get("hreflang"), one.get("href")) for one in tree[0].iter(OTHER)]
    assert others == [("en", f"{base}/en/articles/both"), ("es", f"{base}/es/articles/both")]


def test_the_sitemap_says_nothing_of_what_is_not_public(cast: Cast) -> None:
    cast.campaign("gone")
    running.withdraw(cast.row("gone"), "a test")
    db.session.commit()
    cast.campaign("draft", publish=False)
    write("tomorrow", db.now() + timedelta(days=1))
    write("never", None)
    cast.event(published_at=None)
    cast.event("later", published_at=db.now() + timedelta(hours=1))
    assert [one for one in locations(cast, "/sitemap/campaigns-0.xml") if "campaigns" in one] == []
    assert locations(cast, "/sitemap/events-0.xml") == []
    assert locations(cast, "/sitemap/articles-0.xml") == []


def test_a_long_sitemap_is_cut_by_ids_and_loses_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "BLOCK", 3)
    for number in range(7):
        write(f"a{number}", db.now())
    parts = [part for part in locations(cast, "/sitemap.xml") if "articles" in part]
    assert len(parts) == 3
    found = [address for part in parts for address in locations(cast, part[part.index("/sitemap/") :])]
    assert len(found) == 7
    assert locations(cast, "/sitemap/articles-99.xml") == []


def test_robots_are_kept_from_what_is_a_signer_s_own(cast: Cast) -> None:
    text = cast.browser().get("/robots.txt").text
    assert "Disallow: /t/\n" in text
    assert text.endswith("/sitemap.xml\n")


def test_the_manifest_names_icons_that_are_there(cast: Cast) -> None:
    answer = cast.browser().get("/site.webmanifest")
    assert answer.content_type == "application/manifest+json"
    icons = answer.get_json()["icons"]
    assert {icon["sizes"] for icon in icons} == {"any", "192x192", "512x512"}
    for icon in icons:
        got = cast.browser().get(icon["src"])
        assert (got.status_code, got.content_type.partition(";")[0]) == (200, icon["type"])
    assert cast.browser().get("/favicon.ico").data[:4] == b"\0\0\1\0"


def test_where_to_report_a_fault_stands_there_once_the_operator_has_said_it(
    make_app: Callable[..., Flask], cast: Cast
) -> None:
    assert cast.browser().get("/.well-known/security.txt").status_code == 404
    app = make_app(security_contact="mailto:security@petition.example")
    answer = app.test_client().get("/.well-known/security.txt")
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert said["Contact"] == "mailto:security@petition.example"
    expires = datetime.fromisoformat(said["Expires"])
    assert timedelta(days=200) < expires - datetime.now(UTC) < timedelta(days=365)
    assert said["Canonical"].endswith("/.well-known/security.txt")


def heads(cast: Cast, path: str) -> list[tuple[str, str, str]]:
    """(rel, hreflang, path) of the links that say where a page stands."""
    found = re.findall(r'<link rel="(canonical|alternate)"(?: hreflang="([\w-]+)")? href="http://localhost([^"]*)"',
                       cast.browser().get(path).text)  # fmt: skip
    return [(rel, language, where) for rel, language, where in found]


def test_a_page_names_its_own_address_and_those_of_its_other_languages(cast: Cast) -> None:
    cast.campaign()
    both = [("alternate", "en", "/en/campaigns/canteen"), ("alternate", "es", "/es/campaigns/canteen")]
    assert heads(cast, "/en/campaigns/canteen?source=poster") == [("canonical", "", "/en/campaigns/canteen"), *both]
    assert heads(cast, "/es/campaigns/canteen") == [("canonical", "", "/es/campaigns/canteen"), *both]


def test_what_is_shown_in_another_language_leads_to_where_it_belongs(cast: Cast) -> None:
    text = Text("Uno", "A quien sea", "Dos.", "Tres.")
    cast.campaign("solo", first_language="es", texts={"es": text})
    assert heads(cast, "/en/campaigns/solo") == [("canonical", "", "/es/campaigns/solo")]


def test_a_page_that_is_somebody_s_own_names_no_address(cast: Cast) -> None:
    cast.campaign()
    inbox = cast.sign().location
    own = path_of(link_in(cast.deliver()[0]))
    for path in (inbox, own, "/en/nothing"):
        assert heads(cast, path) == []


def test_a_page_that_says_there_is_nothing_names_no_address_and_no_feed(cast: Cast) -> None:
    cast.campaign("gone")
    running.withdraw(cast.row("gone"), "a test")
    db.session.commit()
    for path in (
        "/en/campaigns/none",
        "/en/campaigns/gone",
        "/en/articles/none",
        "/en/events/none",
        "/en/campaigns/none/feed.xml",
    ):
        page = cast.browser().get(path).text
        assert (heads(cast, path), "feed.xml" in page.partition("<body")[0], "as a feed" in page) == ([], False, False)


@pytest.mark.parametrize("path", ["/en/", "/en/topics/work", "/en/articles/gate", "/en/events/open-evening",
                                  "/en/campaigns/canteen"])  # fmt: skip
def test_a_link_pasted_into_a_messenger_looks_like_something(cast: Cast, path: str) -> None:
    cast.campaign()
    cast.event()
    write("gate", db.now())
    topics.save(topics.Draft("work", "en", {"en": topics.Text("Work", "On work.")}), "a test")
    db.session.commit()
    page = cast.browser().get(path).text
    told = dict(re.findall(r'<meta property="og:([a-z_]+)" content="([^"]+)">', page))
    assert told.keys() >= {"type", "site_name", "title", "description", "url", "locale"}
    assert told["url"] == "http://localhost" + path
    assert f'<meta name="description" content="{told["description"]}">' in page
    assert re.search(r'<meta name="twitter:card" content="summary', page)
