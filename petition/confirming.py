"""Pressing the button: how a pending signature becomes a signature, which of them are held as they come, and whose
name waits before it is shown."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import update

from petition import arrivals, decisions, links, register, signatures, ticks, unshown
from petition.arrivals import HeldBy, Standing
from petition.base import db, pairs
from petition.base.pairs import Pair
from petition.campaigns import Reading
from petition.decisions import Change
from petition.details import HIDDEN, opened, shown, shown_key
from petition.links import Locked
from petition.signatures import COUNTED, HELD, PendingSignature, Signature, cell_of

_signature_table = Signature.__table__


class Press(NamedTuple):
    """A button pressed: the id of the link whose page it is on, and the pending signature that it names."""

    link_id: UUID
    pending_id: int


class Pressed(NamedTuple):
    """What came of it: the outcome, the campaign (0 where there is no such link), and the language of the signature
    that counts ("" where none does)."""

    outcome: str
    campaign_id: int = 0
    language: str = ""


def press_all(presses: Sequence[Press], reading_of: Callable[[int], Reading], at: datetime) -> list[Pressed]:
    """Press buttons, of whatever mailboxes and campaigns, in the caller's transaction; what came of each, in order.
    Locks their links.

    "confirmed"; "already" where a signature counts; "taken" where it is held or removed, or is held as it comes;
    "old", "late" or "paused" where the button does not work now; "unknown" where the row is gone or another
    mailbox's; "gone" where there is no such link.
    """
    found = links.lock_all({press.link_id for press in presses})
    pending = signatures.some_pending({press.pending_id for press in presses})
    answers: dict[Press, Pressed] = {}
    ready: dict[Press, PendingSignature] = {}
    taken: set[UUID] = set()
    for press in dict.fromkeys(presses):
        link, one = found.get(press.link_id), pending.get(press.pending_id)
        if link is None:
            answers[press] = Pressed("gone")
        elif one is not None and (one.campaign_id, one.mailbox) == (link.campaign_id, link.mailbox):
            state = signatures.button(reading_of(link.campaign_id), one, at)
            if state != "ready":
                answers[press] = Pressed(state, link.campaign_id)
            elif press.link_id not in taken:
                taken.add(press.link_id)
                ready[press] = one
    entered = _enter_all(list(ready.values()), at) if ready else {}
    signatures.forget_pending(found[press.link_id] for press in ready)
    for press, one in ready.items():
        if entered.get(one.id) == COUNTED:
            answers[press] = Pressed("confirmed", one.campaign_id, one.language)
    return [answers.get(press) or _standing(found[press.link_id]) for press in presses]


def _standing(link: Locked) -> Pressed:
    signature = signatures.signature_of(link)
    if signature is None:
        return Pressed("unknown", link.campaign_id)
    counts = signature.state == COUNTED
    return Pressed("already" if counts else "taken", link.campaign_id, signature.language if counts else "")


def _enter_all(pending: Sequence[PendingSignature], at: datetime) -> dict[int, str]:
    """Make the signatures of pending ones of different mailboxes, and their moves: the state of each by the id of the
    pending one; those are missing whose mailbox is taken.

    Whoever is held as they come is entered and held in one transaction: the register shows both, the total neither.
    """
    made = [(one, row_of(one, at)) for one in pending]
    new = pairs.insert_new([_with_move(row, at) for _, row in made], "signature_id")
    made = [(one, row) for one, row in made if row["id"] in new]
    if not made:
        return {}
    standing = arrivals.standing([row for _, row in made])
    _show_later([row for _, row in made if row["shown_key"] and row["campaign_id"] in standing.looking], at)
    held = _arrive(made, standing, at)
    return {one.id: HELD if row["id"] in held else COUNTED for one, row in made}


def _show_later(rows: Sequence[dict[str, Any]], at: datetime) -> None:
    """Nothing is shown of new signatures whose names are to be looked at first."""
    for row in rows:
        unshown.wait(row["campaign_id"], row["id"], at)
    if rows:
        these = _signature_table.c.id.in_([row["id"] for row in rows])
        nothing = {"shown_name": "", "shown_role": "", "shown_key": ""}
        db.session.connection().execute(update(_signature_table).where(these).values(nothing))


def _with_move(row: dict[str, Any], at: datetime) -> Pair:
    move = register.move_row(row["campaign_id"], "entered", 1, cell_of(row), signature_id=row["id"], at=at)
    return Pair(_signature_table, row, register.table, move)


def _arrive(
    made: Sequence[tuple[PendingSignature, dict[str, Any]]], standing: Standing, at: datetime
) -> dict[int, HeldBy]:
    """Make contacts of what was ticked beside new signatures, and hold those that are held as they come."""
    for pending, _ in made:
        ticks.confirm(pending, at)
    rows = [row for _, row in made]
    held = {row["id"]: by for row in rows if (by := standing.holds(row)) is not None}
    for campaign_id in sorted({row["campaign_id"] for row in rows if row["id"] in held}):
        _hold(campaign_id, [row for row in rows if row["campaign_id"] == campaign_id and row["id"] in held], held, at)
    return held


def _hold(campaign_id: int, rows: Sequence[dict[str, Any]], held: Mapping[int, HeldBy], at: datetime) -> None:
    changes = [Change(row["id"], row["mailbox"], row["language"], cell_of(row), HELD, "held", -1) for row in rows]
    moves = decisions.change(campaign_id, changes, at, tell=True)
    for row in rows:
        arrivals.remember(held[row["id"]], campaign_id, row["id"], moves[row["id"]])


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
