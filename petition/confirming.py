"""Pressing the button: how a pending signature becomes a signature, which of them are held as they come, and whose
name waits before it is shown."""

import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table

from petition import arrivals, decisions, register, signatures, ticks, unshown
from petition.base import db
from petition.campaigns import Reading
from petition.decisions import Change
from petition.details import HIDDEN, opened, shown, shown_key
from petition.links import Link
from petition.signatures import COUNTED, HELD, PendingSignature, Signature, cell_of

_signature_table = cast(Table, Signature.__table__)


class Pressed(NamedTuple):
    """What came of a button: the outcome, and the language of the signature that counts ("" where none does)."""

    outcome: str
    language: str = ""


def confirm(reading: Reading, link: Link, pending_id: int, at: datetime) -> Pressed:
    """Press the button of one pending signature of a locked link's mailbox.

    "confirmed"; "already" where a signature counts; "taken" where it is held or removed, or is held as it comes;
    "old", "late" or "paused" where the button does not work now; "unknown" where the row is gone or another mailbox's.
    """
    pending = signatures.one_pending(link, pending_id)
    if pending is None:
        return _standing(link)
    state = signatures.button(reading, pending, at)
    if state != "ready":
        return Pressed(state)
    entered = _enter(pending, at)
    if entered:
        ticks.confirm(pending, at)
    signatures.forget_pending(link)
    return Pressed("confirmed", pending.language) if entered == COUNTED else _standing(link)


def _standing(link: Link) -> Pressed:
    signature = signatures.signature_of(link)
    if signature is None:
        return Pressed("unknown")
    return Pressed("already", signature.language) if signature.state == COUNTED else Pressed("taken")


def _enter(pending: PendingSignature, at: datetime) -> str:
    """Make the signature of a pending one and its move; the state it has then, "" where the mailbox is taken.

    Whoever is held as they come is entered and held in one transaction: the register shows both, the total neither.
    """
    row = row_of(pending, at)
    waits = row["shown_key"] != "" and unshown.is_on(pending.campaign_id)
    if waits:
        row |= {"shown_name": "", "shown_role": "", "shown_key": ""}
    if not db.insert_new(_signature_table, row):
        return ""
    if waits:
        unshown.wait(pending.campaign_id, row["id"], at)
    register.move(pending.campaign_id, "entered", 1, cell_of(row), signature_id=row["id"], at=at)
    held = arrivals.held_by(pending.campaign_id, row)
    if held is None:
        return COUNTED
    change = Change(row["id"], row["mailbox"], row["language"], cell_of(row), HELD, "held", -1)
    moves = decisions.change(pending.campaign_id, [change], at, tell=True)
    arrivals.remember(held, pending.campaign_id, row["id"], moves[row["id"]])
    return HELD


def row_of(pending: PendingSignature, at: datetime) -> dict[str, Any]:
    """The columns of the signature that a pending one becomes, with its name as its owner wants it shown."""
    row: dict[str, Any] = {
        name: getattr(pending, name)
        for name in (
            "campaign_id", "wording_id", "consent_version", "mailbox", "domain", "sealed", "country", "language",
            "channel", "source", "partner", "appear", "with_role", "on_behalf", "network",
        )
    }  # fmt: skip
    hidden = pending.appear == HIDDEN
    name, role = ("", "") if hidden else shown(opened(pending.campaign_id, pending.sealed), pending)
    row |= {
        "id": secrets.randbits(63), "seat": 0, "state": COUNTED, "day": at.astimezone(UTC).date(),
        "signed_at": pending.created_at, "entered_at": at, "shown_name": name, "shown_role": role,
        "shown_key": shown_key(name, role),
    }  # fmt: skip
    return row
