"""Looking at names before they are shown: which wait, and what is decided about a page of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from petition import journal, links
from petition.base import db
from petition.details import HIDDEN, opened, shown, shown_key
from petition.signatures import Signature
from petition.unshown import Unshown


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody wants to show: their name, and the line of role and organisation under it."""

    id: int
    name: str
    role: str
    country: str
    since: datetime


def waiting(campaign_id: int, most: int) -> list[Name]:
    """The names that have waited longest. Whoever asks has looked: write it into the journal."""
    query = select(Signature, Unshown.at).join(Unshown, Unshown.id == Signature.id)
    query = query.where(Unshown.campaign_id == campaign_id, Unshown.hidden.is_(False))
    rows = db.session.execute(query.order_by(Unshown.at, Unshown.id).limit(most)).all()
    return [Name(row.id, *_words(row), row.country, since) for row, since in rows]


def _words(row: Signature) -> tuple[str, str]:
    return shown(opened(row.campaign_id, row.sealed), row) if row.sealed and row.appear != HIDDEN else ("", "")


def decide(campaign_id: int, show: Sequence[int], hide: Sequence[int], *, actor: str) -> tuple[int, int]:
    """Show some names and hide others, of those that wait; how many of each. What was changed by its owner since is
    left waiting only where the owner has changed it after the page was read: its words are read here anew."""
    mine = select(Unshown.id, Signature.mailbox).join(Signature, Signature.id == Unshown.id)
    mine = mine.where(Unshown.campaign_id == campaign_id, Unshown.hidden.is_(False), Unshown.id.in_([*show, *hide]))
    boxes = dict(db.session.execute(mine).all())
    if not boxes:
        return 0, 0
    links.take_all(campaign_id, set(boxes.values()))
    still = set(db.session.scalars(select(Unshown.id).where(Unshown.id.in_(boxes), Unshown.hidden.is_(False))))
    shown_ids, hidden_ids = still & set(show), still & set(hide) - set(show)
    rows = select(Signature).where(Signature.id.in_(shown_ids))
    for row in db.session.scalars(rows, execution_options={"populate_existing": True}):
        row.shown_name, row.shown_role = _words(row)
        row.shown_key = shown_key(row.shown_name, row.shown_role)
    db.session.flush()
    db.session.execute(delete(Unshown).where(Unshown.id.in_(shown_ids)))
    db.session.execute(update(Unshown).where(Unshown.id.in_(hidden_ids)).values(hidden=True))
    for deed, ids in (("names shown", shown_ids), ("names hidden", hidden_ids)):
        if ids:
            journal.write(actor, deed, campaign_id=campaign_id, count=len(ids))
    return len(shown_ids), len(hidden_ids)
