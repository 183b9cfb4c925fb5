"""Pages that everybody reads, and the bytes they are answered with (S08, S48; petition/web/cache.py)."""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import brotli
import pytest
import time_machine
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from petition import drafts, running
from petition.base import db
from petition.drafts import NotReady, Terms, Text
from petition.web import cache, style
from tests.cast import TERMS, Browser, Cast

PATH = "/en/campaigns/canteen"


@pytest.fixture
def kept(make_app: Callable[..., Flask]) -> Iterator[Cast]:
    """A site that keeps its pages for half a second, as it does for real."""
    app = make_app(page_cache=0.5)
    with app.app_context():
        yield Cast(app)


def statements() -> list[str]:
    """Every statement that reaches the database from now on."""
    seen: list[str] = []
    event.listen(db.database().engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    return seen


def ask(kept: Cast, path: str = PATH, method: str = "GET", **headers: str) -> TestResponse:
    return kept.browser().open(path, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})


# Whole answers as bytes.


def test_a_page_just_made_is_answered_from_memory_without_the_database(kept: Cast) -> None:
    """Architecture: cached bytes, by path alone."""
    kept.campaign()
    first = ask(kept)
    seen = statements()
    assert ask(kept).data == first.data
    assert seen == []


def test_a_page_is_never_older_than_a_second(kept: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """S01, S51: every page shows a new total within two seconds."""
    kept.campaign()
    clock = [1000.0]
    monkeypatch.setattr(cache.time, "monotonic", lambda: clock[0])
    before = ask(kept).data
    kept.signed()
    clock[0] += 0.4
    assert ask(kept).data == before
    clock[0] += 0.7
    assert ask(kept).data != before


def test_behind_a_proxy_a_page_is_not_kept_into_the_next_second_of_the_clock(make_app: Callable[..., Flask]) -> None:
    """S51: a proxy that counts in whole seconds keeps it for up to two, and those begin with the page."""
    second = datetime(2031, 3, 4, 9, 0, 7, tzinfo=UTC)
    app = make_app(page_cache=60.0, proxies=1)
    with app.app_context(), time_machine.travel(second.replace(microsecond=800_000), tick=False) as clock:
        kept = Cast(app)
        kept.campaign()
        before = ask(kept).data
        kept.signed()
        clock.shift(0.1)
        assert ask(kept).data == before
        clock.shift(0.15)
        assert ask(kept).data != before


def test_what_was_asked_of_a_page_makes_no_second_copy_and_no_other_page(kept: Cast) -> None:
    """D23: the query never changes a kept page, so it cannot be poisoned or emptied by one."""
    kept.campaign()
    first = ask(kept)
    seen = statements()
    for query in ("?source=elsewhere", "?x=1", "?language=es", "?" + "a" * 2000, "?%41=b"):
        assert ask(kept, PATH + query).data == first.data
    assert seen == []


def test_head_has_the_headers_of_get_and_no_body(kept: Cast) -> None:
    kept.campaign()
    for _ in range(2):
        head = ask(kept, method="HEAD")
        assert (head.status_code, head.data) == (200, b"")
    get = ask(kept)
    assert {name: head.headers[name] for name in ("ETag", "Cache-Control", "Content-Length", "Content-Type")} == {
        name: get.headers[name] for name in ("ETag", "Cache-Control", "Content-Length", "Content-Type")
    }
    assert int(head.headers["Content-Length"]) == len(get.data)


def test_who_has_the_page_already_is_told_so(kept: Cast) -> None:
    kept.campaign()
    etag = ask(kept).headers["ETag"]
    again = ask(kept, If_None_Match=etag)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    assert "Content-Length" not in again.headers or again.headers["Content-Length"] == "0"
    assert ask(kept, If_None_Match='W/"other"').status_code == 200
    assert ask(kept, If_None_Match=f'"x", {etag}').status_code == 304


def test_a_page_is_sent_compressed_to_who_can_read_that(kept: Cast) -> None:
    kept.campaign()
    plain = ask(kept)
    assert "Content-Encoding" not in plain.headers
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}
    for accepted, coding in (("gzip, br", "br"), ("gzip;q=0.5, br;q=0", "gzip"), ("GZIP", "gzip")):
        packed = ask(kept, Accept_Encoding=accepted)
        assert packed.headers["Content-Encoding"] == coding
        assert unpack[coding](packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    for refused in ("identity", "vibrant", "gzip;q=0, br; q=0.0"):
        assert "Content-Encoding" not in ask(kept, Accept_Encoding=refused).headers
    assert plain.headers["ETag"].startswith("W/")


def test_a_kept_page_carries_the_same_headers_as_a_fresh_one(kept: Cast) -> None:
    kept.campaign()
    first, second = ask(kept), ask(kept)
    assert dict(first.headers) == dict(second.headers)
    assert "Content-Security-Policy" in second.headers


@pytest.mark.parametrize("path", ["/en/campaigns/none", "/nothing", "/", "/healthz", "/en/link/sent"])
def test_what_does_not_call_itself_public_is_not_kept(kept: Cast, path: str) -> None:
    """D23."""
    kept.campaign()
    for _ in range(2):
        assert ask(kept, path).headers["Cache-Control"] == "no-store"
    assert "ETag" not in ask(kept, path).headers


def test_a_post_is_never_answered_from_memory(kept: Cast) -> None:
    kept.campaign()
    ask(kept)
    assert ask(kept, method="POST", Content_Type="application/json").status_code == 415


def test_a_draft_that_was_asked_for_is_there_as_soon_as_it_is_published(
    kept: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S08, D23: what is not there is remembered no longer than a page."""
    kept.campaign(publish=False)
    assert ask(kept).status_code == 404
    drafts.publish(kept.row(), "a test", db.now())
    db.session.commit()
    later = cache.time.monotonic() + 0.6
    monkeypatch.setattr(cache.time, "monotonic", lambda: later)
    assert ask(kept).status_code == 200


def test_files_named_by_their_content_are_kept_for_ever_and_others_are_not(kept: Cast) -> None:
    """look.md: one request for style."""
    sheet = f"/style/{style.build()}/b3201b.css"
    for path in (sheet, style.asset("sign.js"), style.asset("mark.svg")):
        assert "immutable" in ask(kept, path).headers["Cache-Control"]
    for path in (sheet.replace(style.build(), "0" * 10), style.asset("sign.js").replace(style.build(), "0" * 10)):
        answer = ask(kept, path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    for path in ("/static/x/none.js", "/static/x/../app.py", "/style/x/zzzzzz.css", "/style/x/ffffff.css"):
        assert ask(kept, path).status_code == 404


# Host and query come before anything else.


@pytest.mark.parametrize("page_cache", [0.0, 0.5])
def test_another_host_is_refused_before_anything_is_asked(make_app: Callable[..., Flask], page_cache: float) -> None:
    """B12, row 60."""
    app = make_app(base_url="https://petition.example", page_cache=page_cache)
    with app.app_context():
        Cast(app).campaign()
        client = Browser(app, use_cookies=False)
        assert client.get(PATH, base_url="https://petition.example").status_code == 200
        assert client.get(PATH, base_url="https://PETITION.example").status_code == 200
        seen = statements()
        for host in ("evil.example", "localhost", "petition.example.evil.example", "petition.example:1", "",
                     "evil.example/petition.example", "petition.example,evil.example", "127.0.0.1"):  # fmt: skip
            answer = client.get(PATH, headers={"Host": host}, base_url="https://petition.example")
            assert (host, answer.status_code) == (host, 400)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert seen == []


def test_what_other_headers_say_of_the_host_is_not_believed(make_app: Callable[..., Flask]) -> None:
    """B12: links and addresses are built from BASE_URL."""
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        said = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil.example",
                "X-Forwarded-Proto": "https", "X-Original-URL": "/desk", "X-Rewrite-URL": "/desk"}  # fmt: skip
        answer = cast.browser().get(PATH, headers=said)
        assert answer.status_code == 200
        assert "evil" not in answer.text
        assert "evil" not in cast.browser().get(PATH).text


@pytest.mark.parametrize("page_cache", [0.0, 0.5])
@pytest.mark.parametrize("query", ["?x=%FF", "?x=%00", "?%C3%28", "?x=%ED%A0%80", "?x=\xff", "?source=a%00b"])
def test_a_query_that_is_not_text_is_refused(make_app: Callable[..., Flask], page_cache: float, query: str) -> None:
    """S04, D14."""
    app = make_app(page_cache=page_cache)
    with app.app_context():
        Cast(app).campaign()
        raw = query[1:].encode("latin-1").decode("latin-1")
        for path in (PATH, "/en/", "/t/x", "/nothing"):
            answer = Browser(app, use_cookies=False).open(path, environ_overrides={"QUERY_STRING": raw}, method="GET")
            assert answer.status_code == 400


# What the public may see.


@pytest.mark.parametrize("path", ["{}", "{}/privacy", "{}/link", "{}/inbox/x", "{}/thanks/x"])
def test_a_draft_looks_like_nothing_at_all(cast: Cast, path: str) -> None:
    """S08, row 58."""
    cast.campaign("draft", publish=False)
    draft = cast.browser().get("/en" + path.format("/campaigns/draft"))
    nothing = cast.browser().get("/en" + path.format("/campaigns/unknown"))
    assert draft.status_code == nothing.status_code == 404
    # The switch of languages repeats the address asked for.
    assert draft.text.replace("campaigns/draft", "campaigns/unknown") == nothing.text
    assert "canteen workers" not in cast.browser().get("/en/").text
    assert "canteen workers" not in cast.browser().get("/en/link").text


def test_a_withdrawn_campaign_is_gone_and_its_title_with_it(cast: Cast) -> None:
    """S08."""
    cast.campaign()
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    for path in (PATH, PATH + "/privacy", PATH + "/link", PATH + "/inbox/x", PATH + "/thanks/x"):
        answer = cast.browser().get(path)
        assert answer.status_code == 410
        assert "Take the canteen workers back" not in answer.text
        assert "Port Authority" not in answer.text
    assert cast.browser().post(PATH, data={"name": "x"}).status_code == 410
    assert "canteen" not in cast.browser().get("/en/").text


def test_an_error_speaks_the_language_of_its_address(cast: Cast) -> None:
    """Issue 7: error pages in both languages, with a way on in the same one."""
    cast.campaign()
    for path in ("/es/campaigns/none", "/es/nothing", "/es/articles/none"):
        answer = cast.browser().get(path)
        assert answer.status_code == 404
        assert '<html lang="es"' in answer.text
        assert 'href="/es/link"' in answer.text


@pytest.mark.parametrize(
    ("said", "language"),
    [("es", "es"), ("es-AR,es;q=0.9", "es"), ("en-GB", "en"), ("xx", "en"), ("", "en"), ("../../etc", "en"),
     ("de, es;q=0.5", "es"), ("a" * 10_000, "en"), (";;q=,=", "en")],
)  # fmt: skip
def test_visitors_are_sent_to_their_language_or_the_first_one(cast: Cast, said: str, language: str) -> None:
    """Row 62."""
    answer = cast.browser().get("/", headers={"Accept-Language": said})
    assert (answer.status_code, answer.location) == (302, f"/{language}/")
    assert answer.headers["Vary"] == "Accept-Language"


# S48: what must be said before a campaign is published, and where it stands.

LACKING: dict[str, Terms] = {
    "who is responsible": replace(TERMS, responsible=""),
    "how to write to them": replace(TERMS, responsible_address=""),
    "to whom it is handed": replace(TERMS, handed_to={}),
    "which fields": replace(TERMS, fields=[]),
    "for how long": replace(TERMS, months=0),
    "on what ground": replace(TERMS, ground=""),
    "a ground that is one": replace(TERMS, ground="because"),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_a_campaign_is_not_published_before_all_is_said(cast: Cast, lacking: str) -> None:
    """S48."""
    cast.campaign(publish=False, terms=LACKING[lacking])
    with pytest.raises(NotReady):
        drafts.publish(cast.row(), "a test", db.now())
    db.session.rollback()
    assert cast.browser().get(PATH).status_code == 404


def test_a_campaign_without_a_text_in_its_first_language_is_not_published(cast: Cast) -> None:
    """S48: else nobody could read what they sign."""
    text = {"es": Text("Título", "A quien", "Breve", "Largo.")}
    cast.campaign(publish=False, texts=text)
    with pytest.raises(NotReady):
        drafts.publish(cast.row(), "a test", db.now())


def test_the_form_names_who_is_responsible_and_to_whom_the_list_goes(cast: Cast) -> None:
    """S48: the first two, the first with an address to write to."""
    cast.campaign()
    form = cast.browser().get(PATH).text.partition("<form")[2].partition("</form>")[0]
    for said in ("Dockside Aid", "list@dockside.example", "the Port Authority", f'href="{PATH}/privacy"'):
        assert said in form


def test_every_letter_names_who_is_responsible_and_to_whom_the_list_goes(cast: Cast) -> None:
    """S48: in text and HTML; confirm, already signed, corrected, withdrawn."""
    cast.campaign()
    with time_machine.travel(db.now(), tick=True) as clock:
        confirm = cast.signed()
        own = re.search(r"/t/[^\s?]+", confirm.text)
        assert own
        clock.shift(3600)
        cast.sign()
        cast.deliver()
        cast.browser().post(own.group() + "/correct", data={"name": "Ana", "country": "IE"})
        cast.deliver()
        cast.browser().post(own.group() + "/withdraw")
        cast.deliver()
    assert len({letter.subject for letter in cast.sink.letters}) == 4
    for letter in cast.sink.letters:
        for part in (letter.text, letter.html or ""):
            for said in ("Dockside Aid", "list@dockside.example", "the Port Authority"):
                assert said in part


def test_the_privacy_page_of_a_campaign_says_all_of_it(cast: Cast) -> None:
    """S48."""
    cast.campaign()
    page = cast.browser().get(PATH + "/privacy").text
    facts = page.partition("<dl")[2].partition("</dl>")[0]
    for said in ("Dockside Aid", "list@dockside.example", "the Port Authority", "name and country", "6 months",
                 "your consent"):  # fmt: skip
        assert said in facts


def test_a_signature_keeps_the_consent_that_its_signer_saw(cast: Cast) -> None:
    """Issue 7: the version is kept with each signature, changed terms are a new one."""
    cast.campaign()
    page = cast.browser().get(PATH).text
    token = re.search(r'name="token" value="([^"]*)"', page)
    assert token
    cast.campaign(publish=False, terms=replace(TERMS, months=12))
    data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token.group(1)}
    assert cast.browser().post(PATH, data=data).status_code == 303
    letter = cast.deliver()[0]
    cast.press(letter)
    own = re.search(r"/t/[^\s?]+", letter.text)
    assert own
    record = cast.browser().get(own.group() + "/data.json").json
    assert record is not None
    assert record["signature"]["consent_version"] == 1
    assert cast.reading().consent is not None
    assert "12 months" in cast.browser().get(PATH + "/privacy").text


def test_pages_load_nothing_from_elsewhere(cast: Cast) -> None:
    """D8: count of foreign addresses that a page loads is nought."""
    cast.campaign(texts={"en": Text("T", "A", "S", "![x](https://evil.example/a.png) ![y](//evil.example/b.png) text")})
    for path in ("/en/", PATH, PATH + "/privacy", PATH + "/link", "/en/privacy", "/en/how-we-count"):
        page = cast.browser().get(path).text
        loaded = re.findall(
            r'<(?!link rel="(?:canonical|alternate))(?:link|script|img|iframe|source)[^>]*(?:href|src)="([^"]*)"', page
        )
        assert loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
        assert "style=" not in page
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=", page)
