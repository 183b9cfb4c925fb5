"""What letters say and how they arrive (S01, S11, S34, S48, S51, S70; security.md B9, C13, D9)."""

import email
import email.policy
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from petition import decisions, running
from petition.base import db, delivery, maildir, outbox, settings, smtp
from petition.base.outbox import Letter, Message
from petition.base.smtp import Trouble
from petition.drafts import Text
from petition.letters import KINDS, Letters, preview
from petition.signatures import Signature
from tests.cast import Cast, link_in

PATH = "/en/campaigns/canteen"


def root(letter: Message) -> str:
    return link_in(letter).partition("?")[0]


def built(letter: Message) -> EmailMessage:
    """The letter as a mail program reads it."""
    data = smtp.build(letter, "<a@localhost>", settings.current().site_name, "list@dockside.example")
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _decide(cast: Cast, verb: str) -> None:
    row = db.session.scalars(select(Signature)).one()
    assert decisions.decide(row.id, verb, actor="a test", reason="looked at", at=db.now())
    db.session.commit()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_letter_says_its_sentences_in_both_parts_and_names_no_campaign_in_its_subject(
    app: Flask, language: str
) -> None:
    """Issue 7: text and HTML from one source; C13: a subject may be read over a shoulder."""
    with app.test_request_context("/"):
        letters = preview.previews(language)
    assert letters.keys() == set(preview.KINDS)
    for letter in letters.values():
        title = re.search(r"[“«]([^”»]+)[”»]", letter.text)
        assert title
        assert title.group(1) not in letter.subject
        assert preview.NAME not in letter.subject
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (letter.html or "").partition("<body>")[2]))
        for line in filter(None, letter.text.split("\n")):
            sentence = line.rstrip(":").strip("- ")
            assert sentence.partition("http")[0].strip() in words.replace("&#39;", "'"), sentence


def test_letters_are_in_the_signers_language_or_the_sites_first(cast: Cast) -> None:
    """S01; a language that only a campaign has."""
    texts = {code: Text(f"Title {code}", "A", "S", "T") for code in ("en", "es", "ar")}
    cast.campaign(texts=texts)
    subjects = {}
    for language in texts:
        cast.sign(f"{language}@example.org", language=language)
        letter = cast.deliver()[0]
        subjects[language] = letter.subject
        assert f'<html lang="{letter.language}"' in (letter.html or "")
    assert [letter.language for letter in cast.sink.letters] == ["en", "es", "en"]
    assert subjects["ar"] == subjects["en"]


def test_a_letter_loads_nothing_and_leads_only_to_its_page(cast: Cast) -> None:
    """Issue 7: readable without images; B8."""
    cast.campaign()
    letter = (cast.sign(), cast.deliver()[0])[1]
    html = letter.html or ""
    assert not re.search(r"<(img|script|link|iframe|form|input|object)\b|url\(|@import|\son\w+=", html)
    leads = set(re.findall(r'href="([^"]+)"', html))
    assert {lead.partition("?")[0] for lead in leads} == {
        settings.current().base_url + root(letter), "mailto:list@dockside.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "subject", "said"),
    [
        ("", "Please confirm your signature", "Open the page below"),
        ("counted", "You have already signed", "That changes nothing."),
        ("held", "About your signature", "is being looked at"),
        ("removed", "About your signature", "have decided not to count"),
    ],
)
def test_the_letter_says_what_is_true_when_it_goes(cast: Cast, state: str, subject: str, said: str) -> None:
    """S11, S26: confirm, already signed, being looked at, decided with how to object."""
    cast.campaign()
    with time_machine.travel(db.now(), tick=True) as clock:
        if state:
            cast.signed()
            clock.shift(timedelta(days=1))
        if state in ("held", "removed"):
            _decide(cast, {"held": "hold", "removed": "remove"}[state])
        cast.sign()
        letter = cast.deliver()[0]
    assert letter.subject == subject
    assert said in letter.text
    assert ("already" in letter.text) is (state == "counted")
    assert ("write to list@dockside.example" in letter.text) is (state in ("held", "removed"))


def test_a_letter_that_waited_says_what_is_true_by_then(cast: Cast) -> None:
    """Architecture: a retry is worded again from what is stored now, with the same Message-ID and link."""
    cast.campaign()
    first = (cast.sign("ana@example.org"), cast.deliver()[0])[1]
    with time_machine.travel(db.now() + timedelta(minutes=11), tick=True) as clock:
        cast.sign("ana@example.org", name="Ana again")
        cast.sink.trouble = Trouble("later", "451 4.7.1")
        cast.deliver()
        before = db.session.scalars(select(Letter).where(Letter.state == "waiting")).one().message_id
        db.session.remove()
        cast.press(first)
        cast.sink.trouble = None
        clock.shift(timedelta(minutes=2))
        late = cast.deliver()
    assert late == [] or (cast.sink.ids[-1] == before and late[0].subject == "You have already signed")


def test_a_letter_has_what_mail_programs_need(cast: Cast) -> None:
    """Issue 7: Message-ID, Auto-Submitted; B9: the link survives the wire whole."""
    cast.campaign()
    letter = (cast.sign(name="Łukasz O’Brien-Núñez"), cast.deliver()[0])[1]
    message = built(letter)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<a@localhost>"
    assert message["To"] == "ana@example.org"
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    assert parts.keys() == {"text/plain", "text/html"}
    address = settings.current().base_url + link_in(letter)
    assert address in parts["text/plain"].splitlines()
    assert f'href="{address}"' in parts["text/html"]
    assert "“Łukasz O’Brien-Núñez”" in parts["text/plain"]


