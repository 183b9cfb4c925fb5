"""Handing a campaign on: links with their source, the poster's code, the picture beside a link and what names it."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno
from flask import Flask
from PIL import Image
from sqlalchemy import select

from petition import articles, campaigns, running, worker
from petition.articles import Draft
from petition.base import db
from petition.drafts import Text
from petition.register import Move
from petition.web import context
from petition.web.headers import PERSONAL, PUBLIC
from petition.web.public import sharing
from tests.cast import Browser, Cast, form_token

HOME = "http://localhost/en/campaigns/canteen"


def thanks(cast: Cast) -> str:
    """The page after the button, of a campaign that is there."""
    assert cast.sign().status_code == 303
    answer = cast.press(cast.deliver()[0])
    return cast.browser().get(answer.location).text


def shared(page: str) -> dict[str, str]:
    """Every address that a page hands on, by its source."""
    known = [html.unescape(one) for one in re.findall(r'(?:data-address|href)="([^"]+)"', page)]
    found = [re.search(r"http://localhost/\S*?\?source=(share-[a-z]+)", unquote(one)) for one in known]
    return {one[1]: one[0] for one in found if one}


def test_the_thanks_page_hands_on_a_link_for_every_way_and_each_says_which_it_was(cast: Cast) -> None:
    cast.campaign()
    links = shared(thanks(cast))
    ways = ("phone", "copy", "whatsapp", "telegram", "mastodon", "facebook", "x", "mail")
    assert links == {f"share-{way}": f"{HOME}?source=share-{way}" for way in ways}


def test_a_signature_that_came_by_a_shared_link_is_tallied_under_its_way(cast: Cast) -> None:
    cast.campaign()
    for number, link in enumerate(shared(thanks(cast)).values()):
        path = link.removeprefix("http://localhost")
        client = cast.browser()
        token = form_token(client.get(path).text)
        typed = {"name": "Ben", "email": f"ben{number}@example.org", "country": "IE", "appear": "hidden"}
        assert client.post(path, data=typed | {"token": token}).status_code == 303
        cast.press(cast.deliver()[0])
    wanted = {"", *(f"share-{way}" for way in context._PLACES), "share-phone", "share-copy"}
    assert set(db.session.scalars(select(Move.source))) == wanted


def test_links_to_other_places_are_plain_open_nothing_of_ours_and_load_nothing(cast: Cast) -> None:
    cast.campaign()
    page = thanks(cast)
    outside = re.findall(r'<a [^>]*href="(?:https:|mailto:)[^>]*>', page)
    assert len(outside) == len(context._PLACES)
    assert all('rel="noopener noreferrer"' in link for link in outside)
    assert not re.search(r'(?:src|srcset|action)="(?:https?:)?//', page)


def test_a_title_with_any_sign_in_it_is_handed_on_whole(app: Flask) -> None:
    title = "50 % more & “fair” #pay? <now> \u0623\u0639\u064a\u062f\u0648\u0627"
    with app.test_request_context("/en/"):
        share = context.share_view(title, "/en/campaigns/canteen")
    links = dict(share.links)
    assert parse_qs(urlsplit(links["X"]).query) == {"text": [title], "url": [f"{HOME}?source=share-x"]}
    assert parse_qs(urlsplit(links["Facebook"]).query) == {"u": [f"{HOME}?source=share-facebook"]}
    assert unquote(urlsplit(links["Mastodon"]).fragment) == f"text={title}\n{HOME}?source=share-mastodon"
    mail = parse_qs(urlsplit(links["E-mail"]).query)
    assert mail == {"subject": [title], "body": [f"{title}\r\n\r\n{HOME}?source=share-mail"]}


def test_the_thanks_page_says_what_else_one_can_do(make_app: Callable[..., Flask]) -> None:
    for give in ("", "https://give.example/us"):
        with make_app(give_url=give).app_context():
            cast = Cast(make_app(give_url=give))
            if campaigns.read("canteen") is None:
                cast.campaign()
            db.session.remove()
            answer = cast.browser().get(cast.press(_letter(cast, f"who{len(give)}@example.org")).location)
            hrefs = re.findall(r'href="([^"]+)"', answer.text)
            assert {"/en/join", "/en/events/tell-me", "/en/campaigns/canteen/poster"} < set(hrefs)
            assert ("https://give.example/us" in hrefs) is bool(give)


def _letter(cast: Cast, email: str):
    cast.sign(email)
    return cast.deliver()[0]


def test_the_thanks_page_of_a_campaign_that_has_closed_meanwhile_offers_no_poster(cast: Cast) -> None:
    cast.campaign()
    letter = _letter(cast, "ana@example.org")
    running.close(cast.row(), "a test", db.now() - timedelta(minutes=1))
    db.session.commit()
    page = cast.browser().get(cast.press(letter).location)
    assert page.status_code == 200
    assert "/poster" not in page.text


# The poster


def matrix(page: str) -> list[list[int]]:
    """The modules of a poster's code as its path draws them, margin included."""
    found = re.search(r'<svg class="code" viewBox="0 0 (\d+) \1".*?<path d="([^"]+)"/>', page)
    assert found
    size = int(found[1])
    rows = [[0] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", found[2]):
        for place in range(int(x), int(x) + int(width)):
            rows[int(y)][place] = 1
    return rows


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_posters_code_leads_to_the_campaign_and_says_that_it_was_the_poster(cast: Cast, language: str) -> None:
    cast.campaign()
    page = cast.browser().get(f"/{language}/campaigns/canteen/poster").text
    address = f"http://localhost/{language}/campaigns/canteen"
    drawn, wanted = matrix(page), segno.make(f"{address}?source=poster", error="m", micro=False)
    inner = [row[4:-4] for row in drawn[4:-4]]
    assert inner == [list(row) for row in wanted.matrix]
    assert sum(map(sum, drawn)) == sum(map(sum, inner)), "nothing in the margin that a camera needs"
    assert wanted.error in ("M", "Q", "H")
    assert address.removeprefix("http://") in re.sub("<wbr>", "", page)


def test_the_poster_says_what_for_to_whom_and_who_answers_for_it(cast: Cast) -> None:
    cast.campaign()
    page = cast.browser().get("/es/campaigns/canteen/poster")
    assert page.headers["Cache-Control"] == PUBLIC
    for said in ("Readmitan a las trabajadoras", "la Autoridad Portuaria", "Despidieron a cuarenta.", "Dockside Aid"):
        assert said in page.text


def test_a_campaign_that_nobody_can_sign_has_no_poster(cast: Cast) -> None:
    cast.campaign("draft", publish=False)
    for slug in ("withdrawn", "closed", "late"):
        cast.campaign(slug)
    running.withdraw(cast.row("withdrawn"), "a test")
    running.close(cast.row("closed"), "a test", db.now() - timedelta(hours=1))
    running.close(cast.row("late"), "a test", db.now() - timedelta(days=9))
    db.session.commit()
    client = cast.browser()
    answers = {slug: client.get(f"/en/campaigns/{slug}/poster") for slug in ("draft", "withdrawn", "closed", "late")}
    assert {slug: answer.status_code for slug, answer in answers.items()} == {
        "draft": 404, "withdrawn": 410, "closed": 303, "late": 303
    }  # fmt: skip
    assert answers["closed"].location == "/en/campaigns/closed"
    assert all(answer.headers["Cache-Control"] == PERSONAL for answer in answers.values())
    assert not any("canteen" in answer.text for answer in answers.values())


def test_one_address_has_one_code(app: Flask) -> None:
    assert sharing.code("https://a.example/x") == sharing.code("https://a.example/x")
    assert sharing.code("https://a.example/x") != sharing.code("https://a.example/y")


# The picture


def test_the_picture_is_served_once_the_worker_has_made_it(cast: Cast) -> None:
    cast.campaign()
    client = cast.browser()
    before = client.get("/en/campaigns/canteen/share.png")
    assert (before.status_code, before.headers["Cache-Control"]) == (404, PERSONAL)
    assert "share.png" not in client.get("/en/campaigns/canteen").text
    worker.draw()
    answer = client.get("/en/campaigns/canteen/share.png")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "image/png", PUBLIC)
    assert Image.open(BytesIO(answer.data)).size == (1200, 630)
    assert client.get("/en/campaigns/canteen/share.png?v=other").data == answer.data


