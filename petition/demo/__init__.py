"""The demo: its own folders, brought in by the same import as everybody's, and made-up people who have signed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from petition import articles, breakdowns, contacts, drafts, folders, journal, register, signatories, signatures
from petition.base import crypto, db, mailbox
from petition.campaigns import Campaign, Reading, read_id
from petition.demo.people import ARTICLE_SOURCE, Person, people
from petition.details import FULL, Details
from petition.register import Move
from petition.signatures import PendingSignature, Signature

_HERE = Path(__file__).resolve().parent
#: Rows go to the database by so many.
BATCH = 500
#: So many stand on top of each campaign's list.
FIRST = 5


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who signs one of the demo's campaigns: how many, over how many days from its opening."""

    count: int
    days: int
    seed: int
    #: Whether the demo's first article is about this campaign and brings it people.
    has_article: bool = False


CROWDS = {
    "bring-the-corvane-crew-home": Crowd(1500, 60, seed=7, has_article=True),
    "keep-the-vellmarch-clinic": Crowd(860, 120, seed=11),
    "reinstate-the-ondavelle-workers": Crowd(310, 9, seed=13),
}


class NotEmpty(Exception):
    """The site has campaigns of its own; the text names one."""


def campaign_folders() -> list[Path]:
    """The folders of the demo's campaigns."""
    return sorted((_HERE / "campaigns").iterdir())


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
    signed = 0
    for folder in campaign_folders():
        draft = folders.campaign(folder, now)
        row = drafts.save(draft, actor)
        drafts.publish(row, actor, draft.opens_at)
        signed += _enter(read_id(row.id), CROWDS[draft.slug], advance)
        _name_first(row.id, actor)
    for folder in sorted((_HERE / "articles").iterdir()):
        articles.save(folders.article(folder, now), actor)
    for campaign_id in breakdowns.due(now):
        breakdowns.publish(campaign_id, now)
    journal.write(actor, "demo loaded", count=signed)
    return signed


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


def _name_first(campaign_id: int, actor: str) -> None:
    """Those who asked for the others' names: the first ones who show theirs in full and say what they do."""
    shown = select(Signature.mailbox).where(
        Signature.campaign_id == campaign_id, Signature.appear == FULL, Signature.shown_role != ""
    )
    mailboxes = db.session.scalars(shown.order_by(Signature.entered_at).limit(FIRST)).all()
    signatories.put_first(campaign_id, mailboxes, actor=actor)


def _rows(reading: Reading, crowd: Crowd) -> Iterator[dict[str, Any]]:
    if reading.opens_at is None:
        raise ValueError("the demo's campaigns say when they open")
    dice = Random(crowd.seed)
    key = reading.hash_key()
    weekday = reading.opens_at.astimezone(ZoneInfo(reading.time_zone)).weekday()
    for person in people(crowd.count, crowd.seed, crowd.days, weekday):
        at = reading.opens_at + timedelta(days=person.day_offset, seconds=person.second)
        # From the form to the letter to the button: minutes for most, hours for some.
        signed_at = max(reading.opens_at, at - timedelta(seconds=min(dice.expovariate(1 / 900), 36_000)))
        pending = _pending(reading, _as_asked(reading, person), person, key, signed_at, crowd.has_article)
        yield signatures.row_of(pending, at)
        if pending.news:
            contacts.confirm(
                reading.id, pending.mailbox, person.email, language=pending.language,
                consent_version=pending.consent_version, at=at,
            )  # fmt: skip


def _as_asked(reading: Reading, person: Person) -> Details:
    """What the person typed, as far as the campaign asks for it."""
    place, role, organisation, comment = (
        getattr(person, name) if name in reading.asks else "" for name in ("place", "role", "organisation", "comment")
    )
    return Details(person.name, person.email, place, role, organisation, comment)


def _pending(
    reading: Reading, details: Details, person: Person, key: bytes, at: datetime, has_article: bool
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
        source=person.source if has_article or person.source != ARTICLE_SOURCE else "",
        partner="",
        appear=person.appear,
        with_role=person.with_role and bool(details.role or details.organisation),
        # Who names an organisation and nothing they do there signs for it.
        on_behalf=person.with_role and bool(details.organisation) and not details.role,
        network=None,
        news=person.news,
        created_at=at,
    )
