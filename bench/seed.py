"""Campaigns of a given size, made fast: real sealed records, moves and tallies, without pressing a million buttons."""

import random
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from petition import campaigns, drafts, links, register, signatures
from petition.base import db
from petition.base.mailbox import parse
from petition.base.tokens import link as token_of
from petition.campaigns import Reading
from petition.details import Choices, Details
from petition.drafts import Draft, Terms, Text
from petition.signatures import Signature

COUNTRIES = ("IE", "ES", "MX", "DE", "FR", "TN", "KE", "IN", "KR", "BR", "PL", "GR")
NAMES = ("Ana María López", "Ngũgĩ wa Kamau", "محمد الأمين", "Łucja Nowak", "김민준", "Seán O’Brien", "Анна Иванова")
WORDS = "We sign as dockers and nurses, as students and pensioners, in our own countries and in our own names. " * 5


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
    db.session.execute(text("SET LOCAL statement_timeout = 0"))
    connection = db.session.connection().connection.driver_connection
    assert connection is not None
    columns = [column.name for column in Signature.__table__.columns]
    with connection.cursor() as cursor, cursor.copy(f"COPY signature ({', '.join(columns)}) FROM STDIN") as copy:
        for row in _rows(reading, blobs, columns, size):
            copy.write_row(row)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO move (campaign_id, number, signature_id, kind, amount, day, country, language, channel,
               source, partner, at) SELECT campaign_id, row_number() OVER (ORDER BY id), id, 'entered', 1, day, country,
               language, channel, source, partner, entered_at FROM signature WHERE campaign_id = %s""",
            (reading.id,),
        )
    db.session.execute(db.insert(register.RegisterHead).values(campaign_id=reading.id, number=size))
    register.rebuild(reading.id)
    db.session.commit()
    db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).exec_driver_sql("ANALYZE")
    db.session.remove()


def _rows(reading: Reading, blobs: list[bytes], columns: list[str], size: int) -> Iterator[list[Any]]:
    row: dict[str, Any] = {
        "campaign_id": reading.id, "wording_id": reading.wording("en").id, "consent_version": 1, "domain": b"d" * 32,
        "language": "en", "channel": "online", "source": "", "partner": "", "appear": "hidden", "with_role": False,
        "on_behalf": False, "network": None, "seat": 0, "state": "counted", "shown_name": "", "shown_role": "",
        "shown_key": "", "first": None,
    }  # fmt: skip
    began, step = db.now() - timedelta(days=60), timedelta(days=60) / size
    for n in range(size):
        at = began + n * step
        row["id"], row["mailbox"], row["sealed"] = secrets.randbits(63), secrets.token_bytes(32), blobs[n % len(blobs)]
        row["country"], row["day"], row["signed_at"], row["entered_at"] = COUNTRIES[n % 12], at.date(), at, at
        yield [row[name] for name in columns]


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