def test_a_page_in_a_language_the_campaign_has_not_shows_the_picture_of_the_wording_it_shows(cast: Cast) -> None:
    texts = {"ar": text_titled("أعيدوا العمّال"), "en": text_titled("Take them back")}
    cast.campaign(texts=texts, first_language="ar")
    worker.draw()
    client = cast.browser()
    pictures = {
        language: client.get(f"/{language}/campaigns/canteen/share.png").data for language in ("ar", "en", "es")
    }
    assert pictures["es"] == pictures["ar"] != pictures["en"]
    assert "/ar/campaigns/canteen/share.png?v=" in client.get("/es/campaigns/canteen").text


def text_titled(title: str) -> Text:
    """A wording with this title."""
    return Text(title, "the Port Authority", "Forty were dismissed.", "Take *them* back.")


def test_a_withdrawn_campaign_and_a_draft_have_no_picture_for_anybody(cast: Cast) -> None:
    """S08."""
    cast.campaign()
    worker.draw()
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    cast.campaign("draft", publish=False)
    client = cast.browser()
    for slug, status in (("canteen", 410), ("draft", 404)):
        for path in ("", "/share.png", "/poster"):
            answer = client.get(f"/en/campaigns/{slug}{path}")
            assert answer.status_code == status
            assert "Take the canteen" not in answer.text
            assert "og:" not in answer.text


