"""People who have signed, put straight into the database: for tests that look at many of them."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from petition import confirming, register, signatures
from petition.base import db
from petition.campaigns import Reading
from petition.confirming import Press, Pressed
from petition.details import FULL, HIDDEN, Details, shown_key
from petition.links import Link
from petition.register import Move
from petition.signatures import Signature


def signer(reading: Reading, name: str, country: str = "IE", role: str = "", **changes: Any) -> dict[str, Any]:
    """The row of somebody who shows their name in full, or hides it (`appear`); `role` is the line under it."""
    at = db.now()
    hidden = changes.get("appear") == HIDDEN
    row: dict[str, Any] = {
        "id": secrets.randbits(63), "campaign_id": reading.id, "wording_id": reading.wording("en").id,
        "consent_version": 1, "mailbox": secrets.token_bytes(32), "domain": b"d" * 32,
        "sealed": Details(name, "shown@example.org").seal(reading.id), "language": "en",
        "country": country, "channel": "online", "source": "", "partner": "", "appear": FULL, "with_role": bool(role),
        "on_behalf": False, "network": None, "seat": 0, "state": "counted", "day": at.date(), "signed_at": at,
        "entered_at": at, "shown_name": "" if hidden else name, "shown_role": "" if hidden else role,
        "shown_key": "" if hidden else shown_key(name, role), "first": None,
    }  # fmt: skip
    return row | changes


def press(reading: Reading, link: Link, pending_id: int, at: datetime | None = None) -> Pressed:
    """Press the button of one pending signature."""
    return confirming.press_all([Press(link.id, pending_id)], lambda _: reading, at or db.now())[0]


def enter(*rows: dict[str, Any]) -> list[int]:
    """Store rows with their moves, each a second after the one before; their ids."""
    for place, row in enumerate(rows):
        row["entered_at"] += timedelta(seconds=place)
    moves = [
        register.move_row(
            row["campaign_id"], "entered", 1, signatures.cell_of(row), signature_id=row["id"], at=row["entered_at"]
        )
        for row in rows
        if row["state"] == "counted"
    ]
    db.session.execute(insert(Signature), list(rows))
    if moves:
        db.session.execute(insert(Move), moves)
    db.session.commit()
    return [row["id"] for row in rows]
