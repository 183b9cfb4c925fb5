"""The list of signatures at the desk: filters, pages, counts, one person by address; every look in the journal."""

import html
import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from petition import journal, listing, signatures, teams
from petition.base import db
from petition.base.mailbox import parse
from petition.campaigns import Reading
from petition.details import Details
from petition.journal import Entry
from petition.selection import Filter
from tests.cast import Cast
from tests.signers import enter, signer

LIST = "/desk/campaigns/canteen/signatures"


def named(campaign: Reading, name: str, country: str = "IE", place: str = "Cork", **changes: Any) -> dict[str, Any]:
    """The row of somebody whose details are sealed as they are when somebody signs."""
    box = parse(f"p{secrets.randbits(40)}@example.org")
    sealed = Details(name, box.address, place).seal(campaign.id)
    given = {"mailbox": signatures.mailbox_key(campaign, box.folded), "sealed": sealed}
    return signer(campaign, name, country, **(given | changes))


def lines(deed: str = "") -> list[tuple[str, int | None, int, str]]:
    """What the journal says of looks and deeds with signatures, the oldest first."""
    db.session.remove()
    rows = db.session.scalars(select(Entry).where(Entry.deed.contains(deed)).order_by(Entry.id))
    found = [(row.deed, row.about, row.count, row.reason) for row in rows if "signature" in row.deed or deed]
    db.session.rollback()
    return found


def names_in(page: str) -> list[str]:
    """The names in the table, from above."""
    return [html.unescape(one) for one in re.findall(r'<th scope="row"><a [^>]*><bdi>([^<]*)</bdi>', page)]


def link_to(page: str, words: str) -> str:
    """Where a link of these words leads, "" where there is none."""
    found = re.search(rf'<a [^>]*href="([^"]*)">{re.escape(words)}</a>', page)
    return html.unescape(found[1]) if found else ""


def test_the_list_shows_the_newest_first_and_each_look_is_one_line_in_the_journal(app: Flask, cast: Cast) -> None:
    """S41."""
    campaign = cast.campaign()
    enter(named(campaign, "Ana López"), named(campaign, "Ben <b>", "ES", state="held"), named(campaign, "Cem", ""))
    desk = cast.organiser(teams.MODERATOR, "canteen")
    page = desk.get(LIST).text
    assert names_in(page) == ["Cem", "Ben <b>", "Ana López"]
    assert "3 signatures" in page
    assert "@example.org" not in page
    assert lines("looked at") == [("signatures looked at", None, 3, "")]
    page = desk.get(LIST + "?state=held&country=ES").text
    assert names_in(page) == ["Ben <b>"]
    assert "1 signature<" in page
    assert lines("looked at")[1:] == [
        ("signatures looked at", None, 1, '{"filter":{"states":["held"],"countries":["ES"]}}')
    ]
    nobody = desk.get(LIST + "?country=MX").text
    assert (names_in(nobody), "No signature fits" in nobody) == ([], True)
    # Where nobody is seen nothing is written.
    assert len(lines("looked at")) == 2


@pytest.mark.parametrize("role", [teams.EDITOR, teams.FIGURES])
def test_whoever_may_not_see_people_sees_none_and_no_way_to_them(app: Flask, cast: Cast, role: str) -> None:
    """S40."""
    campaign = cast.campaign()
    enter(named(campaign, "Ana López"))
    desk = cast.organiser(role, "canteen")
    assert desk.get(LIST).status_code == 403
    assert "/signatures" not in desk.get("/desk/campaigns/canteen").text