def test_an_old_slug_leads_to_the_picture_and_the_poster_of_the_new_one(cast: Cast) -> None:
    cast.campaign()
    worker.draw()
    db.session.add(campaigns.CampaignSlug(slug="mensa", campaign_id=cast.reading().id))
    db.session.commit()
    client = cast.browser()
    for path in ("share.png", "poster"):
        answer = client.get(f"/en/campaigns/mensa/{path}")
        assert (answer.status_code, answer.location) == (301, f"/en/campaigns/canteen/{path}")


def test_the_page_cache_keeps_the_picture_and_answers_304(make_app: Callable[..., Flask]) -> None:
    app = make_app(page_cache=0.5)
    with app.app_context():
        Cast(app).campaign()
        worker.draw()
        db.session.remove()
        client = Browser(app, use_cookies=False)
        first = client.get("/en/campaigns/canteen/share.png")
        again = client.get("/en/campaigns/canteen/share.png", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)


# What messengers read


def tags(page: str) -> dict[str, str]:
    """The tags of the Open Graph protocol and of X, the first of each name."""
    found: dict[str, str] = {}
    for name, content in re.findall(
        r'<meta (?:property|name)="((?:og|twitter|article):[^"]+)" content="([^"]*)">', page
    ):
        found.setdefault(name, html.unescape(content))
    return found


def test_a_campaigns_page_says_what_a_messenger_shows_of_it(cast: Cast) -> None:
    cast.campaign()
    worker.draw()
    found = tags(cast.browser().get("/es/campaigns/canteen?source=share-x").text)
    picture = found.pop("og:image")
    assert re.fullmatch(r"http://localhost/es/campaigns/canteen/share\.png\?v=[0-9a-f]{8}", picture)
    assert found == {
        "og:type": "website", "og:site_name": "The Solidarity Post", "og:title": "Readmitan a las trabajadoras",
        "og:description": "Despidieron a cuarenta.", "og:url": "http://localhost/es/campaigns/canteen",
        "og:locale": "es_ES", "og:locale:alternate": "en_GB", "og:image:width": "1200", "og:image:height": "630",
        "og:image:alt": "Readmitan a las trabajadoras", "twitter:card": "summary_large_image",
    }  # fmt: skip


def test_an_article_shows_the_picture_of_its_campaign_and_when_it_was_published(cast: Cast) -> None:
    reading = cast.campaign()
    worker.draw()
    at = db.now() - timedelta(hours=2)
    texts = {"en": articles.Text("At the gate", "They stood there.", "All night.")}
    for slug, campaign_id in (("gate", reading.id), ("other", None)):
        articles.save(Draft(slug, "en", texts, campaign_id=campaign_id, published_at=at), "a test")
    db.session.commit()
    client = cast.browser()
    found, other = (tags(client.get(f"/en/articles/{slug}").text) for slug in ("gate", "other"))
    assert (found["og:type"], found["og:title"]) == ("article", "At the gate")
    assert found["article:published_time"] == at.isoformat(timespec="seconds")
    assert found["og:image"].startswith(f"{HOME}/share.png?v=")
    assert found["og:image:alt"] == "Take the canteen workers back"
    assert other["og:image"].endswith("/mark-512.png"), "the mark of the site"
    assert other["twitter:card"] == "summary"
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    withdrawn = client.get("/en/articles/gate").text
    assert "share.png" not in withdrawn
    assert "Take the canteen" not in withdrawn


def test_a_form_that_was_not_taken_names_no_address_of_its_own_to_messengers(cast: Cast) -> None:
    cast.campaign()
    answer = cast.sign("nobody")
    assert answer.status_code == 422
    assert "og:" not in answer.text
