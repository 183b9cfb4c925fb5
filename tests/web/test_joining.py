"""Joining, being told of meetings, news of a campaign: from the form to the list (issue 8; S10, S12, S18, S53)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select

from petition import contacts, links, running, signatures
from petition.base import crypto, db, mailbox, smtp, tokens
from petition.base.outbox import Letter
from petition.contacts import Contact, PendingContact
from petition.drafts import Text
from petition.links import MailboxDay
from petition.web.forms import WishForm
from tests.cast import Cast, form_token
from tests.web.asking import FORMS, ask, asked, contacts_now, listed, page_in, press, root, rows_in, waiting_now
from tests.web.steps import START, everything, page, without_token

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
every_wish = pytest.mark.parametrize("wish", FORMS)


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


@pytest.mark.parametrize(
    ("wish", "subject", "responsible", "button", "heading"),
    [
        ("join", "Please confirm that you want to join", "Dock Radio, hello@dock.example", "Join –", "You have joined"),
        ("meetings", "Please confirm that you want to be told of meetings", "Dock Radio, hello@dock.example", "Tell me",
         "You are told of meetings"),
        ("news", "Please confirm that you want news", "Dockside Aid, list@dockside.example", "Send me news",
         "You asked for news of this campaign"),
    ],
)  # fmt: skip
def test_from_the_form_to_the_letter_to_the_button_to_the_list(
    make_app: Callable[..., Flask], wish: str, subject: str, responsible: str, button: str, heading: str
) -> None:
    app = make_app(operator="Dock Radio", operator_address="hello@dock.example")
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        form = cast.browser().get(FORMS[wish]).text
        assert button in form
        assert responsible.partition(", ")[0] in form
        answer = ask(cast, wish)
        assert (answer.status_code, answer.location.rpartition("/")[0]) == (303, FORMS[wish] + "/inbox")
        assert "ana@example.org" in page(cast, answer.location)
        assert contacts_now() == []
        (letter,) = cast.deliver()
        assert (letter.subject, letter.to) == (subject, "ana@example.org")
        assert responsible in letter.text
        assert "List-Unsubscribe" not in letter.headers
        own = cast.browser().get(page_in(letter)).text
        assert len(rows_in(own)) == 1
        assert ("Ana María" in own) is (wish == "join")
        done = cast.browser().get(press(cast, letter).location).text
        assert heading in done
        assert "You are on the list." in done
        (contact,) = contacts_now()
        assert (contact.wish, contact.proof, contact.campaign_id is None) == (wish, "letter", wish != "news")
        assert waiting_now() == []
        assert cast.deliver() == []


@every_wish
def test_looking_at_a_letters_page_changes_nothing(cast: Cast, wish: str) -> None:
    """S02: a mail program's scanner follows links and asks for them more than once."""
    cast.campaign()
    letter = asked(cast, wish)
    before = everything()
    for path in (page_in(letter), root(letter), page_in(letter), root(letter) + "/data.json"):
        for method in ("GET", "HEAD"):
            assert cast.browser().open(path, method=method).status_code == 200
    assert everything() == before
    for verb in ("confirm", "fresh", "not-me", "no-letters", "allow"):
        assert cast.browser().get(f"{root(letter)}/{verb}").status_code == 405


def test_what_was_typed_is_sealed_for_its_wish_and_campaign_and_shown_on_the_contacts_page(cast: Cast) -> None:
    cast.campaign()
    typed = {"name": "Ngũgĩ wa Thiong’o", "country": "KE", "place": "Mombasa", "note": "Drive the van.\nCook."}
    letter = listed(cast, "join", **typed)
    (contact,) = contacts_now()
    assert contacts.opened(contact) == contacts.ContactDetails(address="ana@example.org", **typed)
    shown = cast.browser().get(page_in(letter)).text
    for words in ("Ngũgĩ wa Thiong’o", "Kenya", "Mombasa", "Drive the van.\nCook.", "ana@example.org", "English"):
        assert words in shown
    for campaign_id, wish in ((None, "meetings"), (1, "join")):
        with pytest.raises(crypto.Unsealable):
            contacts.unsealed(campaign_id, wish, contact.sealed)
    assert contact.mailbox == links.site_mailbox("ana@example.org")


