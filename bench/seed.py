"""Campaigns of a given size, made fast: real sealed records, moves and tallies, without pressing a million buttons."""

import random
import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import insert, select, text

from petition import articles, campaigns, decisions, drafts, events, links, register, signatures, topics
from petition.answers import Answer
from petition.base import db
from petition.base.mailbox import parse
from petition.base.tokens import link as token_of
from petition.campaigns import Reading
from petition.details import Choices, Details, shown_key
from petition.drafts import Draft, Terms, Text
from petition.journal import Entry
from petition.signatures import Signature

COUNTRIES = ("IE", "ES", "MX", "DE", "FR", "TN", "KE", "IN", "KR", "BR", "PL", "GR")
NAMES = ("Ana María López", "Ngũgĩ wa Kamau", "محمد الأمين", "Łucja Nowak", "김민준", "Seán O’Brien", "Анна Иванова")
WORDS = "We sign as dockers and nurses, as students and pensioners, in our own countries and in our own names. " * 5


#: Words of no language, so that pages weigh what real ones do once compressed.
VOCABULARY = ["".join(random.choices("aeioulnrstmdc", k=random.randint(2, 9))) for _ in range(2_000)]


def words(count: int) -> str:
    """A paragraph of so many words."""
    return " ".join(random.choices(VOCABULARY, k=count)).capitalize() + "."


def campaign(slug: str, size: int) -> Reading:
    """A published campaign with so many counted signatures."""
    terms = Terms("Dockside Aid", "list@dockside.example", {"en": "the Port"}, ["name", "country"], 6, "consent")
    said = Text("Take the canteen workers back", "the Port Authority", "Forty were dismissed.", (WORDS + "\n\n") * 4)
    asks = {"country": "required", "place": "optional", "role": "optional", "organisation": "optional"}
    made = drafts.save(
        Draft(slug=slug, first_language="en", texts={"en": said}, terms=terms, asks=asks, goals=(size + 1000,)), "bench"
    )
    drafts.publish(made, "bench", db.now() - timedelta(days=60))
    db.session.commit()
    reading = campaigns.read(slug)
    assert reading is not None
    _fill(reading, size)
    return reading


