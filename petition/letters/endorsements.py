"""The letter to whoever asks for an organisation's support to be shown: confirm that the mailbox is yours.

What it says is decided when it goes, under the lock on the link. It counts in the same limits as the letters about
signing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select

from petition import campaigns, contacts, endorsements, links
from petition.base import db, i18n, mailbox, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.base.outbox import Letter, Message, Nothing
from petition.campaigns import Reading
from petition.contacts import ContactLink, Wish
from petition.endorsements import ASKED, Endorsement
from petition.letters import wording
from petition.letters.going import Going
from petition.letters.wishes import is_over, is_quiet
from petition.letters.wording import Sentences


@dataclass(frozen=True, slots=True)
class Asked:
    """An endorsement as its letter needs it."""

    link_id: UUID
    row: int
    address: str
    organisation: str
    reading: Reading


def decide(letters: Sequence[Letter]) -> list[Nothing | Going]:
    """Whether and what to write about endorsements now; takes their links, so that nothing crosses."""
    at = db.now()
    taken = contacts.take_all(_wish(one) for one in _waiting(letters).values())
    # What was confirmed or deleted while we waited for the locks is gone.
    known = _waiting(letters)
    return [_decide(letter, known.get(letter.about or 0), taken, at) for letter in letters]


def _waiting(letters: Sequence[Letter]) -> dict[int, Endorsement]:
    query = select(Endorsement).where(Endorsement.id.in_([letter.about for letter in letters]))
    query = query.where(Endorsement.state == ASKED, Endorsement.mailbox.is_not(None))
    return {one.id: one for one in db.session.scalars(query, execution_options={"populate_existing": True})}


def _wish(row: Endorsement) -> Wish:
    return endorsements.wish_of(row.campaign_id, row.mailbox or b"")


def _decide(
    letter: Letter, row: Endorsement | None, taken: dict[Wish, ContactLink], at: datetime
) -> Nothing | Going:  # fmt: skip
    if row is None or _wish(row) not in taken:
        return Nothing()
    link, reading = taken[_wish(row)], campaigns.read_id(row.campaign_id)
    address = endorsements.person_of(row).address
    box = links.site_mailbox(mailbox.folded(address))
    if is_over(reading) or is_quiet(link, box, at):
        return Nothing()
    asked = Asked(link.id, row.id, address, row.organisation, reading)
    going = Going(letter, link, box, partial(word, asked, letter.language))
    # A letter that was sent since led to this one as well.
    return going if going.is_retry or row.asked_at is None else Nothing()


def settle(letters: Sequence[Letter], outcome: str) -> None:
    """The letters have ended: start the days of what they were about. Where that is gone there is nothing to do."""
    query = select(Endorsement).where(Endorsement.id.in_([letter.about for letter in letters]))
    rows = {one.id: one for one in db.session.scalars(query, execution_options={"populate_existing": True})}
    contacts.take_all(_wish(one) for one in rows.values() if one.mailbox is not None)
    for letter in letters:
        if letter.about in rows:
            endorsements.settle(rows[letter.about], letter.id, outcome, db.now())


def word(asked: Asked, language: str) -> Message:
    """The letter; asks no database."""
    return wording.message(asked.address, language, partial(_confirm, asked), asked.reading)


def _confirm(asked: Asked) -> Sentences:
    page = urls.endorsement_page(tokens.link("endorse", asked.link_id))
    return Sentences(
        subject=_("Please confirm for your organisation"),
        title=_("One more step"),
        paragraphs=[
            _("Somebody, we hope it was you, typed this address to say that an organisation supports “%(title)s”.",
              title=asked.reading.wording(i18n.spoken()).title),
            _("The organisation typed: “%(name)s”", name=asked.organisation),
            _("Open the page below and press the button. The people of the campaign then decide whether it is shown."),
        ],
        button=(_("Open the page"), urls.absolute(f"{page}?row={asked.row}")),
        after=[
            ngettext(
                "The button works for %(num)s day. What is not confirmed by then is deleted.",
                "The button works for %(num)s days. What is not confirmed by then is deleted.",
                endorsements.KEPT.days,
            ),
            _("Keep this letter: by its link you see what was decided, correct what is shown or take it back."),
            _("Was this not you? Then do nothing, or open the link and press “This was not me”."),
        ],
    )  # fmt: skip
