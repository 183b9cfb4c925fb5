"""The signer's own affairs behind the link (S50–S52)."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from petition import decisions, register, running
from petition.base import db
from petition.base.outbox import Letter, Message
from petition.contacts import Contact
from petition.links import Link
from petition.register import Move
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast, form_token, link_in

TYPED = {
    "name": "Ana María Ruiz", "place": "Vell Harbour", "role": "Cook", "organisation": "Dockers’ Union",
    "comment": "They fed us.\nAll of us.", "on_behalf": "y", "country": "IE",
}  # fmt: skip
CORRECTED = {
    "name": "Ana M. Ruiz", "place": "Lower Quay", "role": "Crane driver", "organisation": "Harbour Choir",
    "comment": "Still.", "country": "PT", "appear": "full", "with_role": "y", "short": "A. R.",
}  # fmt: skip


def root(letter: Message) -> str:
    """The address of the own page, without what a letter adds to it."""
    return link_in(letter).partition("?")[0]


def look(cast: Cast, letter: Message, more: str = "") -> str:
    answer = cast.browser().get(root(letter) + more)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def press(cast: Cast, letter: Message, verb: str, **typed: str) -> TestResponse:
    return cast.browser().post(f"{root(letter)}/{verb}", data=typed)


def record(cast: Cast, letter: Message) -> dict[str, Any]:
    answer = cast.browser().get(root(letter) + "/data.json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=signature.json"
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json
    return found


def signature() -> Signature:
    return db.session.scalars(select(Signature)).one()


def rows(model: type[db.Base]) -> int:
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.remove()
    return int(found or 0)


def ask_for_link(cast: Cast, address: str, path: str = "/en/campaigns/canteen/link", **more: str) -> TestResponse:
    client = cast.browser()
    return client.post(path, data={"email": address, "token": form_token(client.get(path).text)} | more)


def test_the_own_page_shows_all_that_is_stored_in_plain_words(cast: Cast) -> None:
    """S50."""
    cast.campaign()
    letter = cast.signed(**TYPED)
    page = look(cast, letter)
    for said in (*TYPED.values(), "ana@example.org", "Ireland", "English", "You do not appear in public."):
        assert said in page or said in ("y", "IE")
    assert re.search(r"For the organisation</dt>\s*<dd><bdi>yes", page)


def test_everything_typed_but_the_address_can_be_corrected(cast: Cast) -> None:
    """S50: the address stays, even if a form names another one; how to appear changes with it."""
    cast.campaign()
    letter = cast.signed(**TYPED)
    answer = press(cast, letter, "correct", **CORRECTED, email="other@example.org", address="other@example.org")
    assert answer.status_code == 303
    stored = record(cast, letter)["signature"]
    assert stored["address"] == "ana@example.org"
    assert {name: stored[name] for name in CORRECTED if name != "with_role"} == {
        name: value for name, value in CORRECTED.items() if name != "with_role"
    }
    assert (stored["with_role"], stored["on_behalf"]) == (True, False)
    assert "Your changes are stored." in look(cast, letter, "?done=corrected")
    assert (signature().shown_name, signature().shown_role) == ("Ana M. Ruiz", "Crane driver, Harbour Choir*")
    told = cast.deliver()
    assert [one.to for one in told] == ["ana@example.org"]
    assert "Your changes are stored" in told[0].subject


def test_a_corrected_country_is_two_moves_and_leaves_the_total(cast: Cast) -> None:
    """S50; the register's rule for corrections."""
    cast.campaign()
    letter = cast.signed(country="IE")
    press(cast, letter, "correct", name="Ana", country="PT", appear="hidden")
    moves = [(move.kind, move.amount, move.country) for move in db.session.scalars(select(Move).order_by(Move.id))]
    assert moves == [("entered", 1, "IE"), ("corrected", -1, "IE"), ("corrected", 1, "PT")]
    assert register.breakdown(cast.reading().id, "country") == {"PT": 1}
    assert cast.total() == 1


