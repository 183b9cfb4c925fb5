"""The demo: its own folders, brought in by the same import as everybody's, and made-up people who have signed, or
asked to hear from us."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from petition import (
    articles,
    breakdowns,
    confirming,
    contacts,
    drafts,
    endorsement_decisions,
    endorsements,
    events,
    folders,
    journal,
    links,
    partner_figures,
    partners,
    register,
    signatories,
    signatures,
    ticks,
    topics,
)
from petition.base import crypto, db, mailbox
from petition.campaigns import Campaign, Reading, read_id
from petition.contacts import JOIN, MEETINGS, NEWS, SITE_TERMS, ContactDetails, PendingContact, Wish
from petition.demo.backers import BACKERS
from petition.demo.first import FIRST_SIGNATORIES, Signatory
from petition.demo.partner import AFTER, KEY, PARTNER, Way, way
from petition.demo.people import ARTICLE_SOURCE, Person, people
from petition.demo.words import OFFERS
from petition.details import Details
from petition.endorsements import ASKED, Endorsement
from petition.register import Move
from petition.signatures import PendingSignature, Signature

_HERE = Path(__file__).resolve().parent
#: Rows go to the database by so many.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who signs one of the demo's campaigns: how many, over how many days from its opening.

    `count` is all of them; those who go `first` are made by hand.
    """

    count: int
    days: int
    seed: int
    #: Whether the demo's first article is about this campaign and brings it people.
    has_article: bool = False
    #: Whether a partner carries it and brings it people.
    has_partner: bool = False
    first: tuple[Signatory, ...] = ()


CROWDS = {
    "bring-the-corvane-crew-home": Crowd(1500, 60, seed=7, has_article=True, has_partner=True, first=FIRST_SIGNATORIES),
    "keep-the-vellmarch-clinic": Crowd(860, 120, seed=11),
    "reinstate-the-ondavelle-workers": Crowd(310, 9, seed=13),
}


#: The campaign whose news some ask for in the form of its own, and how many use such forms, over how many days.
TOLD_OF = "reinstate-the-ondavelle-workers"
ASKING = 45
#: The campaign that organisations support.
BACKED = "bring-the-corvane-crew-home"
ASKING_DAYS = 60


class NotEmpty(Exception):
    """The site has campaigns of its own; the text names one."""


def campaign_folders() -> list[Path]:
    """The folders of the demo's campaigns."""
    return _folders("campaigns")


def _folders(kind: str) -> list[Path]:
    return sorted((_HERE / kind).iterdir())


def load(actor: str, now: datetime, advance: Callable[[int], None] = lambda _done: None) -> int:
    """Bring the demo in, in the caller's transaction, as if it had run until now; how many people signed.

    0 where the demo is there already. Posts no letters. Raises NotEmpty where there are other campaigns.
    """
    there = set(db.session.scalars(select(Campaign.slug)))
    foreign = there - CROWDS.keys()
    if foreign:
        raise NotEmpty(min(foreign))
    if there:
        return 0
    readings = write(actor, now)
    signed = 0
    for slug, reading in readings.items():
        if CROWDS[slug].has_partner:
            _carry(reading, actor)
        signed += _enter(reading, CROWDS[slug], advance)
        _name_first(reading, CROWDS[slug], actor)
    _ask(readings[TOLD_OF], now)
    back(readings[BACKED], actor)
    for campaign_id in breakdowns.due(now):
        breakdowns.publish(campaign_id, now)
    for partner_id in partner_figures.due(now):
        partner_figures.publish(partner_id, now)
    journal.write(actor, "demo loaded", count=signed)
    return signed


def write(actor: str, now: datetime) -> dict[str, Reading]:
    """Bring in the demo's folders alone: topics, campaigns, articles, events; the campaigns by slug, public."""
    for folder in _folders("topics"):
        topics.save(folders.topic(folder), actor)
    readings = {}
    for folder in campaign_folders():
        draft = folders.campaign(folder, now)
        row = drafts.save(draft, actor)
        drafts.publish(row, actor, draft.opens_at)
        readings[draft.slug] = read_id(row.id)
    for folder in _folders("articles"):
        articles.save(folders.article(folder, now), actor)
    for folder in _folders("events"):
        events.save(folders.event(folder, now), actor)
    return readings


def _carry(reading: Reading, actor: str) -> None:
    """A partner whose pages have the form from some days after the opening on."""
    assert reading.opens_at is not None
    row = db.session.get_one(Campaign, reading.id)
    partners.make(row, KEY, PARTNER, actor, reading.opens_at + timedelta(days=AFTER))


def _enter(reading: Reading, crowd: Crowd, advance: Callable[[int], None]) -> int:
    """The crowd as confirmed signatures with their moves, numbered and folded up."""
    rows = list(_rows(reading, crowd))
    moves = [
        register.move_row(
            reading.id, "entered", 1, signatures.cell_of(row), signature_id=row["id"], at=row["entered_at"]
        )
        for row in rows
    ]
    for start in range(0, len(rows), BATCH):
        db.session.execute(insert(Signature), rows[start : start + BATCH])
        db.session.execute(insert(Move), moves[start : start + BATCH])
        advance(len(rows[start : start + BATCH]))
    while register.number(reading.id):
        pass
    return len(rows)


def _name_first(reading: Reading, crowd: Crowd, actor: str) -> None:
    if crowd.first:
        mailboxes = [signatures.mailbox_key(reading, mailbox.parse(one.email).folded) for one in crowd.first]
        signatories.put_first(reading.id, mailboxes, actor=actor)


