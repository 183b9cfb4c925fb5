"""The letter that holds a link, in its forms: confirm, already signed, being looked at.

What it says is decided when it is about to go, from what is stored then. One letter to a mailbox and campaign is
on the wire at a time; which may go now is the link's to say.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import bindparam, exists, update

from petition import campaigns, contacts, links, signatures
from petition.base import db, i18n, mailbox, outbox, settings, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.outbox import Letter, Message, Nothing, Wait
from petition.campaigns import Phase, Reading
from petition.details import opened
from petition.letters import decided, wording
from petition.letters.going import Going
from petition.letters.wording import Forms, Sentences
from petition.links import Link
from petition.signatures import PendingSignature, Signature

#: How long a reminder that a pause has caught looks away.
PAUSED = timedelta(hours=1)

_SENT = links.sent(
    exists()
    .where(Signature.campaign_id == Link.campaign_id, Signature.mailbox == Link.mailbox, Signature.seat == 0)
    .correlate(Link)
)
_pending = PendingSignature.__table__
_here = (PendingSignature.campaign_id == bindparam("c"), db.Among(PendingSignature.mailbox, "m"))
_not_asked = PendingSignature.asked_at.is_(None)
_meant = db.Among(PendingSignature.id, "about")
_clock = {"asked_at": bindparam("at", type_=db.Moment)}
_ASKED = update(_pending).where(*_here, _not_asked | _meant).values(_clock)
_ASKED_ALONE = update(_pending).where(*_here, _not_asked & _meant).values(_clock)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a mailbox in a campaign when its letter is decided."""

    pending: PendingSignature | None
    signature: Signature | None
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A letter with what is stored about whom it goes to; `box` is the mailbox's hash of the site's own."""

    letter: Letter
    reading: Reading
    link: Link
    known: Known
    box: bytes = b""

    @property
    def is_retry(self) -> bool:
        """Whether this letter holds its link's wire since an earlier try."""
        return self.link.letter == self.letter.id


def decide(letters: Sequence[Letter]) -> list[Wait | Nothing | Going]:
    """Whether and what to write about links now; takes the links, so that nothing crosses."""
    at = db.now()
    cases = _cases(letters)
    quiet, forms = _quiet(cases, at), Forms()
    said: dict[int, Wait | Going] = {}
    for case in cases:
        if case.letter.id in quiet or not _has_something_to_say(case, at):
            continue
        going = partial(word, case.reading, case.link.id, case.known, case.letter, forms)
        source = case.known.pending.source if case.known.pending else ""
        waits = case.letter.kind == "reminder" and campaigns.is_paused(case.reading, at)
        said[case.letter.id] = Wait(at + PAUSED) if waits else Going(case.letter, case.link, case.box, going, source)
    return [said.get(letter.id) or Nothing() for letter in letters]


def _cases(letters: Sequence[Letter]) -> list[Case]:
    """The letters that may have something to say, with one look at the database for each campaign."""
    about = _by_campaign(letters)
    # In the order of ids: see links.take_all.
    found = [case for campaign_id in sorted(about) for case in _cases_of(campaign_id, about[campaign_id])]
    boxes = links.site_mailboxes(mailbox.folded(case.known.address) for case in found)
    return [replace(case, box=box) for case, box in zip(found, boxes, strict=True)]


def _by_campaign(letters: Iterable[Letter]) -> dict[int, list[Letter]]:
    about: dict[int, list[Letter]] = {}
    for letter in letters:
        if letter.campaign_id is not None and letter.mailbox is not None:
            about.setdefault(letter.campaign_id, []).append(letter)
    return about


def _cases_of(campaign_id: int, letters: Sequence[Letter]) -> Iterator[Case]:
    reading = campaigns.read_id(campaign_id)
    if reading.forgotten_at is not None:
        return
    taken = links.take_all(campaign_id, {letter.mailbox for letter in letters if letter.mailbox})
    signed = signatures.of_mailboxes(campaign_id, taken)
    pending = signatures.some_pending([letter.about for letter in letters if letter.about])
    for letter in letters:
        link = taken[letter.mailbox or b""]
        known = _known(letter, link, signed.get(link.mailbox), pending.get(letter.about or 0))
        if known is not None:
            yield Case(letter, reading, link, known)


def _known(letter: Letter, link: Link, signature: Signature | None, pending: PendingSignature | None) -> Known | None:
    if pending is not None:
        details = opened(link.campaign_id, pending.sealed)
        return Known(pending, signature, details.address, details.name)
    return None if letter.about else _asked_by_address(letter, link, signature)


def _asked_by_address(letter: Letter, link: Link, signature: Signature | None) -> Known | None:
    """ "Send me my link": something must be stored, and the letter goes to the address just typed."""
    newest = signatures.pending_of(link, most=1)
    if signature is None and not newest and not contacts.of_mailbox(link.campaign_id, link.mailbox):
        return None
    return Known(None, signature, str(outbox.unsealed(letter).get("to", "")))


