"""The letter that holds a link, in its forms: confirm, already signed, being looked at.

What it says is decided when it is about to go, from what is stored then. One letter to a mailbox and campaign is
on the wire at a time; which may go now is the link's to say.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, type_coerce, update

from petition import campaigns, contacts, links, signatures
from petition.base import db, i18n, mailbox, outbox, settings, tokens, urls
from petition.base.outbox import Decision, Letter, Message, Nothing, Wait
from petition.campaigns import Phase, Reading
from petition.details import opened
from petition.letters import wording
from petition.letters.wording import Sentences
from petition.links import Link
from petition.signatures import PendingSignature, Signature

#: Over how long a crowded network's waiting letters are spread once there is room again.
SPREAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a mailbox in a campaign when its letter is decided."""

    pending: PendingSignature | None
    signature: Signature | None
    address: str
    name: str = ""


def decide(letter: Letter) -> Decision:
    """Whether and what to write about a link now; takes the link, so that nothing crosses."""
    if letter.campaign_id is None or letter.mailbox is None:
        return Nothing()
    at = db.now()
    reading = campaigns.read_id(letter.campaign_id)
    if reading.forgotten_at is not None:
        return Nothing()
    link = links.take(letter.campaign_id, letter.mailbox)
    known = _known(letter, link)
    if known is None or _is_quiet(link, known, at) or not _has_something_to_say(letter, reading, link, known, at):
        return _settled(letter, link)
    box = links.site_mailbox(mailbox.parse(known.address).folded)
    until = _crowded(letter, link, at) or links.reserve(link, letter.id, box, at)
    if until is not None:
        return Wait(until)
    return partial(_word, reading, link.id, known, letter)


def _settled(letter: Letter, link: Link) -> Nothing:
    """Needless: the link is let go if this letter held it on an earlier try."""
    links.settle(link, letter.id, sent=False, at=db.now())
    return Nothing()


def _known(letter: Letter, link: Link) -> Known | None:
    signature = signatures.signature_of(link)
    pending = db.session.get(PendingSignature, letter.about) if letter.about else None
    if letter.about and pending is None:
        return None
    if pending is not None:
        details = opened(link.campaign_id, pending.sealed)
        return Known(pending, signature, details.address, details.name)
    return _asked_by_address(letter, link, signature)


def _asked_by_address(letter: Letter, link: Link, signature: Signature | None) -> Known | None:
    """ "Send me my link": something must be stored, and the letter goes to the address just typed."""
    newest = signatures.pending_of(link, most=1)
    if signature is None and not newest and not contacts.of_mailbox(link.campaign_id, link.mailbox):
        return None
    return Known(None, signature, str(outbox.unsealed(letter).get("to", "")))


def _is_quiet(link: Link, known: Known, at: datetime) -> bool:
    """Whether this mailbox wants no letters. One who asks for the link by its address gets it all the same:
    it is the only way to allow letters again once the old ones are lost."""
    if known.pending is None:
        return False
    if link.quiet_until is not None and link.quiet_until > at:
        return True
    box = links.site_mailbox(mailbox.parse(known.address).folded)
    return links.is_suppressed(box, at)


def _has_something_to_say(letter: Letter, reading: Reading, link: Link, known: Known, at: datetime) -> bool:
    if letter.id == link.letter:
        return True
    if known.pending is None:
        return True
    said = known.pending.asked_at
    if said is not None and (letter.kind != "fresh" or said >= letter.created_at):
        return False
    if known.signature is not None:
        return link.told_day != at.astimezone(UTC).date()
    return campaigns.phase(reading, at) not in (Phase.FINAL, Phase.WITHDRAWN)


def _crowded(letter: Letter, link: Link, at: datetime) -> datetime | None:
    """Past a network's soft limit its letters are spread over time (S49); None where this one may go."""
    if letter.network is None or link.letter == letter.id:
        return None
    hour = timedelta(hours=1)
    sent = select(func.count(), type_coerce(func.min(outbox.Letter.settled_at), db.Moment)).where(
        outbox.Letter.network == letter.network,
        outbox.Letter.state == "sent",
        outbox.Letter.settled_at > at - hour,
    )
    count, first = db.session.execute(sent).one()
    if first is None or count < settings.current().soft_limit:
        return None
    # When the first of the hour's letters is an hour old there is room again; not for all at the same instant.
    return max(first + hour, at) + timedelta(seconds=secrets.randbelow(int(SPREAD.total_seconds())))


