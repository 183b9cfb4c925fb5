"""Letters about what a signer did on the own page: corrected, withdrawn. They are free of the limits for signing."""

from collections.abc import Sequence
from functools import partial

from petition import campaigns, links
from petition.base import db, i18n, mailbox, outbox, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.outbox import Decision, Letter, Nothing
from petition.campaigns import Phase, Reading
from petition.letters import wording
from petition.letters.wording import Sentences


def corrected(letters: Sequence[Letter]) -> list[Decision]:
    """Says that what is stored was changed, and where to look."""
    return [_decide_corrected(letter) for letter in letters]


def withdrawn(letters: Sequence[Letter]) -> list[Decision]:
    """The last letter after withdrawing."""
    return [_decide_withdrawn(letter) for letter in letters]


def _decide_corrected(letter: Letter) -> Decision:
    found = _to(letter)
    if found is None or letter.mailbox is None:
        return Nothing()
    reading, address = found
    link = links.of_mailbox(reading.id, letter.mailbox)
    if link is None or (link.quiet_until is not None and link.quiet_until > db.now()):
        return Nothing()
    href = urls.absolute(urls.own_page(tokens.link("own", link.id)))
    return partial(wording.about_signing, address, letter.language, partial(said_corrected, reading, href), reading)


def _decide_withdrawn(letter: Letter) -> Decision:
    found = _to(letter)
    if found is None:
        return Nothing()
    reading, address = found
    say = partial(said_withdrawn, reading, taken=bool(outbox.unsealed(letter).get("taken")))
    return partial(wording.about_signing, address, letter.language, say, reading)


def settle(_letters: Sequence[Letter], _outcome: str) -> None:
    """Nothing waits for these letters."""


def _to(letter: Letter) -> tuple[Reading, str] | None:
    address = str(outbox.unsealed(letter).get("to", ""))
    if letter.campaign_id is None or not address:
        return None
    if links.is_suppressed(links.site_mailbox(mailbox.folded(address)), db.now()):
        return None
    return campaigns.read_id(letter.campaign_id), address


def said_corrected(reading: Reading, href: str) -> Sentences:
    """What the letter about a correction says."""
    return Sentences(
        subject=_("Your changes are stored"),
        title=_("Your changes are stored"),
        paragraphs=[
            _("Somebody who has your link changed what is stored with your signature on “%(title)s”.",
              title=reading.wording(i18n.spoken()).title),
        ],
        button=(_("See what is stored"), href),
        after=[_("Was this not you? Then open the page, correct it or withdraw.")],
    )  # fmt: skip


def said_withdrawn(reading: Reading, *, taken: bool = False) -> Sentences:
    """What the last letter says; a mailbox is taken where its signature was held or removed: it cannot sign again."""
    over = taken or campaigns.phase(reading, db.now()) in (Phase.CLOSED, Phase.FINAL, Phase.WITHDRAWN)
    return Sentences(
        subject=_("Your signature is withdrawn"),
        title=_("Your signature is withdrawn"),
        paragraphs=[
            _("Your signature on “%(title)s” has left the total, and what you typed is deleted.",
              title=reading.wording(i18n.spoken()).title),
            _("The links in our earlier letters have stopped working. This is the last letter."),
        ],
        after=[] if over else [_("If you change your mind, you can sign again on the campaign’s page.")],
    )  # fmt: skip