def test_a_correction_that_is_wrong_changes_nothing_and_says_why(cast: Cast) -> None:
    """S30 on the own page: what was typed is kept, the summary leads to the field."""
    cast.campaign()
    letter = cast.signed()
    answer = press(cast, letter, "correct", name="", country="IE", place="New <place>", short="x\u202ey")
    assert answer.status_code == 422
    assert 'href="#f-name"' in answer.text
    assert 'href="#f-short"' in answer.text
    assert "New &lt;place&gt;" in answer.text
    assert record(cast, letter)["signature"]["name"] == "Ana María"


def test_the_short_form_follows_a_corrected_name_unless_its_owner_has_edited_it(cast: Cast) -> None:
    """S52: the form suggests the short form, so sending the suggestion back unchanged is no edit of it."""
    cast.campaign()
    letter = cast.signed(name="Ana María Ruiz", appear="short")
    assert signature().shown_name == "Ana R."
    suggested = re.search(r'id="f-short" name="short" type="text" value="([^"]*)"', look(cast, letter))
    assert suggested
    assert suggested.group(1) == "Ana R."
    press(cast, letter, "correct", name="Berta Costa", country="IE", appear="short", short="Ana R.")
    assert signature().shown_name == "Berta C."
    press(cast, letter, "correct", name="Berta Costa", country="IE", appear="short", short="B. from the quay")
    assert signature().shown_name == "B. from the quay"
    press(cast, letter, "correct", name="Berta Costa Lima", country="IE", appear="short", short="B. from the quay")
    assert signature().shown_name == "B. from the quay"


@pytest.mark.parametrize(
    ("typed", "name", "role"),
    [
        ({"appear": "hidden"}, "", ""),
        ({}, "", ""),
        ({"appear": "everywhere"}, "", ""),
        ({"with_role": "y"}, "", ""),
        ({"appear": "full"}, "Ana María Ruiz", ""),
        ({"appear": "full", "with_role": "y"}, "Ana María Ruiz", "Cook, Dockers’ Union"),
        ({"appear": "short"}, "Ana R.", ""),
    ],
)
def test_nobody_appears_in_public_but_as_chosen_and_the_default_is_hidden(
    cast: Cast, typed: dict[str, str], name: str, role: str
) -> None:
    """S52."""
    cast.campaign()
    client = cast.browser()
    page = client.get("/en/campaigns/canteen").text
    appear = page.partition('name="appear"')[2].partition("</select>")[0]
    assert '<option value="hidden" selected>' in appear
    data = {"token": form_token(page), "email": "ana@example.org"} | TYPED | typed
    client.post("/en/campaigns/canteen", data=data)
    cast.press(cast.deliver()[0])
    assert (signature().shown_name, signature().shown_role) == (name, role)


def test_withdrawing_erases_what_names_the_person_and_leaves_the_total(cast: Cast) -> None:
    """S51."""
    cast.campaign()
    letter = cast.signed(**TYPED)
    cast.number()
    answer = press(cast, letter, "withdraw")
    assert answer.status_code == 200
    assert cast.total() == 0
    assert "Your signature is withdrawn" in answer.text
    assert (rows(Signature), rows(PendingSignature)) == (0, 0)
    sealed = db.session.scalars(select(Letter).where(Letter.sealed.is_not(None))).all()
    assert [one.kind for one in sealed] == ["withdrawn"]
    db.session.remove()
    last = cast.deliver()
    assert [one.to for one in last] == ["ana@example.org"]
    assert "/t/" not in last[0].text
    assert db.session.scalars(select(Letter).where(Letter.sealed.is_not(None))).all() == []
    cast.number()
    assert cast.total() == 0


def test_links_sent_before_withdrawing_are_dead(cast: Cast) -> None:
    """S51: for looking and for pressing."""
    cast.campaign()
    letter = cast.signed()
    press(cast, letter, "withdraw")
    client = cast.browser()
    assert client.get(root(letter)).status_code == 404
    assert client.get(root(letter) + "/data.json").status_code == 404
    for verb in ("confirm", "fresh", "correct", "withdraw", "not-me", "no-letters", "allow", "stop-news"):
        assert press(cast, letter, verb).status_code == 404


