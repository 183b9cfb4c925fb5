"""Organisations that support a campaign: asked for, confirmed by a letter, decided about, shown. Never added to people.

Somebody asks for their organisation; the button behind our letter shows that the mailbox is theirs; an organiser
decides. What is asked for with one mailbox in one campaign hangs on one link, a contact's with a wish of its own,
whose row every verb of the person locks before it touches an endorsement; verbs of organisers lock the endorsement
alone. What an organisation says of itself stands in clear, who asked for it is sealed. No verb commits.
"""

import secrets
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition import contacts, erasures, journal, links
from petition.base import crypto, db, mailbox, outbox, pairs
from petition.base.countries import CODES
from petition.base.pairs import Pair, Put
from petition.campaigns import Reading
from petition.contacts import ContactLink, Wish
from petition.pictures import Picture

#: What a mailbox's link for endorsements is called among those of contacts.
ENDORSE = "endorse"
#: Typed into the form; its mailbox shown to be somebody's; shown in public; not to be shown. What is withdrawn is
#: deleted.
ASKED, CONFIRMED, ACCEPTED, REFUSED = "asked", "confirmed", "accepted", "refused"
#: Where an organisation works, the widest first.
INTERNATIONAL, NATIONAL, REGIONAL, LOCAL = "international", "national", "regional", "local"
LEVELS = (INTERNATIONAL, NATIONAL, REGIONAL, LOCAL)
#: What nobody has confirmed is deleted so long after its letter.
KEPT = timedelta(days=14)
LONGEST_HOMEPAGE = 300
MOST_MEMBERS = 999_999_999
#: The actor of what is done behind a letter's link.
OWN_PAGE = "own page"


