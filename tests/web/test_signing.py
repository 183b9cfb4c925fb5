"""The form and what follows from sending it: pages, letters, limits."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from petition import decisions, links, running
from petition.base import db
from petition.base.outbox import Letter
from tests.cast import Cast, form_token, link_in
from tests.web.steps import START, everything, link_of, page, pending, stored


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def test_signing_shows_the_inbox_page_and_sends_one_letter_in_the_signers_language(cast: Cast) -> None:
    """S01."""
    cast.campaign()
    answer = cast.sign("ana@example.org", language="es")
    inbox = cast.browser().get(answer.location)
    assert "Ana María" not in inbox.text
    assert '<html lang="es"' in inbox.text
    (letter,) = cast.deliver()
    assert letter.language == "es"
    assert "Readmitan a las trabajadoras" in letter.text
    assert cast.total() == 0
    assert cast.deliver() == []


def test_the_thanks_and_every_other_page_show_the_total_that_has_risen(make_app: Callable[..., Flask]) -> None:
    """S01: the thanks at once, every other page within two seconds, though pages are kept as they are in use."""
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        paths = ("/en/campaigns/canteen", "/en/", "/es/campaigns/canteen")
        assert not any("<strong>1</strong>" in cast.browser().get(path).text for path in paths)
        pressed, start = cast.press(_letter(cast)), time.monotonic()
        assert "<strong>1</strong>" in cast.browser().get(pressed.location).text
        while not all("<strong>1</strong>" in cast.browser().get(path).text for path in paths):
            assert time.monotonic() < start + 2


def _letter(cast: Cast, email: str = "ana@example.org"):
    cast.sign(email)
    (letter,) = cast.deliver()
    return letter


def test_a_campaign_that_closed_under_the_form_stores_nothing_and_says_so(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S06."""
    cast.campaign(closes_at=START + timedelta(hours=1))
    cast.signed("bo@example.org")
    token = form_token(cast.browser().get("/en/campaigns/canteen").text)
    clock.shift(timedelta(hours=1))
    before = everything()
    answer = cast.browser().post(
        "/en/campaigns/canteen", data={"name": "Ana", "email": "a@example.org", "token": token}
    )
    assert answer.status_code == 409
    assert "Signing has closed" in answer.text
    assert "<strong>1</strong>" in answer.text
    assert "5 March 2031, 10:02 UTC" in answer.text
    assert everything() == before


def test_a_draft_is_unknown_and_a_withdrawn_campaign_is_gone_and_neither_tells_its_title(cast: Cast) -> None:
    """S08."""
    cast.campaign("draft", publish=False)
    cast.campaign("pulled")
    running.withdraw(cast.row("pulled"), "a test")
    db.session.commit()
    client = cast.browser()
    for slug, status in (("draft", 404), ("pulled", 410)):
        for path in ("", "/privacy", "/link", "/inbox/x", "/thanks/x"):
            answer = client.get(f"/en/campaigns/{slug}{path}")
            assert answer.status_code == status, path
            assert "canteen" not in answer.text.replace("/canteen", "")
        assert client.post(f"/en/campaigns/{slug}", data={"name": "Ana"}).status_code == status
    unknown, draft = client.get("/en/campaigns/never"), client.get("/en/campaigns/draft")
    assert draft.text.replace("draft", "never") == unknown.text
    for path in ("/en/", "/en/link"):
        assert "Take the canteen" not in client.get(path).text


