"""The pages of those who signed and chose to be shown (S52), and what a campaign's own page says of them."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from petition import articles, breakdowns, events, register, running, signatories
from petition.base import countries, db
from petition.campaigns import CampaignSlug
from petition.details import HIDDEN
from petition.signatures import Signature
from petition.web import divisions
from petition.web.headers import PERSONAL, PUBLIC
from petition.web.public import signatories as pages
from tests.cast import Browser, Cast
from tests.signers import enter, signer

PATH = "/en/campaigns/canteen"
LIST = PATH + "/signatories"


def lines(page: str) -> list[str]:
    """What a reader reads in lists of people and in headings, in order."""
    found = re.findall(r"<h[23][^>]*>(.*?)</h[23]>|<li><bdi>(.*?)</bdi>(?:<span><bdi>(.*?)</bdi></span>)?</li>", page)
    return [html.unescape(" | ".join(filter(None, one))) for one in found]


def words(page: str) -> str:
    """A page without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def read(cast: Cast, path: str = LIST) -> str:
    answer = cast.browser().get(path)
    assert answer.status_code == 200
    return answer.text


def test_people_appear_as_they_chose_and_whoever_chose_nothing_does_not(cast: Cast) -> None:
    """S52, from the form to the list: full, short, hidden by default; the asterisk on both pages."""
    cast.campaign()
    cast.signed("ana@example.org", name="Ana María Ruiz", appear="full", with_role="y", organisation="Harbour Choir")
    cast.signed("ben@example.org", name="Ben Okafor", appear="short")
    cast.signed("eve@example.org", name="Xenia Quiet", organisation="Secret Society", with_role="y")
    cast.signed("kim@example.org", name="Kim", country="KE", appear="full", with_role="y", on_behalf="y",
                role="chair", organisation="Dockers’ Union")  # fmt: skip
    page = read(cast)
    assert lines(page) == ["Ireland", "Ana María Ruiz | Harbour Choir*", "Ben O.", "Kenya", "For organisations",
                           "Kim | chair, Dockers’ Union"]  # fmt: skip
    assert "3 of 4 who have signed are named here" in words(page)
    for shown in (page, read(cast, PATH)):
        assert "* in a personal capacity" in shown
        assert "Xenia" not in shown
        assert "Secret" not in shown
    assert "Harbour Choir*" in read(cast, PATH)


def test_whoever_hides_again_or_withdraws_is_gone_at_once(cast: Cast) -> None:
    """S51."""
    reading = cast.campaign()
    one, _other = enter(signer(reading, "Ana"), signer(reading, "Ben"))
    assert "Ana" in read(cast)
    row = db.session.get_one(Signature, one)
    row.appear, row.shown_name, row.shown_key = HIDDEN, "", ""
    db.session.commit()
    assert lines(read(cast)) == ["Ireland", "Ben"]


def test_first_signatories_stand_on_top_and_not_again_below(cast: Cast) -> None:
    reading = cast.campaign()
    rows = [signer(reading, name) for name in ("Ana", "Ben", "Kim")]
    enter(*rows)
    signatories.put_first(reading.id, [rows[2]["mailbox"], rows[0]["mailbox"]], actor="a test")
    db.session.commit()
    assert lines(read(cast)) == ["First signatories", "Kim", "Ana", "Ireland", "Ben"]
    assert lines(read(cast, PATH))[-6:] == ["Who has signed", "First signatories", "Kim", "Ana", "The newest", "Ben"]


def test_nobody_shown_is_said_kindly(cast: Cast) -> None:
    reading = cast.campaign()
    assert "Nobody has signed yet." in read(cast)
    assert "/signatories" not in read(cast, PATH)
    enter(signer(reading, "Ana", appear=HIDDEN))
    assert "Nobody has asked to be named here yet." in read(cast)
    assert "Who has signed" not in read(cast, PATH)
    assert 'role="search"' not in read(cast)


def test_the_names_of_a_forgotten_campaign_are_gone_and_the_page_says_so(cast: Cast) -> None:
    cast.campaign()
    row = cast.row()
    row.forgotten_at = db.now()
    db.session.commit()
    assert "The names are no longer kept" in read(cast)
    assert "/news" not in read(cast, PATH), "nor is there news to be had"