class Endorsement(db.Base):
    """The support of one organisation for one campaign."""

    __tablename__ = "endorsement"
    __table_args__ = (
        Index("endorsement_state", "campaign_id", "state"),
        Index("endorsement_mailbox", "campaign_id", "mailbox"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    state: Mapped[str] = mapped_column(String(10))
    organisation: Mapped[str] = mapped_column(String(120))
    level: Mapped[str] = mapped_column(String(15))
    #: "" where it works in many.
    country: Mapped[str] = mapped_column(String(2))
    #: Which body of the organisation decided, and when.
    body: Mapped[str] = mapped_column(String(120))
    decided_on: Mapped[date | None] = mapped_column(Date)
    #: As the organisation says. Added to nothing.
    members: Mapped[int | None]
    homepage: Mapped[str] = mapped_column(String(LONGEST_HOMEPAGE))
    #: In which the texts are.
    language: Mapped[str] = mapped_column(String(12))
    #: The campaign's hash of the mailbox that asked; None where an organiser entered it, or once it is forgotten.
    mailbox: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    #: Who asked, see `Person`; None once it is forgotten.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Whether the name of who asked may be shown beside their office.
    show_name: Mapped[bool]
    #: What the public sees of the person; None where nothing is shown.
    shown_name: Mapped[str | None] = mapped_column(String(120))
    shown_office: Mapped[str | None] = mapped_column(String(120))
    logo: Mapped[str | None] = mapped_column(ForeignKey(Picture.name), index=True)
    #: The place an organiser gave it among those of its level; the others follow by country and name.
    place: Mapped[int | None]
    #: Counts its corrections, so that nobody decides about what they have not seen.
    version: Mapped[int] = mapped_column(default=1)
    consent_version: Mapped[int]
    created_at: Mapped[datetime]
    #: When a letter about it was sent, failed or turned out needless: from then its days run.
    asked_at: Mapped[datetime | None] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Organisation:
    """What an organisation says of itself and its decision, cleaned; "" or None where nothing is said."""

    organisation: str
    level: str
    country: str
    body: str
    decided_on: date | None = None
    members: int | None = None
    homepage: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks for an organisation, sealed as one record. `office`: what they are in it."""

    name: str = ""
    office: str = ""
    address: str = ""

    def seal(self, campaign_id: int) -> bytes:
        """Encrypted for one campaign."""
        return crypto.seal("endorsement", str(campaign_id), orjson.dumps(asdict(self)))


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo at the size at which it is stored."""

    name: str
    width: int
    height: int


_table = Endorsement.__table__
_FRESH = {"populate_existing": True}
#: What still holds something of a person, or was never shown and has no reason to stay.
NAMES_SOMEBODY = or_(Endorsement.state != ACCEPTED, Endorsement.sealed.is_not(None), Endorsement.mailbox.is_not(None))


def person_of(row: Endorsement) -> Person:
    """Who asked; nobody once it is forgotten. Raises crypto.Unsealable."""
    if row.sealed is None:
        return Person()
    record = orjson.loads(crypto.unseal("endorsement", str(row.campaign_id), row.sealed))
    return Person(**{one.name: record.get(one.name, "") for one in fields(Person)})


def said_of(row: Endorsement) -> Organisation:
    """What the organisation says."""
    return Organisation(**{one.name: getattr(row, one.name) for one in fields(Organisation)})


def ask(
    reading: Reading, said: Organisation, person: Person, *, mailbox: bytes, show_name: bool, language: str,
    consent_version: int, network: bytes | None, at: datetime, put: Put = pairs.put,
) -> int:  # fmt: skip
    """Store what was typed and post the letter about it; the id of the endorsement.

    The same work for every mailbox: two inserts, nothing looked up.
    """
    endorsement_id = secrets.randbits(63)
    row = new_row(reading.id, said, person, language) | {
        "id": endorsement_id, "state": ASKED, "mailbox": mailbox, "show_name": show_name,
        "consent_version": consent_version, "created_at": at,
    }  # fmt: skip
    letter = outbox.values(
        "endorsement", language=language, campaign_id=reading.id, mailbox=mailbox, about=endorsement_id,
        network=network,
    )  # fmt: skip
    put(Pair(_table, row, outbox.table, letter))
    return endorsement_id


def new_row(campaign_id: int, said: Organisation, person: Person, language: str) -> dict[str, object]:
    """The columns of a new one, but for those that say how it came. Raises ValueError for what no form lets through."""
    _check(said)
    return {
        "id": secrets.randbits(63), "campaign_id": campaign_id, **asdict(said), "language": language,
        "sealed": person.seal(campaign_id), "shown_name": None, "shown_office": None, "logo": None, "place": None,
        "version": 1, "asked_at": None, "confirmed_at": None, "decided_at": None,
    }  # fmt: skip


def _check(said: Organisation) -> None:
    """What no form lets through."""
    if not said.organisation or said.level not in LEVELS or (said.country and said.country not in CODES):
        raise ValueError("an endorsement has an organisation, a level and, if any, a country there is")
    if said.homepage and not said.homepage.startswith("https://"):
        raise ValueError("an organisation's page is reached by https")
    if said.members is not None and not 0 < said.members <= MOST_MEMBERS:
        raise ValueError("so many members no organisation has")


def wish_of(campaign_id: int, box: bytes) -> Wish:
    """What names the link for the endorsements of a mailbox."""
    return Wish(campaign_id, ENDORSE, box)


def of_link(link: ContactLink, *, most: int = 20) -> list[Endorsement]:
    """What was asked for with a link's mailbox, newest first."""
    query = select(Endorsement).where(*_of(link)).order_by(Endorsement.created_at.desc(), Endorsement.id)
    return list(db.session.scalars(query.limit(most), execution_options=_FRESH))


def one_of_link(link: ContactLink, endorsement_id: int) -> Endorsement | None:
    """An endorsement of a locked link, its row locked; None where it is gone or another's."""
    query = select(Endorsement).where(*_of(link), Endorsement.id == endorsement_id).with_for_update()
    return db.session.scalars(query, execution_options=_FRESH).one_or_none()


def _of(link: ContactLink) -> tuple[ColumnElement[bool], ...]:
    return Endorsement.campaign_id == link.campaign_id, Endorsement.mailbox == link.mailbox


def confirm(link: ContactLink, endorsement_id: int, at: datetime) -> bool:
    """The button: from now on it waits for an organiser. False where there is nothing to confirm.

    The same organisation typed again with this mailbox and never confirmed is deleted.
    """
    row = one_of_link(link, endorsement_id)
    if row is None or row.state != ASKED:
        return False
    row.state, row.confirmed_at = CONFIRMED, at
    db.session.flush()
    again = func.lower(Endorsement.organisation) == func.lower(row.organisation)
    db.session.execute(delete(Endorsement).where(*_of(link), Endorsement.state == ASKED, again))
    journal.write(OWN_PAGE, "endorsement confirmed", campaign_id=row.campaign_id, about=row.id)
    return True


def correct_own(row: Endorsement, said: Organisation, person: Person, show_name: bool) -> bool:
    """What its person corrects, on a locked row. What was accepted waits for an organiser again and is not shown until
    then; False where it was refused, which no correction undoes."""
    if row.state == REFUSED:
        return False
    if change(row, said, person, show_name, OWN_PAGE, ""):
        row.state = CONFIRMED if row.state == ACCEPTED else row.state
        row.shown_name = row.shown_office = None
        db.session.flush()
    return True


def change(
    row: Endorsement, said: Organisation, person: Person, show_name: bool, actor: str, reason: str
) -> bool:  # fmt: skip
    """Store a correction of a locked one, with its line in the journal; whether anything changed."""
    _check(said)
    before = person_of(row)
    # A mailbox that was confirmed stays what was confirmed.
    now = Person(person.name, person.office, before.address if row.mailbox is not None else person.address)
    changed = row.change(asdict(said) | {"show_name": show_name})
    if now != before:
        row.sealed = now.seal(row.campaign_id)
    if not changed and now == before:
        return False
    row.version += 1
    db.session.flush()
    journal.write(actor, "endorsement corrected", campaign_id=row.campaign_id, about=row.id, reason=reason)
    return True


def show(row: Endorsement, person: Person | None = None) -> None:
    """Show what may be shown of the person of a locked one: what they are, and their name if they agreed."""
    person = person or person_of(row)
    row.shown_office = person.office or None
    row.shown_name = (person.name or None) if row.show_name else None
    db.session.flush()


def withdraw(row: Endorsement, actor: str, reason: str = "") -> None:
    """Delete a locked one with all that is stored of it."""
    journal.write(actor, "endorsement withdrawn", campaign_id=row.campaign_id, about=row.id, reason=reason)
    erasures.note(erasures.ENDORSEMENT_WITHDRAWN, db.now(), rows=[row.id])
    db.session.delete(row)
    db.session.flush()


def shown(campaign_id: int) -> list[tuple[Endorsement, Logo | None]]:
    """Those that are shown, with their logos: the organiser's order first, then the order of their names."""
    return [(row, logo_as_shown(picture)) for row, picture in db.session.execute(_shown(campaign_id))]


def some_shown(campaign_id: int, most: int) -> tuple[int, list[str]]:
    """How many are shown, and what the first of them are called; with one query."""
    query = select(Endorsement.organisation, func.count().over()).where(_is_shown(campaign_id))
    rows = db.session.execute(query.order_by(*_ORDER).limit(most)).all()
    return (int(rows[0][1]) if rows else 0), [name for name, _count in rows]


_ORDER = (
    Endorsement.place.is_(None), Endorsement.place, func.lower(Endorsement.organisation), Endorsement.id,
)  # fmt: skip


def _is_shown(campaign_id: int) -> ColumnElement[bool]:
    return and_(Endorsement.campaign_id == campaign_id, Endorsement.state == ACCEPTED)


def _shown(campaign_id: int) -> Select[*tuple[Any, ...]]:
    query = select(Endorsement, Picture).outerjoin(Picture, Picture.name == Endorsement.logo)
    return query.where(_is_shown(campaign_id)).order_by(*_ORDER)


def logo_as_shown(picture: Picture | None) -> Logo | None:
    """A logo from its picture."""
    return Logo(picture.name, picture.width, picture.height) if picture else None


def disown(link: ContactLink, at: datetime) -> None:
    """ "This was not me": delete what was asked for with a locked link's mailbox; no letters about it for a year."""
    erasures.note(erasures.WISH_DISOWNED, at, link=link.id)
    for row in of_link(link, most=1000):
        if row.state == ASKED:
            erasures.note(erasures.ENDORSEMENT_WITHDRAWN, at, rows=[row.id])
            db.session.delete(row)
        else:
            withdraw(row, OWN_PAGE)
    db.session.flush()
    links.quieten(link, at)


def site_mailbox_of(link: ContactLink) -> bytes | None:
    """The hash of a link's mailbox under the site's own key; None where nothing is stored to find it from."""
    row = next(iter(of_link(link, most=1)), None)
    return links.site_mailbox(mailbox.folded(person_of(row).address)) if row else None


def settle(row: Endorsement, letter: int, outcome: str, at: datetime) -> None:
    """A letter about an endorsement has ended: let its link go, and start the days of what waits for a button."""
    if row.mailbox is None:
        return
    link = contacts.take(wish_of(row.campaign_id, row.mailbox))
    sent = contacts.let_go(link, letter, outcome, at)
    if outcome != "parked":
        # A letter that was sent leads to everything that waits there.
        which = _of(link) if sent else (Endorsement.id == row.id,)
        waits = update(_table).where(*which, Endorsement.asked_at.is_(None))
        db.session.execute(waits.values(asked_at=at))


def forget_people(campaign_id: int) -> int:
    """With a campaign's people goes what was never shown, and of the others everything that names a person: which
    organisations supported it stays. How many rows changed."""
    here = Endorsement.campaign_id == campaign_id
    gone = db.count(delete(_table).where(here, Endorsement.state != ACCEPTED))
    emptied = update(_table).where(here, NAMES_SOMEBODY)
    empty = {"mailbox": None, "sealed": None, "show_name": False, "shown_name": None, "shown_office": None,
             "asked_at": None}  # fmt: skip
    return gone + db.count(emptied.values(empty))