def test_pages_lead_on_and_back_and_lose_nobody(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = cast.campaign()
    monkeypatch.setattr("petition.web.desk.listing.PAGE", 3)
    people = [f"Person {chr(65 + number)}" for number in range(8)]
    ids = enter(*[named(campaign, name) for name in people])
    desk = cast.organiser(teams.MODERATOR, "canteen")
    path, seen, ways = LIST + "?country=IE", [], []
    while path:
        page = desk.get(path).text
        seen.append(names_in(page))
        ways.append(path)
        path = link_to(page, "Older ones")
    assert seen == [people[7:4:-1], people[4:1:-1], people[1::-1]]
    back = desk.get(link_to(desk.get(ways[-1]).text, "Newer ones")).text
    assert names_in(back) == seen[1]
    first = desk.get(link_to(back, "Newer ones")).text
    assert names_in(first) == names_in(desk.get(link_to(back, "To the newest")).text) == seen[0]
    assert not link_to(first, "Newer ones")
    # A place holds although the signature that it is named after is gone.
    db.session.execute(delete(signatures.Signature).where(signatures.Signature.id == ids[2]))
    db.session.commit()
    assert names_in(desk.get(ways[-1]).text) == seen[2]


def test_a_broken_place_in_the_address_is_the_first_page(app: Flask, cast: Cast) -> None:
    """D13, D14."""
    campaign = cast.campaign()
    enter(named(campaign, "Ana López"))
    desk = cast.organiser(teams.MODERATOR, "canteen")
    for said in ("x", "1", "1-", "-1", "1-99999999999999999999", "99999999999999999-1", "٣-٣", "1-2-3", "' OR 1=1"):
        for side in ("older", "newer"):
            answer = desk.get(LIST, query_string={side: said})
            assert answer.status_code == 200, said


@pytest.mark.parametrize("numbered", [False, True])
def test_counts_are_those_of_the_rows_however_they_are_asked_for(app: Flask, cast: Cast, numbered: bool) -> None:
    """By tallies, by the index of what was decided, by the index of all: always what a reader would count."""
    campaign, other = cast.campaign(), cast.campaign("other")
    today = db.now()
    rows = [
        named(campaign, f"P{n}", ("IE", "ES", "")[n % 3], language=("en", "es")[n % 2],
              state=("counted", "counted", "held", "removed")[n % 4], source=("", "a/poster")[n % 5 == 0],
              domain=bytes([n % 2]) * 32, day=(today - timedelta(days=n % 4)).date())
        for n in range(40)
    ]  # fmt: skip
    enter(*rows, signer(other, "Elsewhere"))
    if numbered:
        cast.number()
    day = (today - timedelta(days=1)).date()
    for wanted in (
        Filter(), Filter(states=()), Filter(countries=("IE",)), Filter(states=(), countries=("IE", "")),
        Filter(first_day=day), Filter(last_day=day), Filter(first_day=day, last_day=day, states=()),
        Filter(countries=("IE",), languages=("es",)), Filter(states=("held",)), Filter(states=("held", "removed")),
        Filter(states=("counted", "removed"), sources=("a/poster",)), Filter(domains=(bytes(32),)),
        Filter(states=(), domains=(bytes(32),), countries=("ES",)), Filter(countries=("MX",)), Filter(partners=("",)),
        Filter(countries=("IE",), first_day=day), Filter(networks=(b"n" * 32,)),
    ):  # fmt: skip
        page = listing.page(campaign.id, wanted, 100)
        expected = {row["id"] for row in rows if _fits(row, wanted)}
        assert {one.id for one in page.rows} == expected, wanted
        assert listing.count(campaign.id, wanted) == len(expected), wanted
    db.session.rollback()


def _fits(row: dict[str, Any], wanted: Filter) -> bool:
    asked = {"state": wanted.states, "country": wanted.countries, "language": wanted.languages,
             "source": wanted.sources, "domain": wanted.domains, "partner": wanted.partners,
             "network": wanted.networks}  # fmt: skip
    first, last = wanted.first_day or row["day"], wanted.last_day or row["day"]
    return all(not values or row[name] in values for name, values in asked.items()) and first <= row["day"] <= last


def test_somebody_is_found_by_their_address_which_stands_in_no_address_bar(app: Flask, cast: Cast) -> None:
    """Folded as a mailbox is; the look is in the journal, found or not, without the address."""
    cast.campaign()
    cast.signed("ana.lopez+list@gmail.com")
    desk = cast.organiser(teams.MODERATOR, "canteen")
    answer = desk.send(LIST + "/find", email="AnaLopez@googlemail.com")
    number = db.session.scalars(select(signatures.Signature.id)).one()
    assert (answer.status_code, answer.location) == (303, f"{LIST}/{number}")
    missed = desk.send(LIST + "/find", email="nobody@example.org")
    assert missed.status_code == 422
    assert "Nothing is stored for this address" in missed.text
    wrong = desk.send(LIST + "/find", email="no address")
    assert wrong.status_code == 422
    assert lines("looked up") == [("signature looked up", number, 1, ""), ("signature looked up", None, 0, "")]
    assert "gmail" not in str(journal.lines(journal.Sought(cast.reading().id), 100))


def test_who_has_not_confirmed_is_found_too_with_number_and_state_alone(app: Flask, cast: Cast) -> None:
    """S26 and S15: what others may have typed stays behind the link."""
    cast.campaign()
    cast.sign("ana@example.org", name="Insult")
    desk = cast.organiser(teams.MODERATOR, "canteen")
    answer = desk.send(LIST + "/find", email="ana@example.org")
    page = desk.get(answer.location).text
    assert "waits for its button" in page
    assert "Insult" not in page
    assert "Nothing counts for this mailbox" in page


def test_a_domain_is_asked_for_by_its_keyed_hash(app: Flask, cast: Cast) -> None:
    """No domain is ever readable in an address or a log."""
    cast.campaign()
    cast.signed("ana@dockers.example")
    cast.signed("ben@other.example", name="Ben")
    desk = cast.organiser(teams.MODERATOR, "canteen")
    answer = desk.send(LIST + "/domain?state=counted", domain="@Dockers.Example")
    assert answer.status_code == 303
    assert "dockers" not in answer.location
    page = desk.get(answer.location).text
    assert names_in(page) == ["Ana María"]
    assert "state=counted" in answer.location
    assert desk.send(LIST + "/domain", domain="no domain").status_code == 422


def test_a_forgotten_campaign_says_so_and_shows_nobody(app: Flask, cast: Cast) -> None:
    """S54."""
    cast.campaign()
    cast.row().forgotten_at = db.now()
    cast.row().hash_key = None
    db.session.commit()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert "are forgotten" in desk.get(LIST).text
    assert desk.send(LIST + "/find", email="ana@example.org").status_code == 303
    assert desk.send(LIST + "/domain", domain="example.org").status_code == 303
    assert desk.send(LIST + "/searches/name", name="Ana", reason="why").status_code == 422