@pytest.fixture
def many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Too many for one page: seven of Ireland, one of Kenya, two who gave no country."""
    monkeypatch.setattr(pages, "TOGETHER", 5)
    monkeypatch.setattr(pages, "PAGE", 3)
    monkeypatch.setattr(pages, "MANY", 5)
    reading = cast.campaign()
    rows = [signer(reading, f"Ana {letter}") for letter in "GFEDCB"]
    enter(*rows, signer(reading, "Union man", role="Union", on_behalf=True), signer(reading, "Kofi", "KE"),
          signer(reading, "Nora", ""), signer(reading, "Olaf", ""))  # fmt: skip
    return cast


def test_many_are_found_by_country_and_page_by_page(many: Cast) -> None:
    front = read(many)
    assert re.findall(r'<a href="([^"]+)">([^<]+)</a> <span class="figure">(\d+)</span>', front) == [
        (LIST + "/IE", "Ireland", "7"), (LIST + "/KE", "Kenya", "1"), (LIST + "/none", "No country given", "2"),
    ]  # fmt: skip
    seen, path, steps = [], LIST + "/IE", 0
    while path:
        page = read(many, path)
        seen += [line for line in lines(page) if line.startswith(("Ana", "Union"))]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path, steps = following[1] if following else "", steps + 1
        assert re.fullmatch(LIST + r"/IE/after/\d+", path) or not path, "no name in an address"
    assert seen == ["Union man | Union", *(f"Ana {letter}" for letter in "BCDEFG")]
    assert steps == 3
    assert lines(read(many, LIST + "/none")) == ["Nora", "Olaf"]


def test_a_page_behind_somebody_who_left_leads_to_the_beginning(many: Cast) -> None:
    page = read(many, LIST + "/IE")
    following = re.search(r'rel="next" href="([^"]+/(\d+))"', page)
    assert following
    row = db.session.get_one(Signature, int(following[2]))
    row.state = "held"
    db.session.commit()
    for path in (following[1], LIST + "/IE/after/1", LIST + f"/KE/after/{following[2]}"):
        answer = many.browser().get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, PERSONAL)
        assert answer.location in (LIST + "/IE", LIST + "/KE")


@pytest.mark.parametrize("path", ["/ES", "/XX", "/ie", "/IE/after/x", f"/IE/after/{2**63}", "/IE/after/-1", "/none/x"])
def test_what_is_no_page_is_not_found_and_not_kept(many: Cast, path: str) -> None:
    answer = many.browser().get(LIST + path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, PERSONAL)


def test_one_country_alone_is_shown_without_a_way_round(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign that asks for no country and has many."""
    monkeypatch.setattr(pages, "TOGETHER", 2)
    monkeypatch.setattr(pages, "PAGE", 2)
    reading = cast.campaign()
    enter(*(signer(reading, name, "") for name in ("Ana", "Ben", "Kim")))
    page = read(cast)
    assert lines(page) == ["Ana", "Ben"]
    assert 'rel="next"' in page


