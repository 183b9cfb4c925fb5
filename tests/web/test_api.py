"""The open figures (S62): what any program and any page may read, and that nothing else is in it."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert

from petition import breakdowns, partners, register, running
from petition.base import db
from petition.drafts import Text
from petition.register import Cell, Move
from petition.web.api.routes import PAGE
from petition.web.headers import FIGURES
from tests.cast import Browser, Cast
from tests.web.figures import ROOT, contract, faults

CAMPAIGN = f"{ROOT}/campaigns/canteen"
FIGURES_OF_ONE = ("", "/totals", "/series", "/breakdowns", "/partners")
WITH_CSV = ("/totals", "/series", "/breakdowns", "/partners")


def enter(campaign_id: int, *countries: str, days_ago: int = 0, amount: int = 1, number: bool = True) -> None:
    """Signatures from these countries; their moves have numbers, or not yet."""
    at = db.now()
    day = at.date() - timedelta(days=days_ago)
    rows = [
        register.move_row(campaign_id, "entered", amount, Cell(day, country, "en", "online", "", ""), signature_id=None,
                          at=at)
        for country in countries
    ]  # fmt: skip
    db.session.execute(insert(Move), rows)
    if number:
        register.number(campaign_id)
    db.session.commit()


def publish(cast: Cast) -> None:
    """What the worker does once a day."""
    assert breakdowns.publish(cast.reading().id, db.now())
    db.session.commit()


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def asked(client: Browser, path: str) -> Any:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.json


# --- The contract


def test_the_contract_names_every_address_and_no_other(app: Flask, cast: Cast) -> None:
    """S62: the document is the truth."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    there = {str(rule).replace("<slug:slug>", "{slug}").removeprefix(ROOT) for rule in rules}
    there = {path.partition("<int")[0] + "{row}" + path.partition(">")[2] if "<int" in path else path for path in there}
    assert contract(cast.browser())["paths"].keys() == there
    assert {rule.endpoint for rule in rules} == FIGURES.keys(), "each has its Cache-Control in the table"


def _of_each_kind(cast: Cast) -> dict[str, str]:
    """A site with something on every list: path as the contract writes it → one that is there."""
    campaign_id = cast.campaign(outcome={"en": "They are back."}, opens_at=db.now() - timedelta(days=9)).id
    cast.campaign("plain", goals=())
    cast.partner(shown=True, homepage="https://dockers.example")
    enter(campaign_id, *["IE"] * 23, *["ES"] * 9, days_ago=1)
    publish(cast)
    first = [cast.article(f"news-{place}", campaign_id=campaign_id, is_update=place == 1).id for place in range(2)]
    ahead = [cast.event(f"meeting-{place}", campaign_id=campaign_id, cancelled=place == 1).id for place in range(2)]
    over = db.now() - timedelta(days=5)
    past = [cast.event(f"over-{place}", starts_at=over, ends_at=None, online="https://meet.example/1").id
            for place in range(2)]  # fmt: skip
    behind = {
        "/campaigns/before/{row}": cast.reading("plain").id, "/articles/before/{row}": first[1],
        "/events/after/{row}": ahead[0], "/events/past/before/{row}": past[1],
    }  # fmt: skip
    paths = [path for path in contract(cast.browser())["paths"] if not path.endswith(".csv")]
    return {path: path.format(slug="canteen", row=behind.get(path)) for path in paths}


def test_every_answer_is_what_the_contract_says(cast: Cast) -> None:
    """S62: JSON and CSV of every route, on both databases."""
    places, client = _of_each_kind(cast), cast.browser()
    document = contract(client)
    wrong = {}
    for path, place in places.items():
        answer = client.get(ROOT + place)
        if answer.status_code != 200 or (found := faults(document, path, answer.json)):
            wrong[path] = (answer.status_code, found if answer.status_code == 200 else answer.text)
        if path + ".csv" in document["paths"]:
            table = client.get(ROOT + place + ".csv")
            assert (table.status_code, table.content_type) == (200, "text/csv; charset=utf-8; header=present")
            lines = rows(table.text)
            assert len(lines) > 1, path
            assert {len(line) for line in lines} == {len(lines[0])}
    assert wrong == {}


