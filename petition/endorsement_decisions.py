"""What organisers do with organisations that support a campaign: decide, enter, correct, put in order, give a logo.

Each locks the endorsement alone and writes its line in the journal; none of them commits.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Select, select

from petition import endorsements, journal, pictures
from petition.base import db
from petition.campaigns import Reading
from petition.endorsements import ACCEPTED, ASKED, REFUSED, Endorsement, Logo, Organisation, Person
from petition.pictures import Picture

if TYPE_CHECKING:
    # It loads Pillow, which deciding does without.
    from petition.base.images import Scaled

_FRESH = {"populate_existing": True}


class Changed(Exception):
    """What was decided about has been corrected or withdrawn since it was read."""


def lock(campaign_id: int, endorsement_id: int) -> Endorsement | None:
    """An endorsement that organisers may see, its row locked: not one that nobody has confirmed."""
    query = _seen(campaign_id, endorsement_id).with_for_update()
    return db.session.scalars(query, execution_options=_FRESH).one_or_none()


def find(campaign_id: int, endorsement_id: int) -> Endorsement | None:
    """The same for reading."""
    return db.session.scalars(_seen(campaign_id, endorsement_id)).one_or_none()


def _seen(campaign_id: int, endorsement_id: int) -> Select[Endorsement]:
    here = Endorsement.campaign_id == campaign_id, Endorsement.state != ASKED
    return select(Endorsement).where(*here, Endorsement.id == endorsement_id)


def accept(row: Endorsement, version: int, actor: str) -> None:
    """Show a locked one from now on. Raises Changed where it is not the version that was read."""
    _decide(row, version, ACCEPTED)
    endorsements.show(row)
    journal.write(actor, "endorsement accepted", campaign_id=row.campaign_id, about=row.id)


def refuse(row: Endorsement, version: int, actor: str, reason: str) -> None:
    """Show a locked one no longer, or never. Raises Changed likewise."""
    _decide(row, version, REFUSED)
    row.shown_name = row.shown_office = None
    row.place = None
    db.session.flush()
    journal.write(actor, "endorsement refused", campaign_id=row.campaign_id, about=row.id, reason=reason)


def _decide(row: Endorsement, version: int, state: str) -> None:
    if row.version != version:
        raise Changed
    row.state, row.decided_at = state, db.now()
    db.session.flush()


def enter(
    reading: Reading, said: Organisation, person: Person, *, show_name: bool, language: str, actor: str, reason: str
) -> int:
    """What an organiser has on paper or by word: shown at once; its id."""
    at = db.now()
    row = Endorsement(**endorsements.new_row(reading.id, said, person, language) | {
        "state": ACCEPTED, "mailbox": None, "show_name": show_name, "created_at": at, "decided_at": at,
        "consent_version": reading.consent.version if reading.consent else 0,
    })  # fmt: skip
    endorsements.show(row, person)
    db.session.add(row)
    db.session.flush()
    journal.write(actor, "endorsement entered", campaign_id=reading.id, about=row.id, reason=reason)
    return row.id


def correct(row: Endorsement, said: Organisation, person: Person, show_name: bool, actor: str, reason: str) -> bool:
    """What an organiser corrects, on a locked row; what is shown goes on, as it is now. Whether anything changed."""
    changed = endorsements.change(row, said, person, show_name, actor, reason)
    if changed and row.state == ACCEPTED:
        endorsements.show(row)
    return changed


def put_logo(row: Endorsement, scaled: "Scaled | None", actor: str) -> None:
    """Show a locked one with this logo (`base.images.logo`), or without."""
    name = pictures.add(scaled, actor).name if scaled else None
    if row.change({"logo": name}):
        db.session.flush()
        deed = "endorsement logo chosen" if name else "endorsement logo taken away"
        journal.write(actor, deed, campaign_id=row.campaign_id, about=row.id)


def put_in_order(campaign_id: int, places: Mapping[int, int | None], actor: str) -> int:
    """Give endorsements that are shown their places, None for none; how many got another one."""
    rows = select(Endorsement).where(Endorsement.campaign_id == campaign_id, Endorsement.state == ACCEPTED)
    rows = rows.where(Endorsement.id.in_(places)).order_by(Endorsement.id).with_for_update()
    changed = [row.change({"place": places[row.id]}) for row in db.session.scalars(rows, execution_options=_FRESH)]
    if any(changed):
        db.session.flush()
        journal.write(actor, "endorsements put in order", campaign_id=campaign_id, count=sum(changed))
    return sum(changed)


def logo_of(row: Endorsement) -> Logo | None:
    """The logo of one."""
    return endorsements.logo_as_shown(db.session.get(Picture, row.logo)) if row.logo else None


def of_campaign(campaign_id: int) -> Sequence[Endorsement]:
    """All that organisers may see: not what nobody has confirmed. The oldest first."""
    query = select(Endorsement).where(Endorsement.campaign_id == campaign_id, Endorsement.state != ASKED)
    return db.session.scalars(query.order_by(Endorsement.created_at, Endorsement.id)).all()