def test_a_search_is_kept_by_nothing_and_finds_only_those_shown(cast: Cast) -> None:
    """C4."""
    reading = cast.campaign()
    enter(signer(reading, "Ana Łucja"), signer(reading, "Ben_%", "KE"), signer(reading, "Ana Hidden", appear=HIDDEN))
    client = cast.browser()
    answer = client.get(LIST + "/search", query_string={"q": "lucja"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, PERSONAL)
    assert lines(answer.text)[-2:] == ["Ireland", "Ana Łucja"]
    assert 'value="lucja"' in answer.text
    for said in ("hidden", "%%", "a_a", "\\", "<b>", "x" * 5000, "\u202e"):
        answer = client.get(LIST + "/search", query_string={"q": said})
        assert (answer.status_code, lines(answer.text)) == (200, ["Found among those who chose to be named"]), said
        assert "Nobody. Who did not choose" in answer.text
        assert "<b>" not in answer.text
    assert client.get(LIST + "/search").location == LIST
    assert client.get(LIST + "/search?q=+").location == LIST
    assert client.get(LIST + "/search?q=%00").status_code == 400


def test_a_search_finds_no_more_than_fit_and_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FOUND", 2)
    reading = cast.campaign()
    enter(*(signer(reading, f"Ana {letter}") for letter in "ABC"))
    page = read(cast, LIST + "/search?q=ana")
    assert len(lines(page)) == 4
    assert "Type more of the name" in page


def test_a_network_cannot_search_without_end_and_still_signs(make_app: Callable[..., Flask]) -> None:
    """Searching goes through all who are shown; its count is none of the forms'."""
    app = make_app(hard_limit=2)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        assert [client.get(LIST + "/search?q=a").status_code for _ in range(3)] == [200, 200, 429]
        assert cast.sign().status_code == 303


def test_the_query_changes_no_kept_page(make_app: Callable[..., Flask]) -> None:
    app = make_app(page_cache=0.9)
    with app.app_context():
        enter(signer(Cast(app).campaign(), "Ana"))
        db.session.remove()
        client = Browser(app, use_cookies=False)
        plain = client.get(LIST)
        assert plain.headers["Cache-Control"] == PUBLIC
        assert client.get(LIST + "?q=nobody&page=2").data == plain.data
        assert client.get(LIST + "/search?q=ana").data != client.get(LIST + "/search?q=nobody").data


def test_drafts_withdrawn_campaigns_and_old_names_answer_as_everywhere(cast: Cast) -> None:
    """S08."""
    enter(signer(cast.campaign(), "Ana"))
    cast.campaign("draft", publish=False)
    db.session.add(CampaignSlug(slug="mensa", campaign_id=cast.reading().id))
    db.session.commit()
    client = cast.browser()
    moved = client.get("/es/campaigns/mensa/signatories/IE")
    assert (moved.status_code, moved.location) == (301, "/es/campaigns/canteen/signatories/IE")
    assert client.get("/en/campaigns/mensa/signatories").location == LIST
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    for path in ("", "/IE", "/IE/after/1", "/search?q=ana"):
        gone = client.get(LIST + path)
        assert gone.status_code == 410
        assert "Take the canteen" not in gone.text
        assert "Ana" not in gone.text
        assert client.get(f"/en/campaigns/draft/signatories{path}").status_code == 404


# The campaign's own page


def test_goals_are_said_as_they_stand(cast: Cast) -> None:
    """None signed, on the way, passed, none set."""
    reading = cast.campaign(goals=(2,))
    cast.campaign("aimless", goals=())
    assert "Nobody has signed yet. You can be the first." in words(read(cast, PATH))
    enter(signer(reading, "Ana"))
    assert "1 person has signed" in words(read(cast, PATH))
    assert "The next goal is 2." in read(cast, PATH)
    enter(signer(reading, "Ben"), signer(reading, "Kim"))
    page = read(cast, PATH)
    assert "The goal of 2 is reached." in page
    assert 'class="meter"' in page
    aimless = read(cast, "/en/campaigns/aimless")
    assert "goal" not in words(aimless)
    assert 'class="meter"' not in aimless


def test_the_page_of_a_campaign_leads_to_its_news_and_meetings(cast: Cast) -> None:
    reading = cast.campaign()
    assert "Come and meet us" not in read(cast, PATH)
    cast.event("elsewhere")
    cast.event("ours", campaign_id=reading.id, texts={"en": events.Text("Ours", "Come.", "Here", "Text.")})
    cast.event("off", campaign_id=reading.id, cancelled=True)
    page = read(cast, PATH)
    assert f'href="{PATH}/news"' in page
    assert re.findall(r'href="/en/events/([a-z]+)"', page) == ["ours"]


def test_a_campaign_tells_how_it_goes_on_before_who_signed_and_apart_from_other_articles(cast: Cast) -> None:
    """look.md: the rest, updates, signatories, articles."""
    reading = cast.campaign()
    enter(signer(reading, "Ana"))
    for slug, is_update in (("news", False), ("update", True)):
        said = {"en": articles.Text(f"An {slug}", "What happened.", "Text.")}
        articles.save(articles.Draft(slug, "en", said, campaign_id=reading.id, published_at=db.now(),
                                     is_update=is_update), "a test")  # fmt: skip
    db.session.commit()
    page = read(cast, PATH)
    order = [page.index(f">{heading}<") for heading in ("How it goes on", "An update", "Who has signed",
             "Articles on this campaign", "An news")]  # fmt: skip
    assert order == sorted(order)
    assert page.count("An update") == 1


def test_thanks_offer_the_campaigns_meetings_or_any(cast: Cast) -> None:
    reading = cast.campaign()
    cast.event("elsewhere")
    cast.sign()
    thanks = cast.press(cast.deliver()[0]).location
    assert 'href="/en/events/elsewhere"' in read(cast, thanks)
    cast.event("ours", campaign_id=reading.id)
    page = read(cast, thanks)
    assert re.findall(r'href="/en/events/([a-z]+)"', page) == ["ours"]
    assert f'href="{PATH}/news"' in page


@pytest.mark.parametrize("slug", ["closed", "late"])
def test_what_came_of_a_campaign_is_said_once_it_is_over(cast: Cast, slug: str) -> None:
    cast.campaign(slug, outcome={"en": "They were taken back.\nAll of them."})
    assert "taken back" not in read(cast, f"/en/campaigns/{slug}"), "not while it can be signed"
    running.close(cast.row(slug), "a test", db.now() - timedelta(hours=1 if slug == "closed" else 99))
    db.session.commit()
    page = read(cast, f"/en/campaigns/{slug}")
    assert page.count("They were taken back.\nAll of them.") == 1
    assert page.index("taken back") < page.index("Forty were dismissed.", page.index("<main"))


def published(cast: Cast, days: int, a_day: int, country: str = "IE") -> None:
    """A campaign whose divisions are published: so many signatures on each of so many days up to yesterday."""
    reading, at = cast.reading(), db.now()
    row = cast.row()
    row.published_at = at - timedelta(days=400)
    first = at.date() - timedelta(days=days)
    for place in range(days):
        day = first + timedelta(days=place)
        for _ in range(a_day):
            cell = register.Cell(day, country, "en", "online", "", "")
            register.move(reading.id, "entered", 1, cell, signature_id=None, at=at)
    while register.number(reading.id):
        pass
    noon = datetime.combine(at.date(), datetime.min.time(), UTC) + timedelta(hours=12)
    assert breakdowns.publish(reading.id, noon)
    db.session.commit()


def test_the_picture_of_the_days_has_its_figures_as_a_table(cast: Cast) -> None:
    """S62 as everybody sees it, with nothing that only colour says."""
    cast.campaign()
    assert "Where and when" not in read(cast, PATH)
    published(cast, 4, 12)
    page = read(cast, PATH)
    picture = re.search(r'<svg class="chart" viewBox="0 0 (\d+) 100".*?aria-label="([^"]+)"><path d="([^"]+)"', page)
    assert picture
    assert (picture[1], picture[2], picture[3].count("M")) == ("40", "Signatures over time", 4)
    tables = [
        re.findall(r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", one) for one in re.findall(r"<table.*?</table>", page, re.DOTALL)
    ]
    assert tables[0] == ["Country", "Signatures", "Ireland", "30", "Other and not given", "18"]
    assert tables[1][:2] == ["Day", "Signatures"]
    assert tables[1][3::2] == ["12"] * 4
    assert "of 48 signatures" in words(page)


@pytest.mark.parametrize(
    ("days", "heading", "rows"), [(30, "Day", 30), (60, "Week from", 9), (300, "Four weeks from", 11)]
)
def test_long_campaigns_are_drawn_by_longer_spans(cast: Cast, days: int, heading: str, rows: int) -> None:
    cast.campaign()
    published(cast, days, 10)
    seen = divisions.view(cast.reading())
    assert seen is not None
    assert seen.days is not None
    assert (seen.days.heading, len(seen.days.rows)) == (heading, rows)
    assert sum(amount for _day, amount in seen.days.rows) == days * 10 == seen.total


def test_many_countries_are_listed_as_far_as_a_slow_line_bears_and_still_sum_up(cast: Cast) -> None:
    cast.campaign()
    at, reading = db.now(), cast.reading()
    codes = sorted(countries.CODES)[:30]
    for place, code in enumerate(codes):
        cell = register.Cell(at.date(), code, "en", "online", "", "")
        register.move(reading.id, "entered", 20 + 10 * place, cell, signature_id=None, at=at)
    published(cast, 3, 10, country="")
    seen = divisions.view(reading)
    assert seen is not None
    assert [amount for _name, amount, _share in seen.largest] == [310, 300, 290, 280, 270]
    assert len(seen.countries) == divisions.LISTED + 1
    assert sum(amount for _name, amount in seen.countries) == seen.total


def test_nobody_can_count_hidden_people_by_their_rows(cast: Cast) -> None:
    """The page says how many are shown; of the others it says no more than the total does."""
    reading = cast.campaign()
    enter(*(signer(reading, f"Hidden {place}", "KE", appear=HIDDEN) for place in range(3)), signer(reading, "Ana"))
    page = read(cast)
    assert "1 of 4" in words(page)
    assert "Kenya" not in page
    assert cast.browser().get(LIST + "/KE").status_code == 404
    assert str(db.session.scalars(select(Signature.id)).first()) not in page