def settle(letter: Letter, outcome: str) -> None:
    """Let the link go; a sent letter starts the clocks of every pending signature that had none."""
    if letter.campaign_id is None or letter.mailbox is None:
        return
    at = db.now()
    link = links.take(letter.campaign_id, letter.mailbox)
    sent = outcome in ("sent", "uncertain")
    links.settle(link, letter.id, sent=sent, at=at)
    mine = PendingSignature.id == letter.about
    if sent:
        if signatures.signature_of(link) is not None:
            link.told_day = at.astimezone(UTC).date()
        of_mailbox = (PendingSignature.campaign_id == link.campaign_id) & (PendingSignature.mailbox == link.mailbox)
        mine = of_mailbox & (PendingSignature.asked_at.is_(None) | mine)
    elif outcome == "parked":
        return
    else:
        mine = mine & PendingSignature.asked_at.is_(None)
    db.session.execute(update(PendingSignature).where(mine).values(asked_at=at))


def _word(reading: Reading, link_id: UUID, known: Known, letter: Letter) -> Message:
    state = known.signature.state if known.signature else ""
    row = f"?row={letter.about}" if letter.about and not state else ""
    href = urls.absolute(urls.own_page(tokens.link("own", link_id))) + row
    forms = {"counted": _already, "held": _looked_at, "removed": _decided}
    say = forms.get(state) or partial(_confirm, known.name)
    return wording.message(known.address, letter.language, partial(say, reading, href), reading)


def _title(reading: Reading) -> str:
    return reading.wording(i18n.spoken()).title


def _not_you() -> str:
    return str(_("Was this not you? Then do nothing, or open the link and press “This was not me”."))


def _confirm(name: str, reading: Reading, href: str) -> Sentences:
    return Sentences(
        subject=_("Please confirm your signature"),
        title=_("One more step"),
        paragraphs=[
            _("Somebody, we hope it was you, typed this address to sign this appeal: “%(title)s”.",
              title=_title(reading)),
            *([_("The name typed: “%(name)s”", name=name)] if name else []),
            _("Open the page below, read the name that will be recorded, and press the button. Only then do you"
              " count."),
        ],
        button=(_("Open my page"), href),
        after=[_("The button works for seven days."), _not_you()],
    )  # fmt: skip


def _already(reading: Reading, href: str) -> Sentences:
    return Sentences(
        subject=_("You have already signed"),
        title=_("You have already signed"),
        paragraphs=[
            _("Your signature on this appeal counts: “%(title)s”.", title=_title(reading)),
            _("Somebody typed this address again. That changes nothing."),
        ],
        button=(_("Open my page"), href),
        after=[_("There you see what is stored, correct it, take it with you or withdraw.")],
    )


def _looked_at(reading: Reading, href: str) -> Sentences:
    return Sentences(
        subject=_("About your signature"),
        title=_("The organisers are looking at your signature"),
        paragraphs=[
            _("Your signature on this appeal is being looked at: “%(title)s”. Until that is done it is not in the"
              " total.", title=_title(reading)),
            *_objecting(reading),
        ],
        button=(_("Open my page"), href),
    )  # fmt: skip


def _decided(reading: Reading, href: str) -> Sentences:
    return Sentences(
        subject=_("About your signature"),
        title=_("Your signature is not counted"),
        paragraphs=[
            _("The organisers of this appeal have decided not to count your signature: “%(title)s”.",
              title=_title(reading)),
            *_objecting(reading),
        ],
        button=(_("Open my page"), href),
    )  # fmt: skip


def _objecting(reading: Reading) -> list[str]:
    if reading.consent is None:
        return []
    return [_("If you think this is wrong, write to %(address)s.", address=reading.consent.responsible_address)]