def test_the_last_letter_is_tried_for_a_day_and_keeps_no_address_longer(cast: Cast) -> None:
    """S51."""
    cast.campaign()
    letter = cast.signed()
    with time_machine.travel(db.now() + timedelta(hours=1), tick=False) as clock:
        press(cast, letter, "withdraw")
        clock.shift(timedelta(hours=24, seconds=1))
        assert cast.deliver() == []
        assert db.session.scalars(select(Letter).where(Letter.sealed.is_not(None))).all() == []


@pytest.mark.parametrize("too", [False, True])
def test_withdrawing_stops_the_news_only_if_ticked(cast: Cast, too: bool) -> None:
    """S51, S53."""
    cast.campaign()
    letter = cast.signed(news="y")
    assert rows(Contact) == 1
    assert 'name="contacts" value="y">' in look(cast, letter)
    press(cast, letter, "withdraw", **({"contacts": "y"} if too else {}))
    assert rows(Contact) == (0 if too else 1)


def test_stopping_news_leaves_the_signature(cast: Cast) -> None:
    """S53."""
    cast.campaign()
    letter = cast.signed(news="y")
    assert press(cast, letter, "stop-news").status_code == 303
    assert rows(Contact) == 0
    assert cast.total() == 1


def test_what_is_stored_can_be_taken_along(cast: Cast) -> None:
    """S50: JSON with everything typed and chosen, pending signatures too."""
    cast.campaign()
    letter = cast.signed(**TYPED, news="y", source="kept-out")
    cast.sign(name="Somebody else")
    found = record(cast, letter)
    assert (
        found["signature"] | {name: value for name, value in TYPED.items() if name != "on_behalf"} == found["signature"]
    )
    assert found["signature"]["on_behalf"] is True
    assert found["signature"]["address"] == "ana@example.org"
    assert [one["name"] for one in found["waiting_for_confirmation"]] == ["Somebody else"]
    assert found["news_asked_for"] == ["news"]


def _close(cast: Cast) -> None:
    running.close(cast.row(), "a test", db.now() - timedelta(days=3))
    db.session.commit()


@pytest.mark.parametrize("closed", [False, True])
def test_everybody_can_have_their_link_sent_and_the_answer_is_the_same_for_all(cast: Cast, closed: bool) -> None:
    """S50, S04: closed campaigns too; on the campaign's page and on the one that lets you choose it."""
    cast.campaign()
    letter = cast.signed()
    if closed:
        _close(cast)
    assert "/en/campaigns/canteen/link" in cast.browser().get("/en/campaigns/canteen").text
    with time_machine.travel(db.now() + timedelta(hours=1), tick=True) as clock:
        known, unknown = ask_for_link(cast, "Ana@Example.org"), ask_for_link(cast, "nobody@example.org")
        assert (known.status_code, known.location) == (unknown.status_code, unknown.location) == (303, "/en/link/sent")
        assert cast.browser().get(known.location).status_code == 200
        sent = cast.deliver()
        assert [(one.to, root(one)) for one in sent] == [("Ana@example.org", root(letter))]
        clock.shift(timedelta(minutes=11))
        assert ask_for_link(cast, "ana@example.org", "/en/link", campaign="canteen").location == "/en/link/sent"
        assert [root(one) for one in cast.deliver()] == [root(letter)]


def test_asking_for_a_link_needs_a_campaign_that_the_public_can_see(cast: Cast) -> None:
    """S04, S08: the same sentence for a draft and for nothing at all; never an error of ours."""
    cast.campaign()
    cast.campaign("draft", publish=False)
    for chosen in ("", "unknown", "draft", "a\0b", "a" * 5000, "../canteen", "CANTEEN", "'--"):
        answer = ask_for_link(cast, "ana@example.org", "/en/link", campaign=chosen)
        assert (chosen, answer.status_code) == (chosen, 422)
        assert "Choose the campaign." in answer.text
    assert rows(Letter) == 0


