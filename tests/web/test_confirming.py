"""The link, its page and its button."""

import html
import quopri
import random
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select

from petition import contacts, decisions, retention, running
from petition.base import crypto, db, smtp, tokens
from petition.base.outbox import Letter
from petition.contacts import Contact
from petition.register import Move
from petition.signatures import PendingSignature
from tests.cast import Cast, form_token, link_in
from tests.web.steps import START, everything, link_of, page, path_of, pending, rows_in, stored

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def a_link(cast: Cast, email: str = "ana@example.org", **typed: str) -> str:
    """Sign and read the letter; the link in it."""
    cast.sign(email, **typed)
    return link_in(cast.deliver()[-1])


def moves() -> list[tuple[str, int]]:
    """Kind and amount of every move, in order."""
    found = db.session.execute(select(Move.kind, Move.amount).order_by(Move.id)).all()
    db.session.remove()
    return [(kind, amount) for kind, amount in found]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []
    engine = db.database().engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


SCANNERS = (
    {"User-Agent": "Mozilla/5.0 (compatible; SafeLinks)"},
    {"User-Agent": "BarracudaLinkProtect"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch", "X-Moz": "prefetch"},
)


def test_looking_at_a_link_changes_nothing_and_only_the_button_confirms(cast: Cast) -> None:
    """S02, B1: GET ten times, HEAD, OPTIONS, scanners that follow every link."""
    cast.campaign()
    link = a_link(cast)
    before = everything()
    client = cast.browser()
    for number in range(10):
        own = client.get(link, headers=SCANNERS[number % 4])
        assert own.status_code == 200
    for href in re.findall(r'href="([^"#]+)"', own.text):
        client.get(href)
    for verb in ("confirm", "withdraw", "not-me", "no-letters", "allow", "fresh", "correct", "stop-news"):
        assert client.get(f"{path_of(link)}/{verb}").status_code == 405
    assert client.head(link).status_code == client.options(link).status_code == 200
    assert client.put(path_of(link)).status_code == 405
    assert everything() == before
    (row,) = rows_in(own.text)
    assert client.post(f"{path_of(link)}/confirm", data={"row": row}).status_code == 303
    assert cast.total() == 1


def test_confirming_twice_shows_the_same_friendly_page_and_counts_once(cast: Cast) -> None:
    """S03, B4."""
    cast.campaign()
    cast.sign()
    (letter,) = cast.deliver()
    (row,) = rows_in(cast.browser().get(link_in(letter)).text)
    pages = {page(cast, cast.press(letter, row).location) for _ in range(3)}
    assert len(pages) == 1
    assert "Thank you" in pages.pop()
    assert cast.total() == 1
    assert moves() == [("entered", 1)]
    assert "You are counted since" in page(cast, link_in(letter))


def test_the_own_page_shows_the_appeal_the_name_typed_and_one_button(cast: Cast) -> None:
    """S01."""
    cast.campaign()
    own = page(cast, a_link(cast))
    assert "Take the canteen workers back" in own
    assert "Ana María" in own
    assert len(rows_in(own)) == 1


WRONG_PATHS = ["/t/x", "/t/.", "/t/%00", "/t/%FF%FE", "/t/a%00b.c", "/t/%F0%9F%92%A9.%C3%A9", "/t/" + "a" * 2000]


@pytest.mark.parametrize("path", WRONG_PATHS)
def test_what_is_no_link_is_one_and_the_same_page_that_offers_to_send_the_link_again(cast: Cast, path: str) -> None:
    """S04, B3: and the database is not asked."""
    expected = cast.browser().get("/t/" + tokens.link("own", uuid4()))
    with statements() as asked:
        answer = cast.browser().get(path)
        posted = cast.browser().post(path + "/confirm", data={"row": "1"})
    assert answer.status_code == posted.status_code == expected.status_code == 404
    assert answer.text == posted.text == expected.text
    assert 'href="/en/link"' in answer.text
    assert asked == []


def test_links_guessed_at_random_are_refused_without_asking_the_database(cast: Cast) -> None:
    """B3, scaled down."""
    cast.campaign()
    client = cast.browser()
    with statements() as asked:
        for _ in range(300):
            guess = secrets.token_urlsafe(16) + "." + secrets.token_urlsafe(12)
            assert client.get(f"/t/{guess}").status_code == 404
    assert asked == []


def test_a_link_with_any_character_changed_missing_or_added_is_refused(cast: Cast) -> None:
    """S04, B3 and 2.2 61: one bit flipped anywhere, one character more or less, upper case."""
    cast.campaign()
    token = path_of(a_link(cast)).rpartition("/")[2]
    client = cast.browser()
    assert client.get(f"/t/{token}").status_code == 200
    changed = {token[:at] + chr(ord(token[at]) ^ 1) + token[at + 1 :] for at in range(len(token))}
    changed |= {token[:-1], token + "A", "A" + token, token[1:], token.upper(), token.lower(), token + "=", token * 2}
    for other in changed:
        if "/" not in other and "?" not in other and "#" not in other:
            assert client.get(f"/t/{other}").status_code == 404, other


@pytest.mark.parametrize("glued", [".", ">", ")", ">.", ").", "%3E"])
def test_what_a_mail_program_glued_to_a_link_is_forgiven(cast: Cast, glued: str) -> None:
    """S04: on the page and on its button."""
    cast.campaign()
    link = path_of(a_link(cast)) + glued
    own = cast.browser().get(link)
    assert own.status_code == 200
    (action,) = re.findall(r'action="([^"]+/confirm)"', own.text)
    assert cast.browser().post(html.unescape(action), data={"row": rows_in(own.text)[0]}).status_code == 303
    assert cast.total() == 1


def test_whoever_lost_the_link_chooses_the_campaign_and_types_the_address(cast: Cast) -> None:
    """S04."""
    cast.campaign()
    own = link_in(cast.signed())
    client = cast.browser()
    form = client.get("/en/link").text
    assert '<option value="canteen">Take the canteen workers back' in form
    data = {"campaign": "canteen", "email": "ana@example.org", "token": form_token(form)}
    with time_machine.travel(timedelta(minutes=11)):
        data["token"] = form_token(client.get("/en/link").text)
        known = client.post("/en/link", data=data)
        unknown = client.post("/en/link", data=data | {"email": "bob@example.org"})
        assert known.location == unknown.location
        (letter,) = cast.deliver()
    assert letter.to == "ana@example.org"
    assert path_of(link_in(letter)) == path_of(own)


@pytest.mark.parametrize("campaign", ["", "never", "a\0b", "draft", "../desk", "a" * 500])
def test_an_impossible_choice_of_campaign_is_a_mistake_in_the_form(cast: Cast, campaign: str) -> None:
    """S04: NUL in a field is 422, never 500."""
    cast.campaign("draft", publish=False)
    client = cast.browser()
    token = form_token(client.get("/en/link").text)
    answer = client.post("/en/link", data={"campaign": campaign, "email": "ana@example.org", "token": token})
    assert answer.status_code == 422
    assert "Choose the campaign." in answer.text


def test_broken_text_in_a_query_is_refused_and_in_a_path_unknown(cast: Cast) -> None:
    """S04."""
    cast.campaign()
    link = path_of(a_link(cast))
    client = cast.browser()
    for query in ("?row=%00", "?x=%FF", "?%FE=1"):
        assert client.get(link + query).status_code == 400
    for path in ("/en/campaigns/%00", "/en/campaigns/%FF", "/%00", "/en/campaigns/canteen/inbox/%00%FF"):
        assert client.get(path).status_code in (404, 200), path
    for query in ("?before=nan", "?before=1e300", "?before=-1e300", "?before=x", "?row=x", "?done=<b>", "?language=xx"):
        assert client.get(link + query).status_code == 200, query


@pytest.mark.parametrize("row", ["", "x", "-1", "0", "9999999999999999999", "١٢", "1\0", "9" * 400, "1.5", "²"])
def test_a_row_that_is_none_changes_nothing_and_shows_the_own_page(cast: Cast, row: str) -> None:
    """B6: never 500."""
    cast.campaign()
    link = path_of(a_link(cast))
    before = everything()
    for verb in ("confirm", "fresh"):
        answer = cast.browser().post(f"{link}/{verb}", data={"row": row})
        assert answer.status_code == 303
        assert answer.location == link
    assert everything() == before


def test_a_row_of_another_mailbox_or_campaign_does_nothing(cast: Cast) -> None:
    """B6."""
    cast.campaign()
    cast.campaign("library")
    mine = path_of(a_link(cast))
    theirs = rows_in(page(cast, a_link(cast, "bo@example.org")))[0]
    elsewhere = rows_in(page(cast, a_link(cast, "ana@example.org", slug="library")))[0]
    before = everything()
    for row in (theirs, elsewhere):
        assert cast.browser().post(f"{mine}/confirm", data={"row": row}).location == mine
    assert everything() == before


def test_a_token_of_another_purpose_is_no_link(cast: Cast) -> None:
    """S04, B6: the same id signed for something else, a form's token, a stamp."""
    cast.campaign()
    location = cast.sign().location
    cast.deliver()
    link = link_of(cast, "ana@example.org")
    assert link is not None
    form = form_token(cast.browser().get("/en/campaigns/canteen").text)
    for token in (tokens.link("news", link.id), tokens.link("form", link.id), form, location.rpartition("/")[2]):
        assert cast.browser().get(f"/t/{token}").status_code == 404
        assert cast.browser().post(f"/t/{token}/confirm", data={"row": "1"}).status_code == 404


def test_the_button_works_for_seven_days_from_the_sending_to_the_second(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S05, B5: signing a day before the letter goes makes no difference."""
    cast.campaign()
    cast.sign()
    clock.shift(timedelta(days=1))
    link = link_in(cast.deliver()[0])
    (row,) = rows_in(page(cast, link))
    clock.shift(timedelta(days=7))
    old = page(cast, link)
    assert rows_in(old) == []
    assert "One press sends you a fresh letter" in old
    pressed = cast.browser().post(path_of(link) + "/confirm", data={"row": row})
    assert (pressed.status_code, pressed.location) == (303, path_of(link))
    assert cast.total() == 0
    clock.shift(-SECOND)
    assert cast.browser().post(path_of(link) + "/confirm", data={"row": row}).status_code == 303
    assert cast.total() == 1


def test_one_press_sends_a_fresh_letter_without_asking_the_form_again(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S05: pressed twice, still one letter; its button works for seven days more."""
    cast.campaign()
    link = a_link(cast, "Ana.M+list@example.org")
    (row,) = rows_in(page(cast, link))
    clock.shift(timedelta(days=8))
    for _ in range(2):
        pressed = cast.browser().post(path_of(link) + "/fresh", data={"row": row})
        assert "A fresh letter is on its way" in cast.browser().get(pressed.location).text
    (letter,) = cast.deliver()
    clock.shift(timedelta(hours=1))
    assert cast.deliver() == []
    assert letter.to == "Ana.M+list@example.org"
    assert path_of(link_in(letter)) == path_of(link)
    clock.shift(timedelta(days=7) - timedelta(hours=1) - SECOND)
    assert cast.press(letter).status_code == 303
    assert cast.total() == 1


def test_what_was_never_confirmed_is_gone_fourteen_days_after_its_letter_and_not_before(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S05, B5: at 7.01 days the button is old, at 14 the row is gone; one whose letter never went stays."""
    cast.campaign()
    link = a_link(cast)
    clock.shift(SECOND)
    cast.sign(name="No letter yet")
    clock.shift(timedelta(days=14) - 2 * SECOND)
    _retain()
    assert len(pending()) == 2
    clock.shift(SECOND)
    _retain()
    assert [one.asked_at for one in pending()] == [None]
    assert "Ana María" not in page(cast, link)


def _retain() -> None:
    for _ in retention.steps(db.now()):
        db.session.commit()
    db.session.remove()


def test_a_click_counts_until_a_day_after_closing_to_the_second(cast: Cast, clock: time_machine.Traveller) -> None:
    """S07, F12: a second before closing one signs; the last second of the day after, the click counts."""
    closes = START + timedelta(days=2)
    cast.campaign(closes_at=closes)
    clock.move_to(closes - SECOND)
    one, two = a_link(cast), a_link(cast, "bo@example.org")
    clock.move_to(closes)
    assert cast.browser().post("/en/campaigns/canteen", data={"name": ""}).status_code == 409
    clock.move_to(closes + timedelta(hours=24) - SECOND)
    assert cast.browser().post(path_of(one) + "/confirm", data={"row": rows_in(page(cast, one))[0]}).status_code == 303
    (row,) = rows_in(page(cast, two))
    clock.move_to(closes + timedelta(hours=24))
    late = cast.browser().post(path_of(two) + "/confirm", data={"row": row})
    said = cast.browser().get(late.location).text
    assert "the last day for confirming is over" in said
    assert rows_in(said) == []
    assert cast.total() == 1


def test_the_total_is_final_two_minutes_after_the_last_click_that_can_count_once_all_is_numbered(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S07."""
    closes = START + timedelta(days=2)
    cast.campaign(closes_at=closes)
    cast.signed()
    final = closes + timedelta(hours=24, minutes=2)
    clock.move_to(final - SECOND)
    assert "The total is final on 7 March 2031, 09:02 UTC" in cast.browser().get("/en/campaigns/canteen").text
    clock.move_to(final)
    assert "This total is final" not in cast.browser().get("/en/campaigns/canteen").text
    cast.number()
    assert "This total is final" in cast.browser().get("/en/campaigns/canteen").text


def test_a_pause_stops_the_button_and_all_clocks_and_nothing_else(cast: Cast, clock: time_machine.Traveller) -> None:
    """S09: seeing, correcting, withdrawing go on."""
    cast.campaign()
    signed = path_of(link_in(cast.signed("bo@example.org")))
    link = a_link(cast)
    (row,) = rows_in(page(cast, link))
    clock.shift(timedelta(days=6))
    running.pause(cast.row(), "a test")
    db.session.commit()
    clock.shift(timedelta(days=100))
    assert "Signing is paused" in page(cast, link)
    assert rows_in(page(cast, link)) == []
    cast.browser().post(path_of(link) + "/confirm", data={"row": row})
    assert cast.total() == 1
    assert cast.browser().post(f"{signed}/correct", data={"name": "Bo B", "country": "FR"}).status_code == 303
    assert "Bo B" in page(cast, signed)
    assert cast.browser().post(f"{signed}/withdraw").status_code == 200
    assert cast.total() == 0
    running.resume(cast.row(), "a test")
    db.session.commit()
    clock.shift(timedelta(days=1) - SECOND)
    assert cast.browser().post(path_of(link) + "/confirm", data={"row": row}).status_code == 303
    assert cast.total() == 1


@pytest.mark.parametrize("first", ["mine", "theirs"])
def test_what_somebody_else_typed_with_my_address_never_counts_as_mine(
    cast: Cast, clock: time_machine.Traveller, first: str
) -> None:
    """S15, A8: before me or after me; any link shows all, each with its name; the button pressed decides."""
    cast.campaign()
    names = ["Ana María", "Pig Face"] if first == "mine" else ["Pig Face", "Ana María"]
    for name in names:
        cast.sign(name=name)
        clock.shift(SECOND)
    (letter,) = cast.deliver()
    own = page(cast, link_in(letter))
    assert len(rows_in(own)) == 2
    blocks = own.split('<section class="sheet')
    (mine,) = [block for block in blocks if "Ana María" in block]
    assert "Pig Face" not in mine
    assert cast.press(letter, rows_in(mine)[0]).status_code == 303
    own = page(cast, link_in(letter))
    assert "Ana María" in own
    assert "Pig Face" not in own
    assert pending() == []
    # And later, when the day's letters are used up: nothing of it changes the signature.
    clock.shift(timedelta(minutes=11))
    cast.sign(name="Pig Face")
    own = page(cast, link_in(letter))
    assert rows_in(own) == []
    (row,) = pending()
    cast.browser().post(path_of(link_in(letter)) + "/confirm", data={"row": str(row.id)})
    assert "Pig Face" not in page(cast, link_in(letter))
    assert cast.total() == 1


def test_the_row_of_the_letter_opened_stands_on_top_and_all_others_are_reached_by_page(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15: however many somebody else types after me."""
    cast.campaign()
    link = a_link(cast, name="Mine")
    for number in range(45):
        clock.shift(SECOND)
        cast.sign(name=f"Other {number}", language="es")
    own = page(cast, link)
    assert '<html lang="en"' in own, "nor do they choose my language"
    assert own.index("Mine") < own.index("Other")
    assert rows_in(own)[0] == link.partition("row=")[2]
    assert len(rows_in(own)) == len(set(rows_in(own)))
    seen, where = set(rows_in(own)), link
    while found := re.search(r'href="(\?before=[^"]+)"', cast.browser().get(where).text):
        where = path_of(link) + found.group(1)
        seen |= set(rows_in(page(cast, where)))
    assert len(seen) == 46


def test_this_was_not_me_wipes_what_waits_and_stops_this_campaigns_letters_for_a_year(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15: the same link lifts it as long as it lasts; another campaign still writes."""
    cast.campaign()
    cast.campaign("library")
    link = path_of(a_link(cast))
    pressed = cast.browser().post(f"{link}/not-me")
    said = cast.browser().get(pressed.location).text
    assert "We do not write to you" in said
    assert "4 March 2032" in said or "3 March 2032" in said
    assert pending() == []
    clock.shift(timedelta(days=1))
    cast.sign()
    assert cast.deliver() == []
    assert "Allow letters again" in page(cast, link)
    assert rows_in(page(cast, link)) == []
    cast.sign(slug="library")
    assert len(cast.deliver()) == 1
    cast.browser().post(f"{link}/allow")
    clock.shift(timedelta(hours=1))
    cast.sign()
    (letter,) = cast.deliver()
    assert path_of(link_in(letter)) == link
    assert cast.press(letter).status_code == 303
    assert cast.total() == 1


def test_this_was_not_me_withdraws_what_counts(cast: Cast, clock: time_machine.Traveller) -> None:
    """S15, A9: out of the total, no further letter; after a year letters may go again."""
    cast.campaign()
    link = path_of(link_in(cast.signed(news="y")))
    cast.browser().post(f"{link}/not-me")
    assert cast.total() == 0
    assert stored() == []
    assert moves() == [("entered", 1), ("withdrawn", -1)]
    assert cast.deliver() == []
    assert "We do not write to you" in page(cast, link)
    clock.shift(timedelta(days=365))
    assert "We do not write to you" not in page(cast, link)
    cast.sign()
    assert len(cast.deliver()) == 1


def test_no_letters_from_this_site_stops_every_campaign_until_the_same_link_lifts_it(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15: corrections and the last letter included; other people are not touched."""
    cast.campaign()
    cast.campaign("library")
    other = path_of(link_in(cast.signed(slug="library")))
    link = path_of(a_link(cast))
    clock.shift(timedelta(days=1))
    cast.browser().post(f"{link}/no-letters")
    said = page(cast, link)
    assert "no letters from this site" in said
    cast.campaign("third")
    for slug in ("canteen", "library", "third"):
        cast.sign(slug=slug)
    cast.browser().post(f"{other}/correct", data={"name": "Ana", "country": "FR"})
    assert cast.deliver() == []
    cast.sign("bo@example.org")
    assert [letter.to for letter in cast.deliver()] == ["bo@example.org"]
    assert "Your signature counts" in page(cast, other)
    cast.browser().post(f"{link}/allow")
    clock.shift(timedelta(days=1))
    cast.sign(slug="third")
    assert len(cast.deliver()) == 1


def test_where_nothing_is_stored_any_more_the_page_promises_no_more_than_it_can_keep(cast: Cast) -> None:
    """S15: without the address the site cannot know its other letters; the page then names this campaign alone."""
    cast.campaign()
    link = path_of(a_link(cast))
    cast.browser().post(f"{link}/not-me")
    cast.browser().post(f"{link}/no-letters")
    said = page(cast, link)
    assert "no letters of this campaign" in said
    assert "no letters from this site" not in said


def test_the_address_of_the_thanks_page_names_nobody_and_works_for_fifteen_minutes(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S16."""
    cast.campaign()
    cast.sign()
    where = cast.press(cast.deliver()[0]).location
    clock.shift(timedelta(minutes=15))
    thanks = cast.browser().get(where)
    assert "Thank you" in thanks.text
    assert "Ana" not in thanks.text
    assert "ana@example.org" not in thanks.text
    clock.shift(SECOND)
    for path in (where, "/en/campaigns/canteen/thanks/forged"):
        late = cast.browser().get(path)
        assert (late.status_code, late.location) == (303, "/en/campaigns/canteen")


def test_withdrawing_and_signing_again_counts_once(cast: Cast, clock: time_machine.Traveller) -> None:
    """S25, F13."""
    cast.campaign()
    link = path_of(link_in(cast.signed()))
    totals = [cast.total()]
    cast.browser().post(f"{link}/withdraw")
    totals.append(cast.total())
    assert cast.browser().get(link).status_code == 404
    cast.deliver()
    clock.shift(timedelta(minutes=11))
    again = cast.signed()
    totals.append(cast.total())
    assert totals == [1, 0, 1]
    assert path_of(link_in(again)) != link
    assert moves() == [("entered", 1), ("withdrawn", -1), ("entered", 1)]


@pytest.mark.parametrize("verb", ["hold", "remove"])
@pytest.mark.parametrize("leaving", ["withdraw", "not-me"])
def test_a_held_signature_that_is_withdrawn_names_nobody_and_stays_taken(
    cast: Cast, clock: time_machine.Traveller, verb: str, leaving: str
) -> None:
    """S26: it does not come back by signing again, nor by leaving twice, nor by a release."""
    cast.campaign()
    letter = cast.signed(appear="full", news="y")
    (signature,) = stored()
    decisions.decide(signature.id, verb, actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    cast.browser().post(f"{path_of(link_in(letter))}/{leaving}", data={"contacts": "y"})
    (left,) = stored()
    assert (left.sealed, left.shown_name, left.state) == (None, "", "held" if verb == "hold" else "removed")
    before = moves()
    link = link_of(cast, "ana@example.org")
    assert link is not None
    own = "/t/" + tokens.link("own", link.id)
    cast.browser().post(f"{own}/allow")
    cast.deliver()
    clock.shift(timedelta(minutes=11))
    cast.sign()
    (again,) = cast.deliver()
    assert again.subject == "About your signature"
    cast.press(again)
    cast.browser().post(f"{own}/{leaving}")
    assert moves() == before
    back = {"hold": "release", "remove": "restore"}[verb]
    assert not decisions.decide(signature.id, back, actor="a test", reason="sorry", at=db.now())
    db.session.remove()
    assert cast.total() == 0
    assert len(stored()) == 1


def test_news_is_never_ticked_beforehand_and_the_same_button_makes_a_contact_of_its_own(cast: Cast) -> None:
    """S53: no second letter; withdrawing does not unsubscribe unasked, unsubscribing does not withdraw."""
    cast.campaign()
    form = cast.browser().get("/en/campaigns/canteen").text
    assert re.search(r'<input type="checkbox" id="f-news" name="news" value="y">', form)
    letter = cast.signed(news="y")
    cast.signed("bo@example.org")
    assert cast.deliver() == []
    (contact,) = db.session.scalars(select(Contact)).all()
    db.session.remove()
    assert contact.mailbox == stored()[0].mailbox
    assert b"ana" not in contact.sealed
    cast.browser().post(path_of(link_in(letter)) + "/withdraw")
    assert cast.total() == 1
    assert db.session.scalar(select(Contact.id)) == contact.id
    link = contacts.lock(contact.link_id)
    assert link is not None
    contacts.stop(link, db.now())
    db.session.commit()
    assert cast.total() == 1


def test_news_can_be_stopped_on_the_own_page_or_together_with_withdrawing(cast: Cast) -> None:
    """S53, S51."""
    cast.campaign()
    one, two = cast.signed(news="y"), cast.signed("bo@example.org", news="y")
    cast.browser().post(path_of(link_in(one)) + "/stop-news")
    assert len(db.session.scalars(select(Contact)).all()) == 1
    assert cast.total() == 2
    cast.browser().post(path_of(link_in(two)) + "/withdraw", data={"contacts": "y"})
    assert db.session.scalars(select(Contact)).all() == []


def test_a_wish_for_news_that_nobody_confirmed_makes_no_contact(cast: Cast, clock: time_machine.Traveller) -> None:
    """S53, S15: what somebody else ticked for me goes with what they typed."""
    cast.campaign()
    cast.sign(name="Pig Face", news="y")
    clock.shift(SECOND)
    cast.sign(name="Ana")
    (letter,) = cast.deliver()
    mine = next(row for row in pending() if not row.news)
    cast.press(letter, str(mine.id))
    assert db.session.scalars(select(Contact)).all() == []


HOST_OF_25 = "https://petition.example-site.org"


def test_a_link_is_at_most_76_characters_and_survives_the_ways_of_mail(make_app: Callable[..., Flask]) -> None:
    """B9, B12: with a host of 25; quoted-printable and format=flowed. What wraps behind the address may be lost."""
    app = make_app(base_url=HOST_OF_25)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        where = f"{HOST_OF_25}/en/campaigns/canteen"
        token = form_token(client.get(where).text)
        data = {"name": "Añá", "email": "ana@example.org", "country": "IE", "token": token}
        assert client.post(where, data=data).status_code == 303
        (letter,) = cast.deliver()
    assert len(HOST_OF_25.removeprefix("https://")) == 25
    link = HOST_OF_25 + link_in_text(letter.text)
    assert len(path_of(link)) <= 76
    wire = smtp.build(letter, "<x@petition.example>", "Site", "site@petition.example")
    text = wire.split(b"text/plain")[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n--")[0]
    assert link.encode() in quopri.decodestring(text)
    with app.app_context():
        assert cast.browser().get(link[:76].rstrip("?")).status_code == 200


def link_in_text(text: str) -> str:
    """The link's path and query in a letter's text, whatever the host."""
    found = re.search(r"https://[^/\s]+(/t/\S+)", text)
    assert found
    return found.group(1)


@pytest.mark.parametrize(
    "evil",
    ["//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example", "/%09/evil.example", "////"],
)
def test_no_next_and_no_source_ever_leads_away(cast: Cast, evil: str) -> None:
    """B11."""
    cast.campaign()
    client = cast.browser()
    path = f"/en/campaigns/canteen?next={evil}&source={evil}&return={evil}"
    data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "next": evil, "source": evil}
    answer = client.post(path, data=data | {"token": form_token(client.get(path).text)})
    assert answer.location.startswith("/en/campaigns/canteen/inbox/")
    (letter,) = cast.deliver()
    assert "evil" not in letter.text + letter.html
    link = path_of(link_in(letter))
    row = rows_in(client.get(f"{link}?next={evil}").text)[0]
    thanks = client.post(f"{link}/confirm?next={evil}", data={"row": row, "next": evil})
    assert thanks.location.startswith("/en/campaigns/canteen/thanks/")
    assert stored()[0].source == ""


def test_a_foreign_host_is_refused_and_never_stands_in_a_letter(make_app: Callable[..., Flask]) -> None:
    """B12."""
    app = make_app(base_url="https://petition.example", proxies=1)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        client = cast.browser()
        where = "https://petition.example/en/campaigns/canteen"
        assert client.get(where, headers={"Host": "evil.example"}).status_code == 400
        page = client.get(where, headers={"X-Forwarded-Host": "evil.example"})
        assert page.status_code == 200
        assert "evil" not in page.text
        data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": form_token(page.text)}
        headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        assert client.post(where, data=data, headers=headers).status_code == 303
        (letter,) = cast.deliver()
        assert "https://petition.example/t/" in letter.text
        assert "evil" not in letter.text + letter.html
        message_ids = db.session.scalars(select(Letter.message_id)).all()
        assert all(found.endswith("@petition.example>") for found in message_ids)


def test_forms_links_and_stamps_made_before_a_new_key_became_active_still_work(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """S74 for what signing needs, D1: first known everywhere, then active, while the other process is still old."""
    old_ring = crypto.with_new_key(None)
    both = crypto.with_new_key(old_ring)
    crypto.write(tmp_path / "first.json", old_ring)
    crypto.write(tmp_path / "known.json", both)
    crypto.write(tmp_path / "active.json", crypto.Ring(2, both.keys))
    ahead = make_app(keys_file=tmp_path / "active.json")
    for now, then in (("first.json", "active.json"), ("active.json", "known.json")):
        slug = then.removesuffix(".json")
        before, after = make_app(keys_file=tmp_path / now), make_app(keys_file=tmp_path / then)
        with before.app_context():
            cast = Cast(before)
            cast.campaign(slug)
            token = form_token(cast.browser().get(f"/en/campaigns/{slug}").text)
            inbox = cast.sign("ana@example.org", slug=slug).location
            letters = cast.deliver()
        with after.app_context():
            later = Cast(after)
            data = {"name": "Bo", "email": "bo@example.org", "country": "IE", "token": token}
            assert later.browser().post(f"/en/campaigns/{slug}", data=data).status_code == 303
            assert "ana@example.org" in later.browser().get(inbox).text
            thanks = later.press(letters[0]).location
            assert [letter.to for letter in later.deliver()] == ["bo@example.org"]
            assert later.total(slug) == 1
        if now != "first.json":
            with before.app_context():
                assert "Thank you" in cast.browser().get(thanks).text
    with ahead.app_context():
        sealed = db.session.scalars(select(PendingSignature.sealed)).all()
        assert {blob[1] for blob in sealed} == {1, 2}
        db.session.remove()


def test_what_is_made_under_a_new_active_key_needs_no_older_one(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """S74, E4: else a key could never be removed. A link made under the older key dies with it."""
    both = crypto.with_new_key(crypto.with_new_key(None))
    crypto.write(tmp_path / "known.json", both)
    crypto.write(tmp_path / "active.json", crypto.Ring(2, both.keys))
    crypto.write(tmp_path / "alone.json", crypto.Ring(2, {2: both.keys[2]}))
    links_of = {}
    for name in ("known.json", "active.json"):
        app = make_app(keys_file=tmp_path / name)
        with app.app_context():
            links_of[name] = tokens.link("own", uuid4())
            form = tokens.form(1, 1, 1, "", db.now())
    with make_app(keys_file=tmp_path / "alone.json").app_context():
        assert tokens.read_link("own", links_of["active.json"])
        assert tokens.FormToken(form).campaign == 1
        with pytest.raises(tokens.BadToken):
            tokens.read_link("own", links_of["known.json"])


def test_the_own_page_loads_nothing_from_elsewhere_and_tells_nobody_where_it_is(cast: Cast) -> None:
    """B8."""
    cast.campaign()
    answer = cast.browser().get(a_link(cast))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text) == []


def test_random_walks_of_one_mailbox_end_with_a_total_that_a_model_agrees_with(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """2.6: sign, confirm, hold, release, remove, restore, withdraw, in any order; moves alternate."""
    cast.campaign()
    chance = random.Random(7)
    counts = False
    for _ in range(60):
        clock.shift(timedelta(hours=9))
        counts = _one_step(cast, chance.choice(["sign", "hold", "release", "remove", "restore", "withdraw"]), counts)
        assert cast.total() == int(counts)
    amounts = [amount for _, amount in moves() if amount]
    assert amounts == [(-1) ** at for at in range(len(amounts))]
    assert len(amounts) > 8


def _one_step(cast: Cast, step: str, counts: bool) -> bool:
    """Do it as somebody would; whether the mailbox counts now."""
    found = stored()
    if step == "sign":
        cast.sign()
        for letter in cast.deliver():
            cast.press(letter)
        return counts or not found
    if step == "withdraw":
        link = link_of(cast, "ana@example.org")
        if link is not None and found and found[0].state == "counted":
            cast.browser().post("/t/" + tokens.link("own", link.id) + "/withdraw")
            cast.deliver()
            return False
        return counts
    done = bool(found) and decisions.decide(found[0].id, step, actor="a test", reason="chance", at=db.now())
    db.session.commit()
    db.session.remove()
    return step in ("release", "restore") if done else counts


def test_a_links_own_row_is_locked_before_anything_else_is_written(cast: Cast) -> None:
    """F14: every verb's first statement takes the link."""
    cast.campaign()
    link = path_of(a_link(cast))
    for verb in ("confirm", "fresh", "correct", "not-me", "no-letters", "allow", "stop-news", "withdraw"):
        with statements() as asked:
            cast.browser().post(f"{link}/{verb}", data={"row": "1", "name": "Ana"})
        first = next(statement for statement in asked if not statement.startswith("BEGIN"))
        assert first.startswith("SELECT link."), verb
        assert db.is_sqlite() or "FOR UPDATE" in first
