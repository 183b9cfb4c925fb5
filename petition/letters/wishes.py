"""Letters about what contacts ask for: confirm your wish, or you are on the list already.

What they say is decided when they go, under the lock on the link of the wish. They count in the same limits as the
letters about signing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select

from petition import campaigns, contacts, links
from petition.base import db, i18n, mailbox, settings, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.outbox import Letter, Message, Nothing
from petition.campaigns import Phase, Reading
from petition.contacts import JOIN, MEETINGS, ContactDetails, ContactLink, PendingContact
from petition.letters import wording
from petition.letters.going import Going
from petition.letters.wording import Sentences


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish as its letter needs it; `reading` is None where it is about the whole site."""

    wish: str
    link_id: UUID
    row: int
    details: ContactDetails
    listed: bool
    reading: Reading | None


def decide(letters: Sequence[Letter]) -> list[Nothing | Going]:
    """Whether and what to write about wishes now; takes their links, so that nothing crosses."""
    at = db.now()
    known = _pending(letters)
    taken = contacts.take_all(contacts.wish_of(one) for one in known.values())
    # What was confirmed or forgotten while we waited for the locks is gone.
    known = _pending(letters)
    return [_decide(letter, known.get(letter.about or 0), taken, at) for letter in letters]


def _pending(letters: Sequence[Letter]) -> dict[int, PendingContact]:
    query = select(PendingContact).where(PendingContact.id.in_([letter.about for letter in letters]))
    found = db.session.scalars(query, execution_options={"populate_existing": True})
    return {one.id: one for one in found}


def _decide(
    letter: Letter, pending: PendingContact | None, taken: dict[contacts.Wish, ContactLink], at: datetime
) -> Nothing | Going:
    if pending is None:
        return Nothing()
    link = taken[contacts.wish_of(pending)]
    reading = campaigns.read_id(link.campaign_id) if link.campaign_id is not None else None
    details = contacts.opened(pending)
    box = links.site_mailbox(mailbox.folded(details.address))
    if is_over(reading) or is_quiet(link, box, at):
        return Nothing()
    asked = Asked(link.wish, link.id, pending.id, details, contacts.contact_of(link) is not None, reading)
    going = Going(letter, link, box, partial(word, asked, letter.language))
    return going if going.is_retry or _has_something_to_say(letter, pending, link, asked, at) else Nothing()


def is_over(reading: Reading | None) -> bool:
    """A campaign that is withdrawn, or whose people are forgotten, has no news for anybody."""
    if reading is None:
        return False
    return reading.forgotten_at is not None or campaigns.phase(reading, db.now()) is Phase.WITHDRAWN


def is_quiet(link: ContactLink, box: bytes, at: datetime) -> bool:
    """ "This was not me" about this wish or about the campaign it belongs to, or "no letters from this site"."""
    silences = [link.quiet_until]
    if link.campaign_id is not None:
        signing = links.of_mailbox(link.campaign_id, link.mailbox)
        silences.append(signing.quiet_until if signing else None)
    return any(until is not None and until > at for until in silences) or links.is_suppressed(box, at)


def _has_something_to_say(
    letter: Letter, pending: PendingContact, link: ContactLink, asked: Asked, at: datetime
) -> bool:
    said = pending.asked_at
    if said is not None and (letter.kind != "fresh wish" or said >= letter.created_at):
        return False
    return not asked.listed or link.told_day != at.astimezone(UTC).date()


def settle(letters: Sequence[Letter], outcome: str) -> None:
    """The letters have ended: start the clocks of what they were about. Where that is gone there is nothing to do."""
    known = _pending(letters)
    contacts.take_all(contacts.wish_of(one) for one in known.values())
    for letter in letters:
        if letter.about in known:
            contacts.settle(known[letter.about], letter.id, outcome, db.now())


def unsubscribing(link_id: UUID) -> dict[str, str]:
    """The header lines of every letter to a confirmed contact: one click ends it (RFC 8058)."""
    href = urls.absolute(urls.contact_page(tokens.link("news", link_id)))
    return {"List-Unsubscribe": f"<{href}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def word(asked: Asked, language: str) -> Message:
    """The letter about a wish, in the form that fits what is known; asks no database."""
    say = partial(_listed if asked.listed else _confirm, asked)
    return wording.message(asked.details.address, language, say, asked.reading)


def _href(asked: Asked) -> str:
    row = "" if asked.listed else f"?row={asked.row}"
    return urls.absolute(urls.contact_page(tokens.link("news", asked.link_id))) + row


def _confirm(asked: Asked) -> Sentences:
    subject, sentence = _asking(asked)
    name = asked.details.name
    return Sentences(
        subject=subject,
        title=_("One more step"),
        paragraphs=[
            sentence,
            *([_("The name typed: “%(name)s”", name=name)] if name else []),
            _("Open the page below and press the button. Only then are you on the list."),
        ],
        button=(_("Open the page"), _href(asked)),
        after=[
            _("The button works for seven days."),
            _("Was this not you? Then do nothing, or open the link and press “This was not me”."),
        ],
    )


def _asking(asked: Asked) -> tuple[str, str]:
    """The subject, which names no campaign, and what was asked for."""
    site = settings.current().site_name
    if asked.wish == JOIN:
        return _("Please confirm that you want to join"), _(
            "Somebody, we hope it was you, typed this address to join “%(site)s”.", site=site
        )
    if asked.wish == MEETINGS:
        return _("Please confirm that you want to be told of meetings"), _(
            "Somebody, we hope it was you, typed this address to be told of meetings by “%(site)s”.", site=site
        )
    return _("Please confirm that you want news"), _(
        "Somebody, we hope it was you, typed this address to get news of this campaign: “%(title)s”.",
        title=_title(asked),
    )


def _title(asked: Asked) -> str:
    return asked.reading.wording(i18n.spoken()).title if asked.reading else ""


def _listed(asked: Asked) -> Sentences:
    site = settings.current().site_name
    if asked.wish == JOIN:
        sentence = _("You have joined “%(site)s” with this address.", site=site)
    elif asked.wish == MEETINGS:
        sentence = _("With this address you are told of meetings by “%(site)s”.", site=site)
    else:
        sentence = _("With this address you get news of this campaign: “%(title)s”.", title=_title(asked))
    return Sentences(
        subject=_("You are on the list already"),
        title=_("You are on the list already"),
        paragraphs=[sentence, _("Somebody typed this address again. That changes nothing.")],
        button=(_("Open my page"), _href(asked)),
        after=[_("There you see what is stored, take it with you or stop it.")],
        headers=unsubscribing(asked.link_id),
    )