def test_before_anything_is_counted_or_published_the_contract_is_kept_too(cast: Cast) -> None:
    """Empty states."""
    cast.campaign()
    client = cast.browser()
    document = contract(client)
    for path in FIGURES_OF_ONE:
        assert faults(document, "/campaigns/{slug}" + path, asked(client, CAMPAIGN + path)) == []
    assert asked(client, f"{CAMPAIGN}/series") == {
        "campaign": "canteen", "published_on": None, "total": None, "days": [], "other": 0,
    }  # fmt: skip
    assert asked(client, f"{CAMPAIGN}/breakdowns")["by"] == {}
    assert asked(client, f"{ROOT}/articles") == {"articles": [], "next": None}
    tables = [rows(client.get(f"{CAMPAIGN}{path}.csv").text) for path in WITH_CSV]
    assert tables == [[["channel", "signatures"], ["", "0"]], [["day", "signatures"]], [["by", "value", "signatures"]],
                      [["key", "name", "homepage", "is_on"]]]  # fmt: skip


# --- Figures


def test_the_total_and_its_channels_are_of_this_moment(cast: Cast) -> None:
    """S62: live, with what the worker has not numbered yet."""
    reading, client = cast.campaign(), cast.browser()
    enter(reading.id, "IE", "ES")
    enter(reading.id, "MX", number=False)
    wanted = {"campaign": "canteen", "total": 3, "goal": 1000, "channels": {"online": 3}}
    assert asked(client, f"{CAMPAIGN}/totals") == wanted
    assert rows(client.get(f"{CAMPAIGN}/totals.csv").text)[1:] == [["", "3"], ["online", "3"]]
    assert asked(client, CAMPAIGN)["total"] == 3
    assert asked(client, f"{ROOT}/campaigns")["campaigns"][0]["total"] == 3
    cast.signed()
    assert asked(client, f"{CAMPAIGN}/totals")["total"] == 4 == cast.total()


def test_how_a_total_divides_is_only_what_was_published(cast: Cast) -> None:
    """S62, C5: full tens, nine are others, and nothing follows who comes between two publications."""
    reading, client = cast.campaign(), cast.browser()
    enter(reading.id, *["IE"] * 23, *["ES"] * 9, days_ago=1)
    publish(cast)
    enter(reading.id, *["ES"] * 5, *["MX"] * 40)
    found = asked(client, f"{CAMPAIGN}/breakdowns")
    assert (found["total"], found["published_on"]) == (32, db.now().date().isoformat())
    assert found["by"]["country"] == {"values": [{"value": "IE", "signatures": 20}], "other": 12}
    assert found["by"]["language"] == {"values": [{"value": "en", "signatures": 20}], "other": 12}
    assert found["by"].keys() == {"country", "language", "source", "partner"}
    yesterday = (db.now().date() - timedelta(days=1)).isoformat()
    series = asked(client, f"{CAMPAIGN}/series")
    assert (series["total"], series["days"], series["other"]) == (32, [{"day": yesterday, "signatures": 32}], 0)
    assert rows(client.get(f"{CAMPAIGN}/series.csv").text)[1:] == [[yesterday, "32"], ["", "0"]]
    assert rows(client.get(f"{CAMPAIGN}/breakdowns.csv").text)[1:3] == [["country", "IE", "20"], ["country", "", "12"]]


