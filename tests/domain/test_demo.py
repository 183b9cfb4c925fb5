"""The demo as it is loaded: by the same import as everybody's, its people by the domain's own rows."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition import (
    articles,
    breakdowns,
    campaigns,
    demo,
    endorsements,
    events,
    partner_figures,
    partners,
    register,
    signatures,
    topics,
)
from petition.articles import ArticleText
from petition.base import db, outbox
from petition.campaigns import Campaign, Phase, Reading
from petition.contacts import JOIN, MEETINGS, NEWS, Contact, ContactDetails, PendingContact
from petition.contacts import opened as asked
from petition.demo import ASKING, BACKED, CROWDS, TOLD_OF, NotEmpty
from petition.demo.backers import BACKERS
from petition.demo.partner import AFTER
from petition.demo.people import ARTICLE_SOURCE, people
from petition.details import opened
from petition.events import EventText
from petition.journal import Entry
from petition.signatures import Signature
from tests.cast import Cast

NOW = datetime(2030, 6, 15, 12, 30, tzinfo=UTC)
CORVANE = "bring-the-corvane-crew-home"


@pytest.fixture
def loaded(app: Flask) -> dict[str, Reading]:
    """The demo's campaigns by slug."""
    assert demo.load("a test", NOW) == sum(crowd.count for crowd in CROWDS.values())
    db.session.commit()
    found = [campaigns.read(slug) for slug in CROWDS]
    return {reading.slug: reading for reading in found if reading is not None}


@pytest.fixture
def written(app: Flask) -> dict[str, Reading]:
    """The same without its people, which is quick."""
    return demo.write("a test", NOW)


def rows(reading: Reading) -> list[Signature]:
    return list(db.session.scalars(select(Signature).where(Signature.campaign_id == reading.id)))


def test_the_demo_stands_as_if_it_had_run_until_now(loaded: dict[str, Reading]) -> None:
    assert {slug: campaigns.phase(reading, NOW) for slug, reading in loaded.items()} == {
        CORVANE: Phase.OPEN,
        "reinstate-the-ondavelle-workers": Phase.OPEN,
        "keep-the-vellmarch-clinic": Phase.FINAL,
    }
    for reading in loaded.values():
        found = rows(reading)
        assert len(found) == register.total(reading.id) == CROWDS[reading.slug].count
        assert register.check(reading.id, signatures.counted(reading.id)) == []
        assert register.is_numbered(reading.id)
        assert reading.opens_at is not None
        assert all(reading.opens_at <= row.signed_at <= row.entered_at <= NOW for row in found)
        assert all(row.entered_at < (reading.closes_at or NOW) for row in found)
        assert {one.total for one in breakdowns.read(reading.id).values()} == {len(found)}
    assert len(register.breakdown(loaded[CORVANE].id, "country")) == 65
    assert register.breakdown(loaded[CORVANE].id, "language").keys() == {"ar", "en", "es"}
    # The article brought people to its own campaign.
    assert register.breakdown(loaded[CORVANE].id, "source")[ARTICLE_SOURCE] > 100


def test_each_row_is_what_the_button_would_have_made(loaded: dict[str, Reading]) -> None:
    reading = loaded["reinstate-the-ondavelle-workers"]
    typed = {person.email: person for person in people(310, 13, 9, weekday=3)}
    for row in rows(reading):
        details = opened(reading.id, row.sealed or b"")
        person = typed[details.address]
        assert row.mailbox == signatures.mailbox_key(reading, details.address.lower())
        assert row.language in reading.wordings
        assert row.wording_id == reading.wordings[row.language].id
        assert (row.shown_name == "") == (row.appear == "hidden")
        # It asks neither for a place nor for a comment.
        assert (details.name, details.place, details.comment) == (person.name, "", "")
        assert row.source != ARTICLE_SOURCE


def test_who_wants_news_is_a_contact_and_nobody_gets_a_letter(loaded: dict[str, Reading]) -> None:
    crowd = CROWDS[CORVANE]
    # It opened on a Tuesday.
    made = crowd.count - len(crowd.first)
    wanted = [person for person in people(made, crowd.seed, crowd.days, weekday=1) if person.news]
    told = Contact.campaign_id == loaded[CORVANE].id, Contact.wish == NEWS
    contacts = select(func.count()).select_from(Contact).where(*told)
    assert db.session.scalar(contacts) == len(wanted)
    assert db.session.scalar(select(func.count()).select_from(outbox.Letter)) == 0