@pytest.mark.parametrize("odd", ["\v", "\f", "\x85", "\x1c", "\u2028", "\r\nBcc: v@x.org", "\x1b"])
def test_an_odd_character_in_an_organisers_text_stops_no_letter_and_makes_no_header(cast: Cast, odd: str) -> None:
    """D9: whatever came into a title, the worker lives and the next letter goes out."""
    text = Text(f"Take{odd}back", "the Port Authority", "Short.", "Long.")
    cast.campaign(texts={"en": text})
    cast.campaign("other")
    cast.sign()
    cast.sign("ben@example.org", slug="other")
    letters = cast.deliver(8)
    assert "ben@example.org" in [letter.to for letter in letters]
    for letter in letters:
        message = built(letter)
        assert message["Bcc"] is None
        assert message["Subject"] == "Please confirm your signature"


def test_the_message_id_of_a_letter_is_the_same_in_every_attempt(cast: Cast) -> None:
    """S70."""
    cast.campaign()
    cast.sign()
    wanted = db.session.scalars(select(Letter)).one().message_id
    db.session.remove()
    with time_machine.travel(db.now(), tick=True) as clock:
        cast.sink.trouble = Trouble("later", "450 4.2.0")
        for _ in range(3):
            cast.deliver()
            clock.shift(timedelta(hours=1))
        cast.sink.trouble = None
        assert len(cast.deliver()) == 1
    assert cast.sink.ids == [wanted]
    assert wanted.endswith("@localhost>")


def test_a_letter_of_a_kind_this_version_does_not_know_ends_without_a_word(cast: Cast) -> None:
    """F16: two versions side by side."""
    cast.campaign()
    outbox.post("from tomorrow", language="en", campaign_id=cast.reading().id)
    db.session.commit()
    assert cast.deliver() == []
    assert db.session.scalars(select(Letter)).one().state == "needless"
    assert "from tomorrow" not in KINDS


def _withdraw(cast: Cast, letter: Message) -> str:
    return cast.browser().post(root(letter) + "/withdraw").text


def test_after_closing_nobody_is_told_that_they_can_sign_again(cast: Cast) -> None:
    """S51: the product promises only what is so."""
    cast.campaign()
    open_still = cast.signed("ana@example.org")
    closed = cast.signed("ben@example.org")
    assert "you can sign again" in _withdraw(cast, open_still)
    assert "you can sign again" in cast.deliver()[0].text
    running.close(cast.row(), "a test", db.now() - timedelta(minutes=1))
    db.session.commit()
    assert "you can sign again" not in _withdraw(cast, closed)
    assert "you can sign again" not in cast.deliver()[0].text


def test_no_letters_from_this_site_means_every_letter_of_every_campaign(cast: Cast) -> None:
    """S15: also those about what is pressed on another campaign's own page."""
    cast.campaign()
    cast.campaign("other")
    here = cast.signed("ana@example.org")
    cast.sign("ana@example.org", slug="other")
    there = cast.deliver()[0]
    cast.press(there)
    cast.browser().post(root(here) + "/no-letters")
    cast.browser().post(root(there) + "/correct", data={"name": "Ana", "country": "PT"})
    assert cast.deliver() == []
    cast.browser().post(root(there) + "/withdraw")
    assert cast.deliver() == []
    assert cast.total("other") == 0
    cast.browser().post(root(here) + "/allow")
    with time_machine.travel(db.now() + timedelta(days=1), tick=True):
        cast.sign("ana@example.org", slug="other")
        assert [letter.to for letter in cast.deliver()] == ["ana@example.org"]


def test_letters_kept_on_a_trial_site_can_be_read_and_followed(make_app: Callable[..., Flask]) -> None:
    """Issue 7: the whole journey without a mail server."""
    app = make_app()
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        inbox = cast.browser().get(cast.sign(name="Ana <b>María</b>").location).text
        kept = re.search(r'href="(/kept/[^"]+)"', inbox)
        assert kept
        assert "No letter yet." in cast.browser().get(kept.group(1)).text
        delivery.deliver(Letters(), maildir.Maildir(settings.current()))
        listed = cast.browser().get(kept.group(1)).text
        letter = re.search(rf'href="({re.escape(kept.group(1))}/\d+)"', listed)
        assert letter
        page = cast.browser().get(letter.group(1)).text
        assert "Ana &lt;b&gt;María&lt;/b&gt;" in page
        own = re.search(r'href="http://localhost(/t/[^"]+)"', page)
        assert own
        assert "Ana &lt;b&gt;María&lt;/b&gt;" in cast.browser().get(own.group(1)).text
        frame = cast.browser().get(letter.group(1) + "/html")
        assert frame.mimetype == "text/html"
        assert own.group(1).partition("?")[0] in frame.text


def test_names_in_letters_are_those_typed_and_never_in_a_header(cast: Cast) -> None:
    """A7, D9: header injection has nothing to hold on to."""
    cast.campaign()
    cast.sign(name="Ana Subject: x")
    message = built(cast.deliver()[0])
    assert all("Ana" not in value for value in message.values())
    assert message.get_all("Subject") == ["Please confirm your signature"]