def test_a_paused_campaign_refuses_politely_and_works_again_after_the_pause(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S09."""
    cast.campaign()
    token = form_token(cast.browser().get("/en/campaigns/canteen").text)
    running.pause(cast.row(), "a test")
    db.session.commit()
    before = everything()
    refused = cast.browser().post(
        "/en/campaigns/canteen", data={"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token}
    )
    assert refused.status_code == 409
    assert "Signing is paused" in refused.text
    assert everything() == before
    clock.shift(timedelta(days=3))
    running.resume(cast.row(), "a test")
    db.session.commit()
    assert cast.signed()
    assert cast.total() == 1


def test_signing_again_before_confirming_looks_the_same_and_a_letter_goes_every_ten_minutes(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10, B10: any link sent opens the same page, and confirms once."""
    cast.campaign()
    pages, letters = [], []
    for _ in range(3):
        answer = cast.sign()
        pages.append(page(cast, answer.location))
        letters.append(cast.deliver())
        clock.shift(timedelta(minutes=5))
    assert len(set(pages)) == 1
    assert [len(some) for some in letters] == [1, 0, 1]
    clock.shift(timedelta(minutes=30))
    assert cast.deliver() == [], "the letter of one said all that the other had to say"
    first, third = letters[0][0], letters[2][0]
    assert link_in(first).partition("?")[0] == link_in(third).partition("?")[0]
    assert cast.press(first).status_code == 303
    assert cast.press(third).status_code == 303
    assert cast.total() == 1
    assert len(stored()) == 1


def test_the_letter_that_had_to_wait_comes_after_ten_minutes(cast: Cast, clock: time_machine.Traveller) -> None:
    """S10: none is dropped while it still has something to say."""
    cast.campaign()
    cast.sign()
    assert len(cast.deliver()) == 1
    clock.shift(timedelta(minutes=1))
    cast.sign()
    clock.shift(timedelta(minutes=8, seconds=59))
    assert cast.deliver() == []
    clock.shift(timedelta(seconds=1))
    assert len(cast.deliver()) == 1
    clock.shift(timedelta(hours=1))
    assert cast.deliver() == []


def test_a_mailbox_gets_three_letters_of_a_campaign_in_a_utc_day_and_the_fourth_the_next(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10."""
    cast.campaign()
    sent = 0
    for _ in range(6):
        cast.sign()
        sent += len(cast.deliver())
        clock.shift(timedelta(minutes=20))
    assert sent == 3
    clock.move_to(START.replace(hour=23, minute=59, second=59))
    assert cast.deliver() == []
    clock.shift(timedelta(seconds=1))
    assert len(cast.deliver()) == 1, "one letter says what the three that waited would have said"


def test_two_hundred_requests_over_twenty_campaigns_send_one_mailbox_five_letters_in_a_day(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10, A6: from 200 networks; the same page every time."""
    for number in range(20):
        cast.campaign(f"appeal-{number}-")
    client = cast.browser()
    slugs = [f"appeal-{number}-" for number in range(20)]
    tokens = {slug: form_token(client.get(f"/en/campaigns/{slug}").text) for slug in slugs}
    pages = set()
    for number in range(200):
        slug = f"appeal-{number % 20}-"
        data = {"name": "V", "email": "victim@example.org", "country": "IE", "token": tokens[slug]}
        answer = client.post(f"/en/campaigns/{slug}", data=data, environ_base={"REMOTE_ADDR": f"10.0.{number}.1"})
        assert answer.status_code == 303
        pages.add(page(cast, answer.location).replace(slug, "SLUG"))
    assert len(pages) == 1
    cast.deliver(rounds=15)
    clock.shift(timedelta(hours=10))
    cast.deliver(rounds=15)
    assert len(cast.sink.letters) == 5


def test_corrected_and_withdrawn_letters_are_free_of_the_limits(cast: Cast, clock: time_machine.Traveller) -> None:
    """S10: these letters only."""
    cast.campaign()
    path = link_in(cast.signed()).partition("?")[0]
    for number in range(4):
        cast.browser().post(f"{path}/correct", data={"name": f"Ana {number}", "country": "IE"})
        (letter,) = cast.deliver()
        assert letter.subject == "Your changes are stored"
    cast.browser().post(f"{path}/withdraw")
    assert [letter.subject for letter in cast.deliver()] == ["Your signature is withdrawn"]


def test_who_has_signed_and_signs_again_is_told_so_by_letter_once_a_day(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S11."""
    cast.campaign()
    own = link_in(cast.signed())
    first = page(cast, cast.sign("new@example.org").location).replace("new@", "ana@")
    cast.deliver()
    clock.shift(timedelta(minutes=11))
    assert page(cast, cast.sign().location) == first
    (letter,) = cast.deliver()
    assert letter.subject == "You have already signed"
    assert link_in(letter).partition("?")[0] == own.partition("?")[0]
    clock.shift(timedelta(hours=2))
    cast.sign()
    assert cast.deliver() == []
    clock.shift(timedelta(days=1))
    cast.sign()
    assert [one.subject for one in cast.deliver()] == ["You have already signed"]
    assert cast.total() == 1


@pytest.mark.parametrize(("state", "said"), [("hold", "looking at"), ("remove", "have decided")])
def test_who_signs_again_after_a_decision_hears_of_it_and_never_that_they_have_signed(
    cast: Cast, clock: time_machine.Traveller, state: str, said: str
) -> None:
    """S26."""
    cast.campaign()
    cast.signed()
    first = page(cast, cast.sign("new@example.org").location).replace("new@", "ana@")
    cast.deliver()
    (signature,) = stored()
    assert decisions.decide(signature.id, state, actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    clock.shift(timedelta(minutes=11))
    assert page(cast, cast.sign().location) == first
    (letter,) = cast.deliver()
    assert said in letter.text
    assert "list@dockside.example" in letter.text
    assert "already signed" not in letter.text
    cast.press(letter)
    assert cast.total() == 0
    assert len(stored()) == 1


def test_the_inbox_page_shows_the_address_just_typed_and_its_mailbox_for_fifteen_minutes(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S18."""
    cast.campaign()
    where = cast.sign("ana.maria@gmail.com").location
    assert "gmail" not in where
    assert "@" not in where
    clock.shift(timedelta(minutes=15))
    fresh = cast.browser().get(where).text
    assert "ana.maria@gmail.com" in fresh
    assert 'href="/en/campaigns/canteen#sign"' in fresh
    assert 'href="https://mail.google.com/"' in fresh
    clock.shift(timedelta(seconds=1))
    old = page(cast, where)
    assert old == page(cast, "/en/campaigns/canteen/inbox/whatever")
    assert "gmail" not in old
    assert "mail.google.com" not in old


def test_an_inbox_stamp_of_one_campaign_opens_nothing_at_another(cast: Cast) -> None:
    """S18."""
    cast.campaign()
    cast.campaign("library")
    stamp = cast.sign("ana@example.org").location.rpartition("/")[2]
    assert "ana@example.org" not in cast.browser().get(f"/en/campaigns/library/inbox/{stamp}").text


def test_the_whole_walk_sets_no_cookie_and_needs_no_script(cast: Cast) -> None:
    """S14: the cast's browser keeps no cookies and runs no script; nothing here may even try."""
    cast.campaign()
    client = cast.browser()
    page = client.get("/en/campaigns/canteen")
    data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": form_token(page.text)}
    sent = client.post("/en/campaigns/canteen", data=data)
    inbox = client.get(sent.location)
    (letter,) = cast.deliver()
    own = client.get(link_in(letter))
    thanks = cast.press(letter)
    last = client.get(thanks.location)
    for answer in (page, sent, inbox, own, thanks, last):
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r"<script(?! src=)| on[a-z]+=", answer.text)
    assert cast.total() == 1


def test_over_the_soft_limit_signatures_are_taken_and_their_letters_spread_over_time(
    make_app: Callable[..., Flask],
) -> None:
    """S49, A1: everybody at a meeting of 30 gets a letter, ten an hour; another network gets its own at once."""
    app = make_app(soft_limit=10)
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        cast = Cast(app)
        cast.campaign()
        for number in range(30):
            assert cast.sign(f"p{number}@example.org").status_code == 303
        assert len(cast.deliver()) == 10
        _sign_from(cast, "elsewhere@example.org", "192.0.2.7")
        assert [letter.to for letter in cast.deliver()] == ["elsewhere@example.org"]
        an_hour = []
        for _ in range(5):
            clock.shift(timedelta(minutes=72))
            an_hour.append(len(cast.deliver()))
        assert max(an_hour) <= 10
        assert len({letter.to for letter in cast.sink.letters}) == 31
        assert cast.total() == 0


def _sign_from(cast: Cast, email: str, address: str, slug: str = "canteen"):
    client = cast.browser()
    token = form_token(client.get(f"/en/campaigns/{slug}").text)
    data = {"name": "Ana", "email": email, "country": "IE", "token": token}
    return client.post(f"/en/campaigns/{slug}", data=data, environ_base={"REMOTE_ADDR": address})


def test_letters_that_had_to_wait_for_a_crowd_do_not_all_go_at_the_same_instant(make_app: Callable[..., Flask]) -> None:
    """S49: spread."""
    app = make_app(soft_limit=2)
    with app.app_context(), time_machine.travel(START, tick=False):
        cast = Cast(app)
        cast.campaign()
        for number in range(12):
            cast.sign(f"p{number}@example.org")
        cast.deliver()
        due = db.session.scalars(select(Letter.due_at).where(Letter.state == "waiting")).all()
    assert len(due) == 10
    assert len(set(due)) > 5


def test_far_over_the_limit_one_network_is_refused_and_another_is_not(make_app: Callable[..., Flask]) -> None:
    """S49, A1: rows never exceed the hard limit; 429 says when to come back."""
    app = make_app(hard_limit=20, soft_limit=5)
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        cast = Cast(app)
        cast.campaign()
        token = form_token(cast.browser().get("/en/campaigns/canteen").text)
        client = cast.browser()

        def send(number: int, address: str):
            data = {"name": "Bot", "email": f"b{number}@example.org", "country": "IE", "token": token}
            return client.post("/en/campaigns/canteen", data=data, environ_base={"REMOTE_ADDR": address})

        answers = [send(number, f"198.51.100.{number % 250}") for number in range(40)]
        assert [answer.status_code for answer in answers] == [303] * 20 + [429] * 20
        assert answers[-1].headers["Retry-After"].isdigit()
        assert len(pending()) == 20
        assert send(99, "203.0.113.1").status_code == 303
        assert cast.browser().get("/en/campaigns/canteen").status_code == 200
        assert len(cast.deliver()) == 6
        assert cast.total() == 0
        clock.shift(timedelta(hours=1))
        assert send(100, "198.51.100.1").status_code == 303


def test_an_advert_in_a_name_is_refused_if_it_holds_an_address_and_quoted_once_if_not(cast: Cast) -> None:
    """A7: the name is never in a subject, and escaped in HTML."""
    cast.campaign()
    assert cast.sign(name="WIN http://x").status_code == 422
    cast.sign(name="Win <b>at</b> x dot com")
    (letter,) = cast.deliver()
    assert letter.text.count("Win <b>at</b> x dot com") == 1
    assert "“Win <b>at</b> x dot com”" in letter.text
    assert "Win &lt;b&gt;at" in letter.html
    assert "Win" not in letter.subject


def test_no_comment_stands_in_a_letter(cast: Cast) -> None:
    """A7."""
    cast.campaign()
    cast.sign(comment="Buy cheap rope", organisation="Rope Ltd", place="Ropetown")
    (letter,) = cast.deliver()
    assert "ope" not in letter.text.replace("open", "").replace("Open", "").replace("hope", "")
    assert "ope" not in letter.html.replace("open", "").replace("Open", "").replace("hope", "").replace("noopener", "")


def test_what_only_a_machine_fills_is_answered_alike_and_stored_nowhere(cast: Cast) -> None:
    """A1: the field that nobody sees."""
    cast.campaign()
    before = everything()
    answer = cast.sign(website="http://buy.example")
    assert answer.status_code == 303
    assert "ana@example.org" in cast.browser().get(answer.location).text
    assert everything() == before


def test_two_quick_posts_of_the_same_form_send_one_letter(cast: Cast) -> None:
    """F11."""
    cast.campaign()
    client = cast.browser()
    token = form_token(client.get("/en/campaigns/canteen").text)
    data = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token}
    first, second = (client.post("/en/campaigns/canteen", data=data) for _ in range(2))
    assert page(cast, first.location) == page(cast, second.location)
    assert len(cast.deliver()) == 1


def test_a_letter_that_cannot_go_starts_the_clocks_of_its_own_row_alone(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S05: sent, failed or needless."""
    cast.campaign()
    cast.sign()
    cast.deliver()
    (row,) = pending()
    assert row.asked_at == START
    clock.shift(timedelta(minutes=1))
    cast.sign(name="Second")
    assert [one.asked_at for one in pending()] == [START, None]
    # The mailbox asks for no letters meanwhile: the second letter has become needless.
    db.session.execute(update(links.Link).values(quiet_until=START + timedelta(days=9)))
    db.session.commit()
    cast.deliver()
    assert [one.asked_at for one in pending()] == [START, START + timedelta(minutes=1)]


def test_no_sealed_address_is_left_in_letters_that_have_ended(cast: Cast) -> None:
    """I9."""
    cast.campaign()
    path = link_in(cast.signed()).partition("?")[0]
    cast.browser().post(f"{path}/withdraw")
    cast.deliver()
    assert db.session.scalar(select(func.count()).where(Letter.state == "sent")) == 2
    assert db.session.scalar(select(func.count()).where(Letter.sealed.is_not(None))) == 0
    db.session.remove()
    assert link_of(cast, "ana@example.org") is not None