def test_some_asked_in_a_form_of_its_own_and_pressed_the_button(loaded: dict[str, Reading]) -> None:
    found = list(db.session.scalars(select(Contact).where(Contact.proof == "letter")))
    counts = Counter((row.campaign_id, row.wish) for row in found)
    assert counts.keys() == {(None, JOIN), (None, MEETINGS), (loaded[TOLD_OF].id, NEWS)}
    assert sum(counts.values()) == ASKING
    assert min(counts.values()) >= 5
    assert {row.language for row in found} == {"en", "es"}
    for row in found:
        details = asked(row)
        assert row.confirmed_at <= NOW
        assert row.wish == JOIN or not details.name
        assert row.wish != NEWS or details == ContactDetails(details.address)
        assert row.wish != JOIN or (details.name and details.country)
    assert any(asked(row).note for row in found)
    assert db.session.scalar(select(func.count()).select_from(PendingContact)) == 0


def test_first_signatories_stand_in_their_order_and_many_others_show_themselves(loaded: dict[str, Reading]) -> None:
    first = sorted((row.first, row) for row in rows(loaded[CORVANE]) if row.first is not None)
    told = CROWDS[CORVANE].first
    assert [place for place, _row in first] == list(range(1, len(told) + 1))
    for signatory, (_place, row) in zip(told, first, strict=True):
        assert (row.shown_name, row.country, row.on_behalf) == (signatory.name, signatory.country, signatory.on_behalf)
        said = ", ".join(part for part in (signatory.role, signatory.organisation) if part)
        # An asterisk marks the personal capacity of who names an organisation.
        assert row.shown_role == said + "*" * bool(signatory.organisation and not signatory.on_behalf)
    assert {row.on_behalf for _place, row in first} == {True, False}
    assert all(row.first is None for slug in CROWDS if slug != CORVANE for row in rows(loaded[slug]))

    found = rows(loaded[CORVANE])
    appear = Counter(row.appear for row in found)
    assert appear["full"] > appear["short"] > 200
    assert sum(bool(row.shown_role) for row in found) > 100
    speaking = [row.shown_role for row in found if row.on_behalf]
    assert len(speaking) > 10
    # Nobody speaks for an organisation that somebody else speaks for, or without naming it.
    organisations = [role.rpartition(", ")[2] for role in speaking]
    assert all(organisations)
    assert len(set(organisations)) == len(organisations)


def test_the_demo_is_a_small_news_site(written: dict[str, Reading]) -> None:
    about = {topic.id: topic for topic in topics.all_public("en")}
    found = articles.newest("en", NOW, 100)
    assert [len(about), len(found)] == [3, 12]
    assert {article.topic_id for article in found} == about.keys()
    assert [topic.text.title for topic in topics.all_public("es")] == [
        "Puertos y barcos", "La salud en el trabajo", "Organizarse",
    ]  # fmt: skip
    languages = Counter("+".join(sorted(article.languages)) for article in found)
    assert languages == {"en+es": 6, "es": 3, "en": 2, "ar+en+es": 1}
    assert [(one.slug, one.campaign_id) for one in found if one.is_update] == [
        ("a-dentist-has-been-aboard", written[CORVANE].id)
    ]
    assert all(article.published_at <= NOW and article.authors for article in found)


def test_one_article_is_in_another_language_than_its_standfirst(written: dict[str, Reading]) -> None:
    texts = list(db.session.scalars(select(ArticleText)))
    mixed = [text for text in texts if text.text_language != text.language]
    assert [(text.language, text.text_language) for text in mixed] == [("en", "es")]
    original = next(text for text in texts if (text.article_id, text.language) == (mixed[0].article_id, "es"))
    assert (original.source, original.text_language) == (mixed[0].source, "es")


def test_one_article_holds_the_form_of_its_campaign_in_each_language(written: dict[str, Reading]) -> None:
    texts = list(db.session.scalars(select(ArticleText).where(ArticleText.source.contains("\n\n[campaign]\n\n"))))
    assert sorted(text.language for text in texts) == ["en", "es"]
    assert len({text.article_id for text in texts}) == 1