def _quiet(cases: Sequence[Case], at: datetime) -> set[int]:
    """The letters to mailboxes that want none: then none goes, not even "send me my link", which anybody can ask for.
    The link in the letters sent before lifts it."""
    refused = links.suppressed([case.box for case in cases], at)
    return {
        case.letter.id
        for case in cases
        if case.box in refused or (case.link.quiet_until is not None and case.link.quiet_until > at)
    }


def _has_something_to_say(case: Case, at: datetime) -> bool:
    known, letter = case.known, case.letter
    if letter.kind == "reminder":
        return _is_worth_a_reminder(case, at)
    if case.is_retry or known.pending is None:
        return True
    said = known.pending.asked_at
    if said is not None and (letter.kind != "fresh" or said >= letter.created_at):
        return False
    if known.signature is not None:
        return case.link.told_day != at.astimezone(UTC).date()
    return campaigns.phase(case.reading, at) not in (Phase.FINAL, Phase.WITHDRAWN)


def _is_worth_a_reminder(case: Case, at: datetime) -> bool:
    """S17, asked again when it goes: nothing is confirmed, it still can be, and no letter has said so since."""
    pending, sent_at = case.known.pending, case.link.sent_at
    if pending is None or case.known.signature is not None or not settings.current().reminder:
        return False
    if campaigns.phase(case.reading, at) not in (Phase.OPEN, Phase.PAUSED):
        return False
    if signatures.button(case.reading, pending, at) == "old":
        return False
    return case.is_retry or sent_at is None or sent_at < case.letter.created_at


def settle(letters: Sequence[Letter], outcome: str) -> None:
    """Let the links go; a sent letter starts the clocks of every pending signature that had none.

    Statements alone: this is in the way of every letter. The first one locks the links.
    """
    about = _by_campaign(letters)
    for campaign_id in sorted(about):
        _settle(campaign_id, about[campaign_id], outcome, db.now())


def _settle(campaign_id: int, letters: Sequence[Letter], outcome: str, at: datetime) -> None:
    connection = db.session.connection()
    here = {"c": campaign_id, "m": [letter.mailbox for letter in letters], "at": at}
    asked = _ASKED
    if outcome in ("sent", "uncertain"):
        today = at.astimezone(UTC).date()
        connection.execute(_SENT, here | {"l": [letter.id for letter in letters], "today": today})
    else:
        for letter in letters:
            links.let_go(campaign_id, letter.mailbox or b"", letter.id)
        asked = _ASKED_ALONE
    if outcome != "parked":
        connection.execute(asked, here | {"about": [letter.about for letter in letters]})


def word(reading: Reading, link_id: UUID, known: Known, letter: Letter, forms: Forms) -> Message:
    """The letter that holds a link, in the form that fits what is known; asks no database. `forms` are those of letters
    worded together."""
    state = known.signature.state if known.signature else ""
    row = f"?row={letter.about}" if letter.about and not state else ""
    places = {"href": urls.absolute(urls.own_page(tokens.link("own", link_id))) + row}
    said: dict[str, Callable[..., Sentences]]
    said = {"counted": _already, "held": decided.looked_at, "removed": decided.not_counted}
    say = said.get(state) or (_remind if letter.kind == "reminder" else _confirm)
    if known.name and not state:
        places["name"] = known.name
    form = (reading.id, letter.language, say, *places)
    return forms.fill(known.address, form, places, partial(_worded, reading, letter.language, say))


def _worded(reading: Reading, language: str, say: Callable[..., Sentences], **places: str) -> Message:
    return wording.about_signing("", language, partial(say, reading, **places), reading)


def _title(reading: Reading) -> str:
    return reading.wording(i18n.spoken()).title


def _not_you() -> str:
    return str(_("Was this not you? Then do nothing, or open the link and press “This was not me”."))


def _confirm(reading: Reading, href: str, name: str = "") -> Sentences:
    return Sentences(
        subject=_("Please confirm your signature"),
        title=_("One more step"),
        paragraphs=_to_confirm(reading, name),
        button=(_("Open my page"), href),
        after=[_("The button works for seven days."), _not_you()],
    )


def _remind(reading: Reading, href: str, name: str = "") -> Sentences:
    return Sentences(
        subject=_("A reminder: please confirm your signature"),
        title=_("Your signature does not count yet"),
        paragraphs=_to_confirm(reading, name),
        button=(_("Open my page"), href),
        after=[_("The button works for seven days. This is our only reminder."), _not_you()],
    )


def _to_confirm(reading: Reading, name: str) -> list[str]:
    return [
        _("Somebody, we hope it was you, typed this address to sign this appeal: “%(title)s”.", title=_title(reading)),
        *([_("The name typed: “%(name)s”", name=name)] if name else []),
        _("Open the page below, read the name that will be recorded, and press the button. Only then do you count."),
    ]


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
