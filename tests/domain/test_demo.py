"""The demo as it is loaded: by the same import as everybody's, its people by the domain's own rows."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition import articles, campaigns, demo, register, signatures
from petition.base import db, outbox
from petition.campaigns import Campaign, Phase, Reading
from petition.contacts import Contact
from petition.demo import CROWDS, NotEmpty
from petition.demo.people import ARTICLE_SOURCE, people
from petition.details import opened
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
    assert len(register.breakdown(loaded[CORVANE].id, "country")) == 65
    assert len(articles.newest("en", NOW, 10)) == 3


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


def test_the_article_brought_people_to_its_own_campaign(loaded: dict[str, Reading]) -> None:
    assert register.breakdown(loaded[CORVANE].id, "source")[ARTICLE_SOURCE] > 100
    assert register.breakdown(loaded[CORVANE].id, "language").keys() == {"ar", "en", "es"}


def test_who_wants_news_is_a_contact_and_nobody_gets_a_letter(loaded: dict[str, Reading]) -> None:
    crowd = CROWDS[CORVANE]
    # It opened on a Tuesday.
    wanted = [person for person in people(crowd.count, crowd.seed, crowd.days, weekday=1) if person.news]
    contacts = select(func.count()).select_from(Contact).where(Contact.campaign_id == loaded[CORVANE].id)
    assert db.session.scalar(contacts) == len(wanted)
    assert db.session.scalar(select(func.count()).select_from(outbox.Letter)) == 0


def test_loading_again_changes_nothing(loaded: dict[str, Reading]) -> None:
    lines = db.session.scalar(select(func.count()).select_from(Entry))
    assert demo.load("a test", NOW) == 0
    assert db.session.scalar(select(func.count()).select_from(Entry)) == lines


def test_the_demo_is_in_the_journal(loaded: dict[str, Reading]) -> None:
    line = db.session.scalars(select(Entry).where(Entry.deed == "demo loaded")).one()
    assert line.count == sum(crowd.count for crowd in CROWDS.values())


def test_the_demo_is_not_mixed_with_campaigns_of_ones_own(cast: Cast) -> None:
    cast.campaign("canteen")
    with pytest.raises(NotEmpty, match="canteen"):
        demo.load("a test", NOW)
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 1
