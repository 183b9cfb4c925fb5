"""The page behind a contact's link: confirming, leaving, refusing, taking along (issue 8; S02, S03, S05, S15, S50)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from petition import contacts, links, retention
from petition.base import db
from petition.base.outbox import Letter
from petition.contacts import Contact, ContactLink, PendingContact
from petition.web.public import news
from tests.cast import Cast
from tests.web.asking import FORMS, ask, asked, contacts_now, listed, page_in, press, root, rows_in, waiting_now
from tests.web.steps import START, everything, stored

MINUTE, DAY, SECOND = timedelta(minutes=1), timedelta(days=1), timedelta(seconds=1)
every_wish = pytest.mark.parametrize("wish", FORMS)


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


@every_wish
def test_pressing_twice_or_from_an_older_page_leads_to_the_same_friendly_page(cast: Cast, wish: str) -> None:
    """S03."""
    cast.campaign()
    letter = asked(cast, wish)
    (row,) = waiting_now()
    first = press(cast, letter)
    before = contacts_now()
    second = press(cast, letter, str(row.id))
    assert (first.status_code, second.status_code) == (303, 303)
    pages = [cast.browser().get(one.location.partition("?")[0]) for one in (first, second)]
    assert pages[0].data == pages[1].data
    assert [one.confirmed_at for one in contacts_now()] == [before[0].confirmed_at]


def test_every_link_sent_for_a_mailbox_and_wish_opens_the_same_page_before_and_after(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10: the letters differ in what they put on top, nothing else."""
    one = asked(cast, "join", name="One")
    clock.shift(11 * MINUTE)
    two = asked(cast, "join", name="Two")
    assert root(one) == root(two)
    for letter, first in ((one, "One"), (two, "Two")):
        shown = cast.browser().get(page_in(letter)).text
        assert len(rows_in(shown)) == 2
        assert shown.index(first) < shown.index({"One": "Two", "Two": "One"}[first])
    press(cast, one)
    assert [contacts.opened(contact).name for contact in contacts_now()] == ["One"]
    assert waiting_now() == []
    assert "You have joined" in cast.browser().get(page_in(two)).text


def test_what_was_typed_twice_alike_is_shown_once(cast: Cast) -> None:
    for _ in range(3):
        ask(cast, "meetings", place="Cork")
    (letter,) = cast.deliver()
    assert len(rows_in(cast.browser().get(page_in(letter)).text)) == 1
    press(cast, letter)
    assert (len(contacts_now()), waiting_now()) == (1, [])


