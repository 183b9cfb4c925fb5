"""One person's own affairs at the desk: what is stored of a mailbox, and what is done because the person asked for it
by post or telephone. The journal says who did what and why, and names nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from petition import contacts, journal, links, objections, records, signatures, wordings
from petition.base import db, outbox, urls
from petition.campaigns import Reading
from petition.contacts import NEWS, Contact
from petition.details import Choices, Details, opened
from petition.journal import Entry
from petition.register import Move
from petition.signatures import PendingSignature, Signature

#: Looks at personal data, which a person's history leaves to the journal's own page.
LOOKS = ("signature looked at", "signature looked up", "signatures looked at")
#: So many pending signatures of one mailbox are written out; more would be somebody's nuisance.
MOST_PENDING = 1000
MOST_HISTORY = 50
_FRESH = {"populate_existing": True}


@dataclass(frozen=True, slots=True)
class Person:
    """What is stored of one mailbox in one campaign: the signature, if there is one, and what waits for its button,
    the newest first. One of the two is there."""

    mailbox: bytes
    signature: Signature | None
    pending: Sequence[PendingSignature]

    @property
    def number(self) -> int:
        """The random number by which pages, register and journal know them."""
        return self.signature.id if self.signature else self.pending[0].id

    @property
    def sealed(self) -> bytes | None:
        """What names them, sealed; None where it is erased."""
        return self.signature.sealed if self.signature else self.pending[0].sealed

    @property
    def language(self) -> str:
        """In which they signed."""
        return self.signature.language if self.signature else self.pending[0].language


def of_mailbox(campaign_id: int, mailbox: bytes) -> Person | None:
    """Whoever has signed, or only typed, with a mailbox; by its key."""
    mine = select(Signature).where(Signature.campaign_id == campaign_id, Signature.mailbox == mailbox)
    signature = db.session.scalars(mine.where(Signature.seat == 0), execution_options=_FRESH).one_or_none()
    waiting = select(PendingSignature).where(
        PendingSignature.campaign_id == campaign_id, PendingSignature.mailbox == mailbox
    )
    newest = waiting.order_by(PendingSignature.created_at.desc(), PendingSignature.id).limit(MOST_PENDING)
    pending = db.session.scalars(newest).all()
    return Person(mailbox, signature, pending) if signature or pending else None


def of_number(campaign_id: int, number: int) -> Person | None:
    """The same by the number of a signature or of a pending one."""
    for kind in (Signature, PendingSignature):
        mine = select(kind.mailbox).where(kind.id == number, kind.campaign_id == campaign_id)
        mailbox = db.session.scalar(mine)
        if mailbox is not None:
            return of_mailbox(campaign_id, mailbox)
    return None


def news_of(campaign_id: int, mailbox: bytes) -> list[Contact]:
    """What a mailbox wants to hear from a campaign."""
    return contacts.of_mailbox(campaign_id, mailbox)


def record(reading: Reading, mailbox: bytes) -> dict[str, object]:
    """Everything stored of a mailbox, for its owner to take along as JSON."""
    person = of_mailbox(reading.id, mailbox)
    signature, pending = (person.signature, person.pending) if person else (None, ())
    rows: list[Signature | PendingSignature] = [*([signature] if signature else []), *pending]
    texts = wordings.seen({one.wording_id for one in rows})
    heard = objections.of_signature(signature.id) if signature else ()
    heard_from = news_of(reading.id, mailbox)
    return {
        "campaign": urls.absolute(urls.campaign(reading.first_language, reading.slug)),
        "signature": records.record(reading, signature, texts) if signature else None,
        "waiting_for_confirmation": [records.record(reading, one, texts) for one in pending],
        "objections": [records.objection(one) for one in heard],
        "news_asked_for": [one.wish for one in heard_from if one.wish == NEWS],
        "passed_on_to": [records.agreed(one, reading.first_language) for one in heard_from if one.wish != NEWS],
    }


def moves_of(signature: Signature) -> Sequence[Move]:
    """What became of a signature in the register, the oldest first."""
    mine = select(Move).where(Move.signature_id == signature.id, Move.campaign_id == signature.campaign_id)
    return db.session.scalars(mine.order_by(Move.id).limit(MOST_HISTORY)).all()


def lines_about(campaign_id: int, person: Person) -> Sequence[Entry]:
    """What organisers did with somebody, the newest first; not who looked."""
    numbers = [one.id for one in person.pending] + ([person.signature.id] if person.signature else [])
    mine = select(Entry).where(Entry.campaign_id == campaign_id, Entry.about.in_(numbers), Entry.deed.not_in(LOOKS))
    return db.session.scalars(mine.order_by(Entry.id.desc()).limit(MOST_HISTORY)).all()


def correct(
    reading: Reading, number: int, details: Details, choices: Choices, *, actor: str, reason: str, at: datetime
) -> bool:
    """Correct a signature as its owner asked, by the rules of the own page; a letter tells them. False where it is
    gone or erased. `choices` say nothing of language, channel and source, which stay."""
    signature = db.session.get(Signature, number)
    if signature is None or signature.campaign_id != reading.id:
        return False
    link = links.take(reading.id, signature.mailbox)
    signature = signatures.signature_of(link)
    if signature is None or signature.sealed is None:
        return False
    signatures.correct(reading, signature, details, choices, at)
    journal.write(actor, "signature corrected", campaign_id=reading.id, about=number, reason=reason)
    return True


def erase(reading: Reading, number: int, *, contacts_too: bool, actor: str, reason: str, at: datetime) -> bool:
    """Erase what a mailbox has in a campaign as its owner asked, which is the same as withdrawing: a last letter says
    so, and all links die. False where nothing is stored any more."""
    person = of_number(reading.id, number)
    if person is None:
        return False
    link = links.take(reading.id, person.mailbox)
    if not signatures.withdraw(reading, link, at, contacts_too=contacts_too):
        return False
    journal.write(actor, "signature erased", campaign_id=reading.id, about=number, reason=reason)
    return True


def hand_over(reading: Reading, number: int, *, actor: str, reason: str) -> dict[str, object] | None:
    """Everything stored of somebody, because they asked for it, with its line in the journal; commit before it leaves.
    None where nothing is stored."""
    person = of_number(reading.id, number)
    if person is None:
        return None
    journal.write(actor, "signature handed out", campaign_id=reading.id, about=number, reason=reason)
    return record(reading, person.mailbox)


def send_link(reading: Reading, number: int, *, actor: str) -> bool:
    """Post the letter that holds somebody's own page to the address stored: whoever can open it is them. False where
    nothing is stored that names an address."""
    person = of_number(reading.id, number)
    if person is None or person.sealed is None:
        return False
    outbox.post(
        "link", language=person.language, campaign_id=reading.id, mailbox=person.mailbox,
        sealed={"to": opened(reading.id, person.sealed).address},
    )  # fmt: skip
    journal.write(actor, "link sent", campaign_id=reading.id, about=number)
    return True