def test_partners_are_named_only_where_they_agreed_and_divide_the_total(cast: Cast) -> None:
    """S62, S63: what came by another stands under “other”, and one that was switched off is not linked to."""
    reading, client = cast.campaign(), cast.browser()
    cast.partner(shown=True, homepage="https://dockers.example")
    cast.partner("quiet", name="Quiet")
    at = db.now()
    day = at.date() - timedelta(days=1)
    for key in ("dockers", "quiet"):
        register.move(reading.id, "entered", 20, Cell(day, "IE", "en", "online", "", key), signature_id=None, at=at)
    db.session.commit()
    cast.number()
    publish(cast)
    divided = asked(client, f"{CAMPAIGN}/breakdowns")["by"]["partner"]
    assert divided == {"values": [{"value": "dockers", "signatures": 20}], "other": 20}
    (one,) = asked(client, f"{CAMPAIGN}/partners")["partners"]
    assert one == {"key": "dockers", "name": "Dockers’ Union", "homepage": "https://dockers.example", "is_on": True}
    found = partners.read(reading.id, "dockers")
    assert found is not None
    partners.switch(partners.locked(found.id), on=False, actor="a test", reason="", at=at)
    db.session.commit()
    (one,) = asked(client, f"{CAMPAIGN}/partners")["partners"]
    assert (one["homepage"], one["is_on"]) == (None, False)
    assert "Quiet" not in client.get(f"{CAMPAIGN}/partners.csv").text


def test_a_campaign_stands_there_in_all_its_languages(cast: Cast) -> None:
    cast.campaign()
    found = asked(cast.browser(), CAMPAIGN)
    assert {code: text["title"] for code, text in found["texts"].items()} == {
        "en": "Take the canteen workers back", "es": "Readmitan a las trabajadoras",
    }  # fmt: skip
    assert found["texts"]["en"]["html"] == "<p>Take <em>them</em> back.</p>\n"
    assert found["texts"]["es"]["url"] == "http://localhost/es/campaigns/canteen"
    assert "html" not in asked(cast.browser(), f"{ROOT}/campaigns")["campaigns"][0]["texts"]["en"]


def test_addresses_in_a_text_hold_wherever_it_is_read(cast: Cast) -> None:
    texts = {"en": campaign_text("See [how](/en/how-we-count).")}
    cast.campaign(texts=texts)
    html = asked(cast.browser(), CAMPAIGN)["texts"]["en"]["html"]
    assert 'href="http://localhost/en/how-we-count"' in html


def campaign_text(source: str, title: str = "Take them back") -> Any:
    return Text(title, "the Port Authority", "Forty were dismissed.", source)


def test_a_table_holds_nothing_that_a_spreadsheet_would_run(cast: Cast) -> None:
    """S33."""
    cast.campaign(texts={"en": campaign_text("Them.", "=HYPERLINK(1)")})
    table = rows(cast.browser().get(f"{ROOT}/campaigns.csv").text)
    assert table[1][table[0].index("title")] == "'=HYPERLINK(1)"
    assert table[1][table[0].index("total")] == "0"


def test_nobody_is_named_anywhere(cast: Cast) -> None:
    """S62: no personal data, neither of those who sign and are shown nor of authors or who is responsible."""
    places = _of_each_kind(cast)
    cast.article("by-somebody", authors="Ngũgĩ wa Thiong’o")
    cast.signed("ana@example.org", name="Ana María", appear="full", place="Cork", comment="Shame")
    client = cast.browser()
    document = contract(client)
    paths = [ROOT + place + form for path, place in places.items() for form in ("", ".csv")
             if path + form in document["paths"]]  # fmt: skip
    said = "".join(client.get(path).get_data(as_text=True) for path in paths)
    assert "by-somebody" in said
    for word in ("Ana María", "ana@", "Cork", "Shame", "Thiong", "Dockside Aid", "dockside.example"):
        assert word not in said


# --- What is not there


@pytest.mark.parametrize("form", ["", ".csv"])
def test_a_campaign_that_is_not_public_is_not_there_in_the_same_format(cast: Cast, form: str) -> None:
    """S62: 404 for unknown ones and drafts alike, 410 once withdrawn; where it moved, the way there."""
    cast.campaign("draft", publish=False)
    cast.campaign("withdrawn")
    running.withdraw(cast.row("withdrawn"), "a test")
    cast.campaign("old-name")
    running.rename(cast.row("old-name"), "new-name", "a test")
    db.session.commit()
    client = cast.browser()
    document = contract(client)
    for slug, status in (("none", 404), ("draft", 404), ("withdrawn", 410)):
        for path in WITH_CSV if form else FIGURES_OF_ONE:
            answer = client.get(f"{ROOT}/campaigns/{slug}{path}{form}")
            assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
            assert faults(document, "/campaigns/{slug}", answer.json, str(status)) == []
            assert answer.json["status"] == status
            assert answer.headers["Cache-Control"] == "no-store"
    moved = client.get(f"{ROOT}/campaigns/old-name/totals{form}")
    assert (moved.status_code, moved.location) == (301, f"{ROOT}/campaigns/new-name/totals{form}")
    listed = asked(client, f"{ROOT}/campaigns")["campaigns"]
    assert [one["slug"] for one in listed] == ["new-name"]