def test_a_contact_can_take_over_what_was_typed_again_and_only_by_the_button(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15: whoever types my address changes nothing."""
    listed(cast, "join", place="Cork")
    clock.shift(DAY)
    letter = asked(cast, "join", place="Galway")
    assert [contacts.opened(one).place for one in contacts_now()] == ["Cork"]
    shown = cast.browser().get(page_in(letter)).text
    assert "Store this instead" in shown
    assert press(cast, letter, rows_in(shown)[0]).status_code == 303
    assert [contacts.opened(one).place for one in contacts_now()] == ["Galway"]
    assert waiting_now() == []


@every_wish
def test_a_button_works_for_seven_days_and_then_one_press_sends_a_fresh_letter(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S05, to the second."""
    cast.campaign()
    letter = asked(cast, wish)
    clock.shift(contacts.BUTTON_LIFE - SECOND)
    assert rows_in(cast.browser().get(page_in(letter)).text)
    clock.shift(SECOND)
    shown = cast.browser().get(page_in(letter)).text
    assert rows_in(shown) == []
    assert "The button of this letter is old." in shown
    (row,) = waiting_now()
    assert press(cast, letter, str(row.id)).location == root(letter)
    assert contacts_now() == []
    asked_again = cast.browser().post(root(letter) + "/fresh", data={"row": str(row.id)})
    assert asked_again.location.endswith("?done=fresh")
    (fresh,) = cast.deliver()
    assert (fresh.to, root(fresh)) == (letter.to, root(letter))
    assert press(cast, fresh).location.endswith("?done=confirmed")
    assert len(contacts_now()) == 1


def test_a_fresh_letter_is_sent_only_for_an_old_button_and_only_for_ones_own(cast: Cast) -> None:
    mine, other = asked(cast, "join"), asked(cast, "join", "luz@example.org")
    for row in waiting_now():
        cast.browser().post(root(mine) + "/fresh", data={"row": str(row.id)})
    assert cast.deliver() == []
    foreign = next(row for row in waiting_now() if contacts.opened(row).address == "luz@example.org")
    press(cast, mine, str(foreign.id))
    assert contacts_now() == []
    press(cast, other)
    assert [contacts.opened(one).address for one in contacts_now()] == ["luz@example.org"]


@pytest.mark.parametrize("row", ["", "0", "-1", "x", "9" * 19, "9" * 400, "١٢", "1.0", "1 OR 1=1"])
def test_an_odd_row_presses_nothing(cast: Cast, row: str) -> None:
    letter = asked(cast, "join")
    assert cast.browser().get(root(letter), query_string={"row": row}).status_code == 200
    for verb in ("confirm", "fresh"):
        answer = cast.browser().post(f"{root(letter)}/{verb}", data={"row": row})
        assert (answer.status_code, answer.location) == (303, root(letter))
    assert contacts_now() == []


@every_wish
@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded", ""])
def test_a_mail_programs_one_click_ends_it_without_cookie_token_or_question(cast: Cast, wish: str, kind: str) -> None:
    """S53, RFC 8058: it sends one of two content types; twice is as good as once; nothing else changes."""
    cast.campaign()
    cast.signed()
    letter = listed(cast, wish)
    listed(cast, "meetings" if wish == "join" else "join", "other@example.org")
    for _ in range(2):
        data = {"List-Unsubscribe": "One-Click"} if kind else None
        answer = cast.browser().post(root(letter), data=data, content_type=kind or None)
        assert answer.status_code == 200
        assert "is deleted" in answer.text
        assert "Location" not in answer.headers
    assert [contacts.opened(one).address for one in contacts_now()] == ["other@example.org"]
    assert len(stored()) == 1
    assert "Nothing waits here" in cast.browser().get(root(letter)).text


def test_who_has_left_can_ask_again_and_gets_the_same_link(cast: Cast, clock: time_machine.Traveller) -> None:
    letter = listed(cast, "join")
    cast.browser().post(root(letter))
    clock.shift(11 * MINUTE)
    again = listed(cast, "join")
    assert root(again) == root(letter)
    assert len(contacts_now()) == 1


@every_wish
def test_this_was_not_me_deletes_what_was_typed_and_stops_letters_about_it_for_a_year(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S15."""
    cast.campaign()
    letter = asked(cast, wish)
    cast.browser().post(root(letter) + "/not-me")
    assert waiting_now() == []
    clock.shift(DAY)
    ask(cast, wish)
    assert cast.deliver() == []
    shown = cast.browser().get(page_in(letter)).text
    assert "We do not write to you" in shown
    assert rows_in(shown) == []
    cast.sign()
    assert len(cast.deliver()) == 1
    cast.browser().post(root(letter) + "/allow")
    clock.shift(11 * MINUTE)
    assert "Confirm that you want" in cast.browser().get(page_in(letter)).text
    ask(cast, wish)
    assert len(cast.deliver()) == 1
    clock.shift(DAY)
    cast.browser().post(root(letter) + "/not-me")
    clock.shift(links.QUIET - SECOND)
    ask(cast, wish)
    assert cast.deliver() == []
    clock.shift(SECOND)
    ask(cast, wish)
    assert len(cast.deliver()) == 1


@every_wish
def test_no_letters_from_this_site_means_letters_about_signing_too_and_the_same_link_lifts_it(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S15."""
    cast.campaign()
    letter = asked(cast, wish, "ana@gmail.com")
    cast.browser().post(root(letter) + "/no-letters")
    assert waiting_now() == []
    for one in FORMS:
        ask(cast, one, "a.na+x@gmail.com")
    cast.sign("ana@gmail.com")
    assert cast.deliver() == []
    assert "You asked for no letters from this site." in cast.browser().get(root(letter)).text
    cast.browser().post(root(letter) + "/allow")
    clock.shift(11 * MINUTE)
    cast.sign("ana@gmail.com")
    ask(cast, wish, "ana@gmail.com")
    assert len(cast.deliver()) == 2


def test_no_letters_from_this_site_asked_for_by_a_signature_means_letters_about_wishes_too(cast: Cast) -> None:
    """S15."""
    cast.campaign()
    own = cast.signed()
    path = own.text.partition("http://localhost")[2].split("?", maxsplit=1)[0].split()[0]
    cast.browser().post(path + "/no-letters")
    for wish in FORMS:
        ask(cast, wish)
    assert cast.deliver() == []
    assert all(row.asked_at for row in waiting_now())


def test_a_tick_beside_a_signature_is_heard_though_letters_were_refused_before(cast: Cast) -> None:
    """S53: the button is pressed by whom the mailbox belongs to."""
    cast.campaign()
    letter = asked(cast, "news")
    cast.browser().post(root(letter) + "/not-me")
    cast.signed(news="y")
    (contact,) = contacts_now()
    assert news.address(contact) == root(letter)
    assert "You asked for news of this campaign" in cast.browser().get(root(letter)).text


def test_what_is_stored_can_be_taken_along(cast: Cast, clock: time_machine.Traveller) -> None:
    """S50."""
    letter = listed(cast, "join", place="Cork", note="Cook")
    clock.shift(DAY)
    ask(cast, "join", place="Galway")
    answer = cast.browser().get(root(letter) + "/data.json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=contact.json"
    told = answer.json
    assert told is not None
    assert (told["wish"], told["about"]) == ("join", "http://localhost/")
    assert told["contact"] == {
        "address": "ana@example.org", "name": "Ana María", "country": "IE", "place": "Cork", "note": "Cook",
        "language": "en", "consent_version": 1, "proof": "letter", "confirmed_at": START.isoformat(),
        "kept_until": START.replace(year=START.year + 2).isoformat(),
    }  # fmt: skip
    assert [one["place"] for one in told["waiting_for_confirmation"]] == ["Galway"]


def test_the_page_says_until_when_a_contact_is_kept_and_it_goes_at_that_second(
    make_app: Callable[..., Flask], clock: time_machine.Traveller
) -> None:
    """S54: CONTACT_MONTHS; who was promised less is kept for less, and a shorter setting holds for all."""
    app, shorter, longer = make_app(contact_months=3), make_app(contact_months=1), make_app(contact_months=60)
    ends = START.replace(month=START.month + 3)

    def left(app: Flask) -> int:
        with app.app_context():
            for _rule in retention.steps(db.now()):
                db.session.commit()
            return len(contacts_now())

    with app.app_context():
        letter = listed(Cast(app), "join")
        assert f"deleted on {ends.day} June {ends.year}" in Cast(app).browser().get(root(letter)).text
    clock.move_to(ends - SECOND)
    assert (left(app), left(longer)) == (1, 1)
    clock.move_to(ends)
    assert left(longer) == 0
    with app.app_context():
        Cast(app)
        listed(Cast(app), "join")
    clock.move_to(ends.replace(month=ends.month + 1) - SECOND)
    assert left(shorter) == 1
    clock.shift(SECOND)
    assert left(app) == 1
    assert left(shorter) == 0


def test_what_nobody_confirms_goes_fourteen_days_after_its_letter_and_its_link_after_it(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S54."""
    letter = asked(cast, "join")

    def left() -> tuple[int, int]:
        for _rule in retention.steps(db.now()):
            db.session.commit()
        return len(waiting_now()), len(db.session.scalars(select(ContactLink)).all())

    clock.shift(14 * DAY - SECOND)
    assert left() == (1, 1)
    clock.shift(SECOND)
    assert left() == (0, 0)
    gone = cast.browser().get(page_in(letter))
    assert (gone.status_code, "Nothing waits here" in gone.text) == (200, True)
    for verb in ("", "/confirm", "/fresh", "/not-me", "/no-letters", "/allow"):
        assert cast.browser().post(root(letter) + verb, data={"row": "1"}).status_code in (200, 303)
    assert cast.browser().get(root(letter) + "/data.json").status_code == 404
    assert db.session.scalars(select(ContactLink)).all() == []


def test_a_contacts_link_stays_as_long_as_the_contact(cast: Cast, clock: time_machine.Traveller) -> None:
    """S50: it works for as long as anything is stored."""
    letter = listed(cast, "join")
    clock.shift(300 * DAY)
    for _rule in retention.steps(db.now()):
        db.session.commit()
    cast.browser().post(root(letter))
    assert contacts_now() == []


def test_a_forged_or_foreign_token_is_404_whatever_is_done_with_it(cast: Cast) -> None:
    """S04."""
    cast.campaign()
    own = cast.signed(news="y")
    path = own.text.partition("http://localhost")[2].split("?", maxsplit=1)[0].split()[0]
    letter = listed(cast, "join")
    before = everything()
    forged = root(letter).replace("/news", "x/news")
    for base in (path + "/news", forged, "/t/forged.token/news"):
        assert cast.browser().get(base).status_code == 404
        assert cast.browser().get(base + "/data.json").status_code == 404
        for verb in ("", "/confirm", "/fresh", "/not-me", "/no-letters", "/allow"):
            assert cast.browser().post(base + verb, data={"row": "1"}).status_code == 404
    assert everything() == before


def test_a_letters_page_takes_only_forms_of_ours(cast: Cast) -> None:
    letter = asked(cast, "join")
    assert cast.browser().post(root(letter) + "/confirm", json={"row": "1"}).status_code == 415
    assert cast.browser().post(root(letter) + "/confirm", data={"row": ["1", "2"]}).status_code == 400


def test_a_letter_that_could_not_be_sent_starts_its_clock_alone(cast: Cast, clock: time_machine.Traveller) -> None:
    """S05: the row goes fourteen days after its letter was sent, failed or turned out needless."""
    ask(cast, "join")
    ask(cast, "join")
    first, second = waiting_now()
    failing = db.session.execute(select(Letter.id).where(Letter.about == first.id)).scalar_one()
    db.session.execute(
        update(Letter).where(Letter.id == failing).values(gives_up_at=db.now() - SECOND, due_at=db.now() + DAY)
    )
    db.session.execute(update(Letter).where(Letter.about == second.id).values(due_at=db.now() + DAY))
    db.session.commit()
    assert cast.deliver() == []
    asked_at = {row.id: row.asked_at for row in waiting_now()}
    assert asked_at == {first.id: START, second.id: None}


def test_the_rows_of_one_page_are_in_the_database_as_the_page_says(cast: Cast) -> None:
    """Nothing is left over once somebody is on the list or has left."""
    letter = listed(cast, "join")
    assert db.session.scalars(select(PendingContact)).all() == []
    assert len(db.session.scalars(select(Contact)).all()) == 1
    shown = cast.browser().get(root(letter)).text
    assert re.search(r"Since \d+ \w+ \d{4}\. You typed this into its own form", shown)
    assert "is responsible for this list." in shown