def test_articles_are_as_long_as_articles_and_in_the_language_they_say(written: dict[str, Reading]) -> None:
    little = {"en": {"the", "and", "with"}, "es": {"los", "que", "con"}, "ar": {"من", "على", "في"}}
    for text in db.session.scalars(select(ArticleText)):
        words = re.findall(r"\w+", text.source.lower())
        assert 330 < len(words) <= 600, (text.title, len(words))
        spoken = {language for language, known in little.items() if known <= set(words)}
        assert spoken == {text.text_language}, text.title


def test_two_events_are_ahead_and_one_topic_has_none(written: dict[str, Reading]) -> None:
    ahead = events.upcoming("es", NOW)
    assert [(event.slug, event.campaign_id) for event in ahead] == [
        ("an-evening-for-the-corvane", written[CORVANE].id), ("practice-with-paper", None),
    ]  # fmt: skip
    assert [bool(event.online) for event in ahead] == [True, False]
    assert all(event.text.language == "es" and event.text.place for event in ahead)
    meeting = {event.topic_id for event in ahead}
    assert len(meeting) == 2
    assert meeting < {topic.id for topic in topics.all_public("en")}


def test_organisations_support_the_large_campaign_as_if_their_letters_had_been_answered(
    loaded: dict[str, Reading],
) -> None:
    shown = [row for row, _logo in endorsements.shown(loaded[BACKED].id)]
    assert {(row.language, row.state) for row in shown} == {("en", "accepted"), ("es", "accepted")}
    assert len(shown) == len(BACKERS) >= 3
    assert all((row.asked_at and row.decided_on is None) or row.decided_on <= row.created_at.date() for row in shown)
    assert {bool(row.shown_name) for row in shown} == {True, False}
    assert endorsements.some_shown(loaded[CORVANE].id, 1)[0] == len(BACKERS)


def test_a_partner_carries_the_large_campaign_and_has_brought_it_people(loaded: dict[str, Reading]) -> None:
    """What a partner sees, from the first start on: its figures, and who ticked its box."""
    corvane = loaded[CORVANE]
    (partner,) = partners.of_campaign(corvane.id)
    assert partner.terms.asks.keys() == partner.terms.lines.keys() == corvane.wordings.keys()
    assert all(partners.of_campaign(reading.id) == [] for reading in loaded.values() if reading.slug != CORVANE)

    brought = [row for row in rows(corvane) if row.partner == partner.key]
    assert 50 < len(brought) == register.breakdown(corvane.id, "partner")[partner.key]
    assert {row.source for row in brought} == {"embed"}
    assert corvane.opens_at is not None
    assert min(row.entered_at for row in brought) > corvane.opens_at + timedelta(days=AFTER)
    figures = partner_figures.read(partner.id)
    assert {one.total for one in figures.values()} == {len(brought)}
    assert figures["language"].cells.keys() >= {"en", "es"}
    assert len(figures["day"].cells) >= 3

    ticked = list(db.session.scalars(select(Contact).where(Contact.wish == partners.wish(partner.id))))
    addresses = {opened(corvane.id, row.sealed or b"").address for row in brought}
    assert 15 < len(ticked) == partner_figures.contacts(partner) < len(brought)
    assert {asked(row).address for row in ticked} < addresses
    assert {row.partner_version for row in ticked} == {partner.version}


def test_every_link_in_the_demo_leads_somewhere(cast: Cast) -> None:
    demo.write("a test", db.now())
    db.session.commit()
    texts = [*db.session.scalars(select(ArticleText.html)), *db.session.scalars(select(EventText.html))]
    links = {link for html in texts for link in re.findall(r'href="([^"]+)"', html)}
    assert len(links) >= 8
    client = cast.browser()
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_loading_is_in_the_journal_and_again_changes_nothing(loaded: dict[str, Reading]) -> None:
    line = db.session.scalars(select(Entry).where(Entry.deed == "demo loaded")).one()
    assert line.count == sum(crowd.count for crowd in CROWDS.values())
    lines = db.session.scalar(select(func.count()).select_from(Entry))
    assert demo.load("a test", NOW) == 0
    assert db.session.scalar(select(func.count()).select_from(Entry)) == lines


def test_the_demo_is_not_mixed_with_campaigns_of_ones_own(cast: Cast) -> None:
    cast.campaign("canteen")
    with pytest.raises(NotEmpty, match="canteen"):
        demo.load("a test", NOW)
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 1