def test_the_own_page_works_for_as_long_as_anything_is_stored(cast: Cast) -> None:
    """S50: a removed signature, and news alone."""
    cast.campaign()
    letter = cast.signed(news="y")
    decisions.decide(signature().id, "remove", actor="a test", reason="double", at=db.now())
    db.session.commit()
    page = look(cast, letter)
    assert "Your signature is not counted" in page
    assert "list@dockside.example" in page
    press(cast, letter, "withdraw")
    page = look(cast, _sent_link(cast))
    assert "News of this campaign" in page
    assert "Ana María" not in page


def _sent_link(cast: Cast) -> Message:
    with time_machine.travel(db.now() + timedelta(days=1), tick=True):
        ask_for_link(cast, "ana@example.org")
        return next(letter for letter in cast.deliver() if "/t/" in letter.text)


def test_many_pending_signatures_are_shown_by_page_and_none_is_left_out(cast: Cast) -> None:
    """S15: twenty newest, the rest by page."""
    cast.campaign()
    for number in range(25):
        cast.sign(name=f"Name {number:02}")
    letter = cast.deliver()[0]
    first = look(cast, letter)
    older = re.search(r'href="(\?before=[^"]+)"', first)
    assert older
    second = look(cast, letter, older.group(1))
    assert re.findall(r"Name \d\d", second.partition("<main")[2])[:1] == ["Name 04"]
    found = {name for page in (first, second) for name in re.findall(r"Name \d\d", page)}
    assert len(found) == 25


def test_what_is_added_to_the_address_of_the_own_page_does_no_harm(cast: Cast) -> None:
    """D13, D14, row 62."""
    cast.campaign()
    cast.sign()
    letter = cast.deliver()[0]
    befores = [f"?before={value}" for value in ("x", "nan", "inf", "1e300", "-1e12", "", "'--")]
    others = ["?row=x", "?row=99999999999999999999", "?language=../../etc", "?language=xx", "?done=%3Cb%3E"]
    for query in befores + others:
        assert "<b>" not in look(cast, letter, query)


@pytest.mark.parametrize("verb", ["confirm", "fresh"])
def test_a_row_that_is_not_there_changes_nothing_and_shows_the_page_again(cast: Cast, verb: str) -> None:
    """B6, D14."""
    cast.campaign()
    cast.sign()
    letter = cast.deliver()[0]
    numbers = ["-1", "0", "9223372036854775807", "9223372036854775808", "9999999999999999999", "9" * 30, "1.0"]
    for row in ["", "x", "٣", "²", "a\0b", "'--", *numbers]:
        answer = press(cast, letter, verb, row=row)
        assert (row, answer.status_code, answer.location) == (row, 303, root(letter))
    assert (rows(PendingSignature), rows(Signature)) == (1, 0)


def test_the_own_page_of_a_draft_or_withdrawn_campaign_still_serves_its_signers(cast: Cast) -> None:
    """S50: it works for as long as anything is stored, whatever the organisers did to the campaign."""
    cast.campaign()
    letter = cast.signed()
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    assert "Ana María" in look(cast, letter)
    assert press(cast, letter, "withdraw").status_code == 200
    assert rows(Signature) == 0


def test_the_own_page_speaks_the_signers_language_and_can_be_switched(cast: Cast) -> None:
    """Architecture: the language of the page is the one asked for, else the signer's."""
    cast.campaign()
    cast.sign(language="es")
    letter = cast.deliver()[0]
    assert '<html lang="es"' in look(cast, letter)
    assert '<html lang="en"' in look(cast, letter, "?language=en")


def test_nothing_on_the_own_page_leads_elsewhere_or_loads_from_there(cast: Cast) -> None:
    """B8: its address is a secret."""
    cast.campaign()
    letter = cast.signed()
    page = cast.browser().get(root(letter))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    leads = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
    assert leads
    assert all(lead.startswith(("/", "?", "#")) and not lead.startswith("//") for lead in leads)


def test_a_link_row_is_made_once_for_a_mailbox(cast: Cast) -> None:
    """S10: every letter of one mailbox holds the same address."""
    cast.campaign()
    cast.signed()
    with time_machine.travel(db.now() + timedelta(days=1), tick=True):
        cast.sign("ANA@example.org")
        letters = cast.deliver()
    assert {root(letter) for letter in cast.sink.letters} == {root(letters[0])}
    assert rows(Link) == 1