def _fill(reading: Reading, size: int) -> None:
    blobs = [
        Details(random.choice(NAMES), f"p{n}@example.org", "Dublin", "nurse", "Health branch").seal(reading.id)
        for n in range(2000)
    ]
    columns = [column.name for column in Signature.__table__.columns]
    rows = _rows(reading, blobs, columns, size)
    connection = db.session.connection().connection.driver_connection
    if isinstance(connection, psycopg.Connection):
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        with connection.cursor() as cursor, cursor.copy(f"COPY signature ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        for part in iter(lambda: list(islice(rows, 20_000)), []):
            named = [dict(zip(columns, row, strict=True)) for row in part]
            db.session.execute(insert(Signature.__table__), named)  # type: ignore[arg-type]
    db.session.execute(
        text(
            """INSERT INTO move (campaign_id, number, signature_id, kind, amount, day, country, language, channel,
               source, partner, at) SELECT campaign_id, row_number() OVER (ORDER BY id), id, 'entered', 1, day, country,
               language, channel, source, partner, entered_at FROM signature WHERE campaign_id = :campaign"""
        ),
        {"campaign": reading.id},
    )
    db.session.execute(db.insert(register.RegisterHead).values(campaign_id=reading.id, number=size))
    register.rebuild(reading.id)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    db.session.remove()


def _rows(reading: Reading, blobs: list[bytes], columns: list[str], size: int) -> Iterator[list[Any]]:
    row: dict[str, Any] = {
        "campaign_id": reading.id, "wording_id": reading.wording("en").id, "consent_version": 1, "domain": b"d" * 32,
        "language": "en", "channel": "online", "source": "", "partner": "", "with_role": False,
        "on_behalf": False, "network": None, "seat": 0, "state": "counted", "shown_role": "", "first": None,
    }  # fmt: skip
    began, step = db.now() - timedelta(days=60), timedelta(days=60) / size
    for n in range(size):
        at = began + n * step
        row["id"], row["mailbox"], row["sealed"] = secrets.randbits(63), secrets.token_bytes(32), blobs[n % len(blobs)]
        row["country"], row["day"], row["signed_at"], row["entered_at"] = COUNTRIES[n % 12], at.date(), at, at
        # Every fourth stands in the public list.
        row["appear"], row["shown_name"] = (
            ("hidden", "")
            if n % 4
            else (
                "full",
                f"{NAMES[n // 4 % len(NAMES)]} {random.choice(VOCABULARY).title()}",
            )
        )
        row["shown_key"] = shown_key(row["shown_name"], "")
        yield [row[name] for name in columns]


def news(count: int) -> None:
    """Three topics, so many articles in two languages, twenty events ahead and five times as many past."""
    for number in range(3):
        said = {code: topics.Text(f"Topic {number}", "What it is about.") for code in ("en", "es")}
        topics.save(topics.Draft(f"topic-{number}", "en", said, number), "bench")
    db.session.flush()
    filed = [one.id for one in topics.all_public("en")]
    at = db.now()
    for number in range(count):
        text = articles.Text(words(8), words(25), "\n\n".join(words(80) for _ in range(6)))
        when = at - timedelta(hours=count - number)
        draft = articles.Draft(f"article-{number}", "en", {"en": text, "es": text}, authors="Ana López",
                               topic_id=filed[number % 3], published_at=when)  # fmt: skip
        articles.save(draft, "bench")
        if number % 200 == 199:
            db.session.commit()
    for number in range(-100, 20):
        said_of = events.Text(words(4), words(20), words(3), words(60))
        starts_at = at + timedelta(days=number, hours=1)
        draft_of = events.Draft(f"event-{number + 100}", "en", {"en": said_of, "es": said_of}, "Europe/Madrid",
                                starts_at, published_at=at)  # fmt: skip
        events.save(draft_of, "bench")
    db.session.commit()


def worst_day(reading: Reading, pending: int = 10_000, held: int = 2_000, lines: int = 50_000) -> None:
    """What an organiser meets on it: forms and letters that wait, held signatures, moves without a number, hours in
    which people answered, many sources, and a long journal."""
    at, wording = db.now(), reading.wording("en").id
    for n in range(pending):
        box = parse(f"waits{n}x{secrets.randbits(40)}@example.org")
        choices = Choices("en", "IE", source=f"page-{n % 2_000}")
        signatures.sign(reading, wording, 1, box, Details("Ana María López", box.address), choices, network=None, at=at)
    days = [at - timedelta(minutes=n) for n in range(pending // 2)]
    cells = [register.Cell(day.date(), "IE", "en", "online", f"page-{n % 2_000}", "") for n, day in enumerate(days)]
    moves = [
        register.move_row(reading.id, kind, amount, cell, signature_id=None, at=day)
        for day, cell in zip(days, cells, strict=True)
        for kind, amount in (("entered", 1), ("withdrawn", -1))
    ]
    db.session.execute(insert(register.Move), moves)
    some = db.session.scalars(select(Signature).where(Signature.campaign_id == reading.id).limit(held)).all()
    changes = [one for row in some if (one := decisions.changed(row, "hold")) is not None]
    decisions.change(reading.id, changes, at, tell=False)
    hours = [at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=n) for n in range(24 * 60)]
    after = dict.fromkeys(("asked", "at_once", "within_an_hour", "within_a_day", "later"), 100)
    db.session.execute(insert(Answer), [{"campaign_id": reading.id, "hour": hour} | after for hour in hours])
    entry = {"actor": "Ana", "deed": "signature held", "campaign_id": reading.id, "count": 1, "reason": words(12)}
    db.session.execute(insert(Entry), [entry | {"at": at - timedelta(minutes=lines - n)} for n in range(lines)])
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def presses(reading: Reading, count: int) -> Iterator[str]:
    """Pending signatures with their links, ready to be confirmed: "token row" for each."""
    at = db.now()
    wording = reading.wording("en").id
    for n in range(count):
        mailbox = parse(f"press{n}x{secrets.randbits(40)}@example.org")
        row = signatures.sign(
            reading, wording, 1, mailbox, Details("Ana María López", mailbox.address, "Dublin", "nurse"),
            Choices("en", "IE"), network=None, at=at,
        )  # fmt: skip
        link = links.take(reading.id, signatures.mailbox_key(reading, mailbox.folded))
        yield f"{token_of('own', link.id)} {row}"
        if n % 1000 == 999:
            db.session.commit()
    db.session.commit()