def test_news_of_two_campaigns_is_kept_under_keys_that_nobody_can_link(cast: Cast) -> None:
    """S23."""
    for slug in ("canteen", "harbour"):
        cast.campaign(slug)
        ask(cast, "news", path=f"/en/campaigns/{slug}/news")
    one, other = waiting_now()
    assert one.mailbox != other.mailbox
    assert one.mailbox == signatures.mailbox_key(cast.reading(), "ana@example.org")


def in_all_states(cast: Cast, clock: time_machine.Traveller, wish: str) -> dict[str, str]:
    """An address of one length for each thing that may be known about it."""
    emails = {state: f"{state[:4]}@example.org" for state in ("never", "waiting", "listed", "stopped", "disowned",
              "silenced", "signed")}  # fmt: skip
    asked(cast, wish, emails["waiting"])
    listed(cast, wish, emails["listed"])
    for state, verb in (("stopped", ""), ("disowned", "/not-me"), ("silenced", "/no-letters")):
        cast.browser().post(root(listed(cast, wish, emails[state])) + verb)
    cast.signed(emails["signed"], news="y")
    clock.shift(timedelta(hours=1))
    return emails


@every_wish
def test_the_answer_to_a_form_is_the_same_whatever_is_known_of_an_address(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S12, S18: status, headers, body, what is stored, and the page after it."""
    cast.campaign()
    emails = in_all_states(cast, clock, wish)
    answers, stored = {}, {}
    for state, email in emails.items():
        before = {row.id for row in waiting_now()}, db.session.scalar(select(func.count()).select_from(Letter))
        answer = ask(cast, wish, email)
        headers = [(name, value) for name, value in answer.headers if name not in ("Date", "Location")]
        after = page(cast, answer.location).replace(email, "ADDRESS")
        wrong = without_token(ask(cast, wish, email, token="old").text).replace(email, "ADDRESS")
        answers[state] = (answer.status_code, headers, len(answer.location), len(answer.data), after, wrong)
        (new,) = [row for row in waiting_now() if row.id not in before[0]]
        letters = (db.session.scalar(select(func.count()).select_from(Letter)) or 0) - (before[1] or 0)
        stored[state] = (len(new.sealed), new.asked_at, letters)
    for found in (answers, stored):
        assert {state for state in found if found[state] != found["never"]} == set()


@every_wish
def test_an_empty_form_says_what_is_missing_and_keeps_the_rest(cast: Cast, wish: str) -> None:
    """S30: status 422, the summary has the focus, each sentence leads to its field."""
    cast.campaign()
    answer = ask(cast, wish, "", name="", country="", place="Cork")
    assert answer.status_code == 422
    assert re.search(r'id="errors" tabindex="-1" autofocus', answer.text)
    missing = re.findall(r'<li><a href="#f-(\w+)">', answer.text)
    assert set(missing) == {"email", *(name for name, must in WishForm.ASKS[wish].items() if must)}
    assert ('value="Cork"' in answer.text) is (wish != "news")
    assert waiting_now() == []
    assert form_token(answer.text)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", "x" * 121), ("name", "www.example.org"), ("name", "a\u202eb"), ("place", "a\nb"), ("country", "XX"),
     ("note", "x" * 1001), ("email", "ana@"), ("email", "a@example.org\nBcc: b@example.org")],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_next_to_its_field(cast: Cast, field: str, typed: str) -> None:
    """S31, S32."""
    answer = ask(cast, "join", **{field: typed})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert waiting_now() == []


def test_fields_that_a_form_does_not_ask_are_not_taken(cast: Cast) -> None:
    """S35."""
    cast.campaign()
    ask(cast, "news", name="Ana", country="IE", place="Cork", note="Hello", consent="7", campaign_id="1")
    (row,) = waiting_now()
    assert contacts.opened(row) == contacts.ContactDetails("ana@example.org")
    assert row.wish == "news"


@every_wish
def test_an_old_or_foreign_token_gives_the_form_back_with_what_was_typed(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S35."""
    cast.campaign()
    other = cast.campaign("other")
    old = form_token(cast.browser().get(FORMS[wish]).text)
    clock.shift(timedelta(hours=26))
    foreign = tokens.form(other.id, 1, 1, "", db.now())
    for token in (old, foreign, "", "forged"):
        answer = ask(cast, wish, token=token, place="Cork", note="Cook")
        assert answer.status_code == 422
        assert 'value="ana@example.org"' in answer.text
        assert waiting_now() == []
        again = {"email": "ana@example.org", "name": "Ana", "country": "IE", "token": form_token(answer.text)}
        assert cast.browser().post(FORMS[wish], data=again).status_code == 303
        db.session.execute(delete(PendingContact))
        db.session.commit()


def test_a_machine_that_fills_every_field_gets_the_same_answer_and_nothing_is_stored(cast: Cast) -> None:
    answer = ask(cast, "join", website="https://example.org")
    assert answer.status_code == 303
    assert page(cast, answer.location) == page(cast, ask(cast, "join").location)
    assert len(waiting_now()) == 1
    assert len(cast.deliver()) == 1


def test_the_address_typed_is_in_no_address_bar_and_shown_for_a_quarter_of_an_hour(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S18."""
    cast.campaign()
    for wish, form in FORMS.items():
        location = ask(cast, wish, "ana@gmail.com").location
        assert "ana" not in location.removeprefix(form)
        shown = cast.browser().get(location).text
        assert "ana@gmail.com" in shown
        assert "Open your mailbox at" in shown
        assert f'href="{form}"' in shown
        others = [path for path in FORMS.values() if path != form]
        for elsewhere in others:
            assert "ana@gmail.com" not in cast.browser().get(location.replace(form, elsewhere)).text
        clock.shift(16 * MINUTE)
        late = cast.browser().get(location)
        assert (late.status_code, "ana@gmail.com" in late.text) == (200, False)
        clock.shift(DAY)


def test_too_many_forms_of_one_network_are_refused_politely(make_app: Callable[..., Flask]) -> None:
    """S49."""
    app = make_app(hard_limit=3)
    with app.app_context():
        cast = Cast(app)
        codes = [ask(cast, "join", f"a{number}@example.org").status_code for number in range(5)]
        assert codes == [303, 303, 303, 429, 429]
        assert len(waiting_now()) == 3


def test_a_networks_soft_limit_counts_signatures_and_wishes_together(make_app: Callable[..., Flask]) -> None:
    """S49."""
    app = make_app(soft_limit=3)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        for number in range(2):
            cast.sign(f"a{number}@example.org")
            ask(cast, "join", f"b{number}@example.org")
        assert len(cast.deliver()) == 3
        assert len(waiting_now()) == 2


@every_wish
def test_a_mailbox_gets_one_letter_in_ten_minutes_about_a_wish_and_three_a_day(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S10: a later one waits, none is dropped while it still has something to say."""
    cast.campaign()
    for email in ("ana@gmail.com", "a.na+x@gmail.com", "Ana@googlemail.com"):
        ask(cast, wish, email)
    assert len(cast.deliver()) == 1
    for letters in (1, 1, 0):
        clock.shift(5 * MINUTE)
        ask(cast, wish, "ana@gmail.com")
        assert cast.deliver() == []
        clock.shift(5 * MINUTE)
        assert len(cast.deliver()) == letters
    clock.move_to(START + DAY)
    assert len(cast.deliver()) == 1
    assert all(row.asked_at for row in waiting_now())
    assert cast.deliver() == []


def test_the_five_letters_a_day_are_counted_over_wishes_and_signatures_together(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10."""
    for slug in ("canteen", "harbour", "depot"):
        cast.campaign(slug)
    cast.sign()
    for wish in FORMS:
        ask(cast, wish)
    cast.sign(slug="harbour")
    assert len(cast.deliver()) == 5
    assert db.session.scalar(select(MailboxDay.n)) == links.A_DAY_EVERYWHERE
    ask(cast, "news", path="/en/campaigns/depot/news")
    cast.sign(slug="depot")
    assert cast.deliver() == []
    clock.shift(DAY)
    assert len(cast.deliver()) == 2


def test_a_wish_and_a_signature_for_the_same_campaign_do_not_hold_each_other_up(cast: Cast) -> None:
    cast.campaign()
    cast.sign()
    ask(cast, "news")
    assert sorted(letter.subject for letter in cast.deliver()) == [
        "Please confirm that you want news", "Please confirm your signature",
    ]  # fmt: skip


@every_wish
def test_who_is_on_the_list_is_told_so_once_a_day_with_a_way_out_in_one_click(
    cast: Cast, clock: time_machine.Traveller, wish: str
) -> None:
    """S11, S53, RFC 8058."""
    cast.campaign()
    first = listed(cast, wish)
    clock.shift(11 * MINUTE)
    letter = asked(cast, wish)
    assert letter.subject == "You are on the list already"
    assert page_in(letter) == root(first)
    assert letter.headers == {
        "List-Unsubscribe": f"<http://localhost{root(first)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip
    clock.shift(11 * MINUTE)
    ask(cast, wish)
    assert cast.deliver() == []
    clock.shift(DAY)
    assert asked(cast, wish).subject == "You are on the list already"
    assert len(contacts_now()) == 1


def test_a_tick_pressed_while_a_form_of_its_own_waits_makes_one_contact_and_a_letter_that_says_so(cast: Cast) -> None:
    """S53."""
    cast.campaign()
    ask(cast, "news")
    cast.sign(news="y")
    letters = {letter.subject: letter for letter in cast.deliver()}
    cast.press(letters["Please confirm your signature"])
    (contact,) = contacts_now()
    assert contact.proof == "signature"
    shown = cast.browser().get(root(letters["Please confirm that you want news"])).text
    assert "You ticked this beside your signature" in shown
    assert "Typed again" not in shown


def test_withdrawing_a_signature_leaves_what_was_asked_in_its_own_form(cast: Cast) -> None:
    """S53: neither the contact nor a wish whose letter has not gone yet ends unasked."""
    cast.campaign()
    own = cast.signed()
    ask(cast, "news")
    path = own.text.partition("http://localhost")[2].split("?")[0].split()[0]
    cast.browser().post(path + "/withdraw")
    letters = {letter.subject: letter for letter in cast.deliver()}
    assert set(letters) == {"Your signature is withdrawn", "Please confirm that you want news"}
    press(cast, letters["Please confirm that you want news"])
    assert len(contacts_now()) == 1


def test_this_was_not_me_on_the_own_page_ends_the_campaigns_news_and_its_letters(cast: Cast) -> None:
    """S15."""
    cast.campaign()
    own = cast.signed()
    letter = listed(cast, "news")
    ask(cast, "news")
    path = own.text.partition("http://localhost")[2].split("?")[0].split()[0]
    cast.browser().post(path + "/not-me")
    assert (contacts_now(), waiting_now()) == ([], [])
    ask(cast, "news")
    assert cast.deliver() == []
    assert "Nothing waits here" not in cast.browser().get(page_in(letter)).text
    ask(cast, "join")
    assert len(cast.deliver()) == 1


def test_news_can_be_asked_for_when_a_campaign_is_closed_but_not_of_a_draft_or_one_that_is_gone(cast: Cast) -> None:
    """S08: a draft is 404, a withdrawn one 410."""
    cast.campaign()
    running.close(cast.row(), "a test")
    db.session.commit()
    listed(cast, "news")
    cast.campaign("draft", publish=False)
    cast.campaign("gone")
    running.withdraw(cast.row("gone"), "a test")
    cast.campaign("forgotten")
    cast.row("forgotten").forgotten_at = db.now()
    db.session.commit()
    codes = {slug: cast.browser().get(f"/en/campaigns/{slug}/news").status_code for slug in ("draft", "gone",
             "forgotten", "none")}  # fmt: skip
    assert codes == {"draft": 404, "gone": 410, "forgotten": 404, "none": 404}


def test_nobody_is_asked_to_confirm_news_of_a_campaign_that_was_withdrawn_meanwhile(cast: Cast) -> None:
    cast.campaign()
    ask(cast, "news")
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    assert cast.deliver() == []
    (row,) = waiting_now()
    assert row.asked_at is not None


def test_a_campaign_in_a_language_that_only_it_has_asks_for_its_news_in_it(cast: Cast) -> None:
    texts = {code: Text(f"Title {code}", "A", "S", "T") for code in ("en", "ar")}
    cast.campaign(texts=texts)
    form = cast.browser().get("/ar/campaigns/canteen/news").text
    assert '<html lang="en" dir="rtl">' in form
    assert "Title ar" in form
    letter = asked(cast, "news", path="/ar/campaigns/canteen/news")
    assert letter.language == "en"
    press(cast, letter)
    assert contacts_now()[0].language == "ar"
    assert "Title ar" in cast.browser().get(root(letter)).text


def test_a_form_in_spanish_leads_to_a_letter_and_a_page_in_spanish(cast: Cast) -> None:
    letter = asked(cast, "join", path="/es/join")
    assert letter.language == "es"
    assert '<html lang="es"' in cast.browser().get(page_in(letter)).text
    assert '<html lang="en"' in cast.browser().get(root(letter) + "?language=en").text


def test_the_page_of_each_form_is_kept_and_the_same_for_everybody(make_app: Callable[..., Flask]) -> None:
    app = make_app(page_cache=0.5)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        for path in (*FORMS.values(), *(path.replace("/en/", "/es/") for path in FORMS.values())):
            answer = cast.browser().get(path)
            assert answer.headers["Cache-Control"].startswith("public")
            assert f'<link rel="canonical" href="http://localhost{path}">' in answer.text
            assert "Set-Cookie" not in answer.headers
            assert cast.browser().get(path + "?email=ana@example.org&x=1").data == answer.data


def test_what_people_type_is_text_everywhere(cast: Cast) -> None:
    """S34."""
    name, note = "<b>Ana</b> {{ 7*7 }}", "<script>alert(1)</script> %s %(x)s"
    letter = asked(cast, "join", name=name, note=note)
    assert name in letter.text
    assert "<b>Ana" not in letter.html
    shown = cast.browser().get(page_in(letter)).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; %s %(x)s" in shown
    handed_back = ask(cast, "join", name=name, note=note, token="old").text
    assert "&lt;script&gt;alert(1)" in handed_back
    assert "<script>alert" not in handed_back


def test_a_letter_to_a_contact_keeps_its_line_for_mail_programs_whole(cast: Cast) -> None:
    """RFC 8058: an encoded or broken line would not be understood."""
    letter = asked(cast, "join")
    long = f"<https://{'a' * 60}.example.org{root(letter)}>"
    changed = type(letter)(letter.to, letter.subject, letter.text, letter.html, "en", {"List-Unsubscribe": long})
    head = smtp.build(changed, "<a@localhost>", "Site", "list@dockside.example").partition(b"\r\n\r\n")[0]
    assert f"\r\nList-Unsubscribe: {long}\r\n".encode() in head


def test_folding_an_address_of_a_contact_is_that_of_signing(cast: Cast) -> None:
    """S20, S21."""
    for number, email in enumerate(("ana@gmail.com", "A.N.A+x@googlemail.com")):
        ask(cast, "join", email)
        assert len(waiting_now()) == number + 1
    assert {row.mailbox for row in waiting_now()} == {links.site_mailbox(mailbox.parse("ana@gmail.com").folded)}
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 0