def _rows(reading: Reading, crowd: Crowd) -> Iterator[dict[str, Any]]:
    if reading.opens_at is None:
        raise ValueError("the demo's campaigns say when they open")
    dice, brought = Random(crowd.seed), Random(crowd.seed)
    key = reading.hash_key()
    weekday = reading.opens_at.astimezone(ZoneInfo(reading.time_zone)).weekday()
    first = [_first(signatory, place) for place, signatory in enumerate(crowd.first, 1)]
    for person in [*first, *people(crowd.count - len(first), crowd.seed, crowd.days, weekday)]:
        at = reading.opens_at + timedelta(days=person.day_offset, seconds=person.second)
        # From the form to the letter to the button: minutes for most, hours for some.
        signed_at = max(reading.opens_at, at - timedelta(seconds=min(dice.expovariate(1 / 900), 36_000)))
        pending = _pending(reading, _as_asked(reading, person), person, key, signed_at, _way(crowd, person, brought))
        yield confirming.row_of(pending, at)
        ticks.confirm(pending, at)


def _way(crowd: Crowd, person: Person, dice: Random) -> Way:
    """How somebody came, as far as the campaign has what brings people."""
    source = person.source if crowd.has_article or person.source != ARTICLE_SOURCE else ""
    return way(source, person.day_offset, dice) if crowd.has_partner else Way(source)


def _first(signatory: Signatory, place: int) -> Person:
    """A first signatory as a person who signs within minutes of the opening, shown in full."""
    return Person(
        **signatory._asdict(), comment="", appear="full", with_role=True, news=False, source="", day_offset=0,
        second=place * 100,
    )  # fmt: skip


def _as_asked(reading: Reading, person: Person) -> Details:
    """What the person typed, as far as the campaign asks for it."""
    place, role, organisation, comment = (
        getattr(person, name) if name in reading.asks else "" for name in ("place", "role", "organisation", "comment")
    )
    return Details(person.name, person.email, place, role, organisation, comment)


def _pending(
    reading: Reading, details: Details, person: Person, key: bytes, at: datetime, came: Way
) -> PendingSignature:
    """The pending signature as the form would have made it. It is never stored: its button has been pressed."""
    box = mailbox.parse(person.email)
    language = person.language if person.language in reading.wordings else reading.first_language
    return PendingSignature(
        campaign_id=reading.id,
        wording_id=reading.wordings[language].id,
        consent_version=reading.consent.version if reading.consent else 0,
        mailbox=crypto.keyed_hash(key, "mailbox", box.folded),
        domain=crypto.keyed_hash(key, "domain", box.domain),
        sealed=details.seal(reading.id),
        country=person.country if "country" in reading.asks else "",
        language=language,
        channel="online",
        source=came.source,
        partner=came.partner,
        partner_version=came.version,
        appear=person.appear,
        with_role=person.with_role and bool(details.role or details.organisation),
        on_behalf=person.on_behalf and person.with_role and bool(details.organisation),
        network=None,
        news=person.news,
        created_at=at,
    )


def _ask(reading: Reading, now: datetime) -> None:
    """Some people ask to hear from us in a form of its own, and press the button of the letter: for the whole site,
    or for one campaign's news."""
    dice = Random(17)
    offers = {language: list(said) for language, said in OFFERS.items()}
    for person in people(ASKING, seed=17, days=ASKING_DAYS):
        wish = dice.choices((JOIN, MEETINGS, NEWS), (4, 3, 2))[0]
        language = "es" if person.language == "es" else "en"
        note = offers[language].pop() if wish == JOIN and offers[language] else ""
        at = now + timedelta(days=person.day_offset - ASKING_DAYS, seconds=person.second)
        _press(reading, wish, _as_wished(wish, person, note), language, at)


def _as_wished(wish: str, person: Person, note: str) -> ContactDetails:
    """What the person typed, as far as the form of the wish asks for it."""
    if wish == NEWS:
        return ContactDetails(person.email)
    name = person.name if wish == JOIN else ""
    return ContactDetails(person.email, name, person.country, person.place, note)


def _press(reading: Reading, wish: str, details: ContactDetails, language: str, at: datetime) -> None:
    """What the form stores without its letter, and the button."""
    folded = mailbox.parse(details.address).folded
    asked, consent_version = Wish(None, wish, links.site_mailbox(folded)), SITE_TERMS
    if wish == NEWS:
        asked = Wish(reading.id, wish, signatures.mailbox_key(reading, folded))
        consent_version = reading.consent.version if reading.consent else 0
    pending = PendingContact(
        id=secrets.randbits(63), **asked._asdict(), sealed=details.seal(asked.campaign_id, wish), language=language,
        consent_version=consent_version, created_at=at, asked_at=None,
    )  # fmt: skip
    db.session.add(pending)
    contacts.press(contacts.take(asked), pending.id, at)


def back(reading: Reading, actor: str) -> None:
    """Organisations ask to be shown, press the button of the letter, and are accepted. Posts no letters."""
    assert reading.opens_at is not None
    for said, person, show_name, language, decided, asked in BACKERS:
        at = reading.opens_at + timedelta(days=asked)
        if decided is not None:
            said = replace(said, decided_on=(reading.opens_at + timedelta(days=decided)).date())
        box = signatures.mailbox_key(reading, mailbox.parse(person.address).folded)
        row = Endorsement(**endorsements.new_row(reading.id, said, person, language) | {
            "state": ASKED, "mailbox": box, "show_name": show_name, "created_at": at, "asked_at": at,
            "consent_version": reading.consent.version if reading.consent else 0,
        })  # fmt: skip
        db.session.add(row)
        db.session.flush()
        endorsements.confirm(contacts.take(endorsements.wish_of(reading.id, box)), row.id, at)
        endorsement_decisions.accept(row, row.version, actor)
