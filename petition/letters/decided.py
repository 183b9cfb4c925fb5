"""Letters about what organisers decide: a signature is being looked at, is not counted, counts again; and what is
answered to an objection (S26). They are free of the limits for signing, and go behind what somebody waits for."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import exists, select

from petition import campaigns, links, objections, signatures
from petition.base import db, i18n, mailbox, outbox, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.outbox import Decision, Letter, Nothing
from petition.campaigns import Reading
from petition.details import opened
from petition.letters import wording
from petition.letters.wording import Sentences
from petition.register import Move
from petition.signatures import Signature

#: What a letter says, of a campaign and with the address of the own page.
Say = Callable[[Reading, str], Sentences]


def decided(letters: Sequence[Letter]) -> list[Decision]:
    """Says what was decided, where it still is so."""
    return [_decide(letter) for letter in letters]


def answered(letters: Sequence[Letter]) -> list[Decision]:
    """Says what was answered to an objection."""
    return [_answer(letter) for letter in letters]


def settle(_letters: Sequence[Letter], _outcome: str) -> None:
    """Nothing waits for these letters."""


def _decide(letter: Letter) -> Decision:
    signature = _signature(letter, letter.about)
    if signature is None or not _is_the_last(letter, signature):
        return Nothing()
    say = {"counted": counts_again, "held": looked_at, "removed": not_counted}[signature.state]
    # Whoever was never told of the doubt need not be told of its end.
    if signature.state == signatures.COUNTED and not _was_told(letter, signature):
        return Nothing()
    return _to_owner(letter, signature, say)


def _answer(letter: Letter) -> Decision:
    row = objections.find(letter.campaign_id or 0, letter.about or 0)
    signature = _signature(letter, row.signature_id) if row is not None else None
    if row is None or signature is None:
        return Nothing()
    return _to_owner(letter, signature, partial(said_to_objection, objections.said(row).answer, signature.state))


def _signature(letter: Letter, signature_id: int | None) -> Signature | None:
    found = db.session.get(Signature, signature_id or 0, populate_existing=True)
    return found if found is not None and found.campaign_id == letter.campaign_id and found.sealed else None


def _is_the_last(letter: Letter, signature: Signature) -> bool:
    """Whether nothing was decided since: then this letter has nothing to say, and the later one says it."""
    said = outbox.unsealed(letter)
    query = select(Move.kind, Move.at).where(Move.signature_id == signature.id, Move.kind != "corrected")
    last = db.session.execute(query.order_by(Move.id.desc()).limit(1)).one_or_none()
    return last is not None and (last.kind, last.at.isoformat()) == (said.get("kind"), said.get("at"))


def _was_told(letter: Letter, signature: Signature) -> bool:
    sent = exists().where(
        Letter.about == signature.id, Letter.campaign_id == letter.campaign_id, Letter.mailbox == letter.mailbox,
        Letter.kind == "decided", Letter.state == "sent", Letter.id != letter.id,
    )  # fmt: skip
    return bool(db.session.scalar(select(sent)))


def _to_owner(letter: Letter, signature: Signature, say: Say) -> Decision:
    link = links.of_mailbox(signature.campaign_id, signature.mailbox)
    address = opened(signature.campaign_id, signature.sealed or b"").address
    if link is None or not address or (link.quiet_until is not None and link.quiet_until > db.now()):
        return Nothing()
    if links.is_suppressed(links.site_mailbox(mailbox.folded(address)), db.now()):
        return Nothing()
    reading = campaigns.read_id(signature.campaign_id)
    return partial(
        wording.about_signing, address, letter.language, partial(say, reading, own_page(link.id)), reading
    )  # fmt: skip


def own_page(link_id: UUID) -> str:
    """The address of the page behind a link."""
    return urls.absolute(urls.own_page(tokens.link("own", link_id)))


def _title(reading: Reading) -> str:
    return reading.wording(i18n.spoken()).title


def looked_at(reading: Reading, href: str) -> Sentences:
    """A signature is held."""
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


def not_counted(reading: Reading, href: str) -> Sentences:
    """A signature is removed."""
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


def counts_again(reading: Reading, href: str) -> Sentences:
    """A signature that was held or removed counts again."""
    return Sentences(
        subject=_("About your signature"),
        title=_("Your signature counts again"),
        paragraphs=[
            _("The organisers have looked at your signature on “%(title)s”. It counts, and is in the total again.",
              title=_title(reading)),
        ],
        button=(_("Open my page"), href),
    )  # fmt: skip


def said_to_objection(answer: str, state: str, reading: Reading, href: str) -> Sentences:
    """What came of an objection, with the organisers' own words."""
    outcome = {
        "counted": _("Your signature counts, and is in the total."),
        "held": _("Your signature is still being looked at. Until that is done it is not in the total."),
        "removed": _("They keep to their decision: your signature is not counted."),
    }[state]
    return Sentences(
        subject=_("About your objection"),
        title=_("An answer to your objection"),
        paragraphs=[
            _("The organisers of “%(title)s” have read what you wrote about your signature.", title=_title(reading)),
            outcome,
            *([_("They write: “%(answer)s”", answer=answer)] if answer else []),
        ],
        button=(_("Open my page"), href),
    )  # fmt: skip


def _objecting(reading: Reading) -> list[str]:
    said = [_("If you think this is wrong, open your page and say why. The organisers must answer you.")]
    if reading.consent is not None:
        said += [_("You can also write to %(address)s.", address=reading.consent.responsible_address)]
    return said
