"""One signature: found by its address through the mailbox key; held, released, removed, restored; the first ones."""

from dataclasses import dataclass
from datetime import datetime

import click
from sqlalchemy import select

from petition import campaigns, decisions, journal, signatories, signatures
from petition.base import db, mailbox
from petition.campaigns import Campaign, Reading
from petition.cli.ground import Refused, Wrong, actor, campaign_named, reason, with_app
from petition.signatures import PendingSignature, Signature

_id = click.argument("signature_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
_why = reason(required=True)


@click.group()
def signature() -> None:
    """Find a signature; hold, release, remove or restore it; name the first ones.

    \b
    Example: petition signature find ana@example.org
    """


@dataclass(frozen=True, slots=True)
class Found:
    """A row of somebody's mailbox, without anything that names them."""

    campaign_id: int
    campaign: str
    id: int
    state: str
    at: datetime


@signature.command()
@click.argument("address")
@click.option("--campaign", "slug", default=None, help="Look in this campaign alone.")
@reason(required=False)
@with_app
def find(address: str, slug: str | None, reason: str) -> None:
    """Find what an address has signed: state, day, campaign, number. The look is kept in the journal.

    The address is compared as a mailbox: case, tags and dots count only where its provider counts them.

    \b
    Example: petition signature find ana@example.org --campaign keep-the-clinic
    """
    folded = mailbox.parse(address).folded
    readings = [campaign_named(slug)] if slug else _all()
    found = [row for reading in readings if reading.sealed_key for row in _of_mailbox(reading, folded)]
    for row in found:
        journal.write(actor(), "signature looked up", campaign_id=row.campaign_id, about=row.id, reason=reason)
    if not found:
        searched = readings[0].id if slug else None
        journal.write(actor(), "signature looked up", campaign_id=searched, count=0, reason=reason)
    db.session.commit()
    for row in found:
        click.echo(f"{row.id:>19}  {row.state:<8}  {row.at.date().isoformat()}  {row.campaign}")
    if not found:
        raise Wrong("Nothing is stored for this address.")


def _all() -> list[Reading]:
    return [campaigns.read_id(key) for key in db.session.scalars(select(Campaign.id).order_by(Campaign.id)).all()]


def _of_mailbox(reading: Reading, folded: str) -> list[Found]:
    key = signatures.mailbox_key(reading, folded)
    signed = select(Signature).where(Signature.campaign_id == reading.id, Signature.mailbox == key)
    waiting = select(PendingSignature).where(
        PendingSignature.campaign_id == reading.id, PendingSignature.mailbox == key
    )
    rows = [
        Found(reading.id, reading.slug, row.id, row.state if row.sealed else f"{row.state}, erased", row.entered_at)
        for row in db.session.scalars(signed.order_by(Signature.seat))
    ]
    return rows + [
        Found(reading.id, reading.slug, row.id, "pending", row.created_at)
        for row in db.session.scalars(waiting.order_by(PendingSignature.created_at))
    ]


@signature.command()
@_id
@_why
@with_app
def hold(signature_id: int, reason: str) -> None:
    """Take a signature out of the total while it is being looked at.

    \b
    Example: petition signature hold 4711 --reason "asked the association"
    """
    _decide(signature_id, "hold", reason)


@signature.command()
@_id
@_why
@with_app
def release(signature_id: int, reason: str) -> None:
    """Count a held signature again.

    \b
    Example: petition signature release 4711 --reason "confirmed by telephone"
    """
    _decide(signature_id, "release", reason)


@signature.command()
@_id
@_why
@with_app
def remove(signature_id: int, reason: str) -> None:
    """Take a signature out of the total for good; its mailbox stays taken.

    \b
    Example: petition signature remove 4711 --reason "name of a minister"
    """
    _decide(signature_id, "remove", reason)


@signature.command()
@_id
@_why
@with_app
def restore(signature_id: int, reason: str) -> None:
    """Count a removed signature again.

    \b
    Example: petition signature restore 4711 --reason "removed by mistake"
    """
    _decide(signature_id, "restore", reason)


def _decide(signature_id: int, verb: str, reason: str) -> None:
    if not decisions.decide(signature_id, verb, actor=actor(), reason=reason, at=db.now()):
        raise Refused(_why_not(signature_id, verb))
    row = db.session.get_one(Signature, signature_id)
    state = row.state
    db.session.commit()
    click.echo(f"Signature {signature_id} is {state} now.")


def _why_not(signature_id: int, verb: str) -> str:
    row = db.session.get(Signature, signature_id)
    if row is None:
        return f"There is no signature {signature_id}."
    erased = " and erased by its owner" if row.sealed is None else ""
    return f"Signature {signature_id} is {row.state}{erased}; you cannot {verb} it."


@signature.command()
@click.argument("slug", metavar="CAMPAIGN")
@click.argument("addresses", metavar="ADDRESS…", nargs=-1)
@click.option("--none", "nobody", is_flag=True, help="Have no first signatories any more.")
@reason(required=False)
@with_app
def first(slug: str, addresses: tuple[str, ...], nobody: bool, reason: str) -> None:
    """Name the first signatories of a campaign, in the order in which they shall stand on top of its list.

    They must have signed, count, and have chosen to be shown. Who was named before and is not named now stands among
    the others again.

    \b
    Example: petition signature first keep-the-clinic ana@example.org ben@example.org
    """
    if nobody == bool(addresses):
        raise Refused("Name the addresses in their order, or give --none alone.")
    reading = campaign_named(slug)
    if reading.sealed_key is None:
        raise Refused(f"The people of “{reading.slug}” are forgotten.")
    folded = [_folded(place, address) for place, address in enumerate(addresses, 1)]
    try:
        signatories.put_first(
            reading.id, [signatures.mailbox_key(reading, one) for one in folded], actor=actor(), reason=reason
        )
    except signatories.NotFirst as error:
        raise Refused(f"Address {error.place} {error}; nothing was changed.") from None
    db.session.commit()
    click.echo(f"“{reading.slug}” has {len(folded)} first {'signatory' if len(folded) == 1 else 'signatories'} now.")


def _folded(place: int, address: str) -> str:
    try:
        return mailbox.parse(address).folded
    except mailbox.MailboxRefused:
        raise Refused(f"Address {place} is no address; nothing was changed.") from None
