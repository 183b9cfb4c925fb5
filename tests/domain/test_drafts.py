"""From a draft to a campaign: versions of texts and terms, and what must be said before the public sees it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from petition import drafts
from petition.base import db
from petition.campaigns import Wording
from petition.drafts import Draft, NotReady, Terms, Text
from tests.cast import TERMS, Cast

ENGLISH = Text("Take the canteen workers back", "the Port Authority", "Forty were dismissed.", "Take *them* back.")
DRAFT = Draft(slug="canteen", first_language="en", texts={"en": ENGLISH}, terms=TERMS)


def _versions() -> list[tuple[int, str]]:
    rows = db.session.execute(select(Wording.version, Wording.source).order_by(Wording.version))
    return [(version, source) for version, source in rows]


def _with_text(source: str) -> Draft:
    return replace(DRAFT, texts={"en": replace(ENGLISH, source=source)})


def test_a_text_is_corrected_in_place_until_somebody_signs_it_and_never_changed_silently_after(cast: Cast) -> None:
    """S42."""
    made = drafts.save(DRAFT, "a test")
    drafts.publish(made, "a test")
    drafts.save(_with_text("Take them all back."), "a test")
    db.session.commit()
    assert _versions() == [(1, "Take them all back.")]
    cast.signed()
    drafts.save(_with_text("Take every one back."), "a test")
    assert _versions() == [(1, "Take them all back."), (2, "Take every one back.")]
    assert cast.reading().wording("en").version == 2


def test_saving_what_is_there_already_makes_no_version(cast: Cast) -> None:
    drafts.publish(drafts.save(DRAFT, "a test"), "a test")
    drafts.save(DRAFT, "a test")
    reading = cast.reading()
    assert (reading.wording("en").version, reading.consent and reading.consent.version) == (1, 1)


def test_changed_terms_are_a_new_version_and_a_signature_keeps_the_one_its_signer_saw(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    drafts.save(replace(DRAFT, terms=replace(TERMS, months=3)), "a test")
    db.session.commit()
    cast.signed("ben@example.org")
    rows = db.session.execute(select(drafts.Consent.version, drafts.Consent.months).order_by(drafts.Consent.version))
    assert [tuple(row) for row in rows] == [(1, 6), (2, 3)]
    versions = db.session.scalars(select(db.Base.metadata.tables["signature"].c.consent_version))
    assert sorted(versions) == [1, 2]


@pytest.mark.parametrize(
    "terms",
    [
        replace(TERMS, responsible=""),
        replace(TERMS, responsible_address=""),
        replace(TERMS, handed_to={}),
        replace(TERMS, fields=[]),
        replace(TERMS, months=0),
        replace(TERMS, ground="because"),
    ],
    ids=["who is responsible", "how to write to them", "to whom", "which fields", "how long", "on what ground"],
)
def test_a_campaign_that_leaves_something_out_cannot_be_published(app: object, terms: Terms) -> None:
    """S48."""
    made = drafts.save(replace(DRAFT, terms=terms), "a test")
    with pytest.raises(NotReady):
        drafts.publish(made, "a test")
    assert made.published_at is None


def test_a_forgotten_campaign_cannot_be_edited_back_to_life(app: object) -> None:
    made = drafts.save(DRAFT, "a test")
    made.forgotten_at, made.hash_key = db.now(), None
    with pytest.raises(NotReady):
        drafts.save(DRAFT, "a test")