def test_what_is_about_a_campaign_that_is_not_public_does_not_name_it(cast: Cast) -> None:
    draft = cast.campaign("secret-plan", publish=False)
    cast.article(campaign_id=draft.id)
    cast.event(campaign_id=draft.id)
    client = cast.browser()
    assert asked(client, f"{ROOT}/articles")["articles"][0]["campaign"] is None
    assert asked(client, f"{ROOT}/events")["events"][0]["campaign"] is None


def test_every_error_is_a_document_that_any_page_may_read(cast: Cast) -> None:
    """No address, the wrong method, a page behind the end, a query that is no UTF-8."""
    cast.campaign()
    client = cast.browser()
    answers = [
        client.get(f"{ROOT}/nothing"), client.get(f"{CAMPAIGN}/totals.xml"), client.post(f"{CAMPAIGN}/totals"),
        client.get(f"{ROOT}/campaigns/before/999999"), client.get(f"{ROOT}/events/after/7.csv"),
        client.get(f"{ROOT}/campaigns?x=%ff"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404, 404, 405, 404, 404, 400]
    for answer in answers:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == answer.status_code
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert set(answers[2].headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


# --- Pages of lists


def walk(client: Browser, path: str, name: str) -> Iterator[str]:
    """The slugs of a list, page by page, the way a program follows it."""
    following: str | None = path
    while following:
        answer = client.get(following)
        assert answer.status_code == 200
        yield from (one["slug"] for one in answer.json[name])
        following = answer.json["next"]
        assert (f'<{following}>; rel="next"' == answer.headers.get("Link", "")) is (following is not None)


def test_a_list_read_page_by_page_has_everything_once_and_in_order(cast: Cast) -> None:
    """Keyset: what comes in while somebody reads moves nothing. Some were published in the same moment."""
    at, there = db.now().replace(microsecond=0), range(PAGE + 3)
    for place in there:
        cast.article(f"news-{place}", published_at=at - timedelta(days=1 + place // 2))
        cast.event(f"ahead-{place}", starts_at=at + timedelta(days=1 + place // 2), ends_at=None)
        cast.event(f"over-{place}", starts_at=at - timedelta(days=1 + place // 2), ends_at=None)
    client = cast.browser()
    news = walk(client, f"{ROOT}/articles", "articles")
    first = next(news)
    cast.article("meanwhile", published_at=at - timedelta(seconds=1))
    found = [first, *news]
    assert len(found) == len(there) == len(set(found))
    days = [int(slug.partition("-")[2]) // 2 for slug in found]
    assert days == sorted(days)
    ahead = [*walk(client, f"{ROOT}/events", "events")]
    assert [int(slug.partition("-")[2]) // 2 for slug in ahead] == days
    past = [*walk(client, f"{ROOT}/events/past", "events")]
    assert [int(slug.partition("-")[2]) // 2 for slug in past] == days
    table = client.get(f"{ROOT}/articles.csv")
    assert table.headers["Link"].endswith('.csv>; rel="next"')
    further = client.get(table.headers["Link"].partition(">")[0][1:])
    assert len(rows(table.text)) + len(rows(further.text)) - 2 == len(there) + 1


def test_campaigns_are_read_page_by_page_too(cast: Cast) -> None:
    slugs = [f"campaign-{place}" for place in range(PAGE + 2)]
    for slug in slugs:
        cast.campaign(slug)
    found = [*walk(cast.browser(), f"{ROOT}/campaigns", "campaigns")]
    assert found == slugs[::-1]


# --- Kept, asked again, limited


def test_any_page_may_read_it_and_nobody_brings_a_cookie(cast: Cast) -> None:
    """S62: cross-origin, preflight too, without credentials."""
    cast.campaign()
    client = cast.browser()
    origin = {"Origin": "https://newspaper.example"}
    for answer in (
        client.get(f"{CAMPAIGN}/totals", headers=origin),
        client.get(f"{ROOT}/campaigns/none", headers=origin),
        client.options(f"{CAMPAIGN}/totals", headers=origin | {"Access-Control-Request-Headers": "if-none-match"}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "*"
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Origin" not in client.get("/en/", headers=origin).headers


def test_who_has_an_answer_already_hears_that_it_is_the_same(make_app: Callable[..., Flask]) -> None:
    """S62: ETag, 304; another total has another one."""
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        for path in ("/totals", "/totals.csv", "/series", ""):
            tag = client.get(CAMPAIGN + path).headers["ETag"]
            again = client.get(CAMPAIGN + path, headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["Access-Control-Allow-Origin"] == "*"
            assert again.headers["Cache-Control"] == client.get(CAMPAIGN + path).headers["Cache-Control"]


def test_for_one_network_so_many_answers_are_made_and_then_it_is_told_to_wait(make_app: Callable[..., Flask]) -> None:
    """Honest headers: what is left is said with what nobody keeps; Retry-After is when the count begins anew."""
    app = make_app(api_limit=3)
    half_past = datetime.now(UTC).replace(second=30, microsecond=0)
    with app.app_context(), time_machine.travel(half_past, tick=False):
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        of_one = {"REMOTE_ADDR": "203.0.113.7"}
        answer = client.get(f"{CAMPAIGN}/totals", environ_base=of_one)
        assert answer.headers["RateLimit-Policy"] == '"made";q=3;w=60'
        assert "RateLimit" not in answer.headers, "a cache in front would say it to somebody else"
        error = client.get(f"{ROOT}/campaigns/none", environ_base={"REMOTE_ADDR": "203.0.113.8"})
        name, left, seconds = error.headers["RateLimit"].split(";")
        assert (name, left) == ('"made"', "r=1")
        assert seconds == "t=30"
        assert client.get(f"{CAMPAIGN}/totals", environ_base=of_one).status_code == 200
        refused = client.get(f"{CAMPAIGN}/totals", environ_base=of_one)
        assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
        assert refused.headers["Retry-After"] == "30"
        assert refused.headers["RateLimit"] == '"made";r=0;t=30'
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert client.options(f"{CAMPAIGN}/totals", environ_base=of_one).status_code == 200
        elsewhere = client.get(f"{CAMPAIGN}/totals", environ_base={"REMOTE_ADDR": "198.51.100.1"})
        assert elsewhere.status_code == 200
        assert client.get("/en/", environ_base=of_one).status_code == 200, "pages are not figures"
        with time_machine.travel(half_past + timedelta(seconds=30), tick=False):
            assert client.get(f"{CAMPAIGN}/totals", environ_base=of_one).status_code == 200, "as Retry-After said"


def test_an_answer_kept_from_a_moment_ago_does_not_count(make_app: Callable[..., Flask]) -> None:
    app = make_app(api_limit=10, page_cache=1.0)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        answers = [client.get(f"{CAMPAIGN}/totals") for _ in range(100)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit" not in answers[-1].headers


def test_moments_are_written_as_utc(cast: Cast) -> None:
    cast.event()
    found = asked(cast.browser(), f"{ROOT}/events")["events"][0]
    assert found["starts_at"].endswith("Z")
    assert datetime.fromisoformat(found["starts_at"]).tzinfo is not None
    table = rows(cast.browser().get(f"{ROOT}/events.csv").text)
    assert table[1][table[0].index("starts_at")] == found["starts_at"]
    assert table[1][table[0].index("is_cancelled")] == "false"
