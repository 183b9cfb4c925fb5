"""Every letter from made-up contents, for reading before anybody gets one, and for tests; and the letter that tries
the way out."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from petition.base import i18n, urls
from petition.base.i18n import gettext as _
from petition.base.outbox import Letter, Message
from petition.campaigns import Consent, Reading, Wording
from petition.contacts import JOIN, MEETINGS, NEWS, ContactDetails
from petition.letters import affairs, endorsements, signing, wishes, wording
from petition.letters.signing import Known
from petition.letters.wishes import Asked
from petition.letters.wording import Forms, Sentences
from petition.signatures import COUNTED, HELD, REMOVED, Signature

#: Where the made-up letters go: an address reserved for examples.
ADDRESS = "ines.moreau@example.org"
NAME = "Inès Moreau"
ORGANISATION = "Night Drivers’ Union"
#: The kinds of letters, in the order in which somebody may get them.
KINDS = (
    "confirm", "reminder", "already", "held", "removed", "corrected", "withdrawn",
    "join", "join-listed", "meetings", "meetings-listed", "news", "news-listed", "endorsement",
)  # fmt: skip

_MADE = datetime(2030, 5, 1, 9, 0, tzinfo=UTC)
_LINK = UUID("00000000-0000-4000-8000-000000000000")
_TITLES = {"en": "Keep the night bus to the harbour", "es": "Que siga el autobús nocturno al puerto"}
_HANDED_TO = {"en": "the town council", "es": "el ayuntamiento"}
_STATES = {"confirm": None, "reminder": None, "already": COUNTED, "held": HELD, "removed": REMOVED}


def previews(language: str) -> dict[str, Message]:
    """Every letter by kind (see KINDS), in a language of the interface. Its links lead nowhere; asks no database."""
    reading = _reading()
    href = urls.absolute(urls.own_page("preview"))
    said = {kind: _link(reading, language, kind, state) for kind, state in _STATES.items()}
    said["corrected"] = _affair(reading, language, partial(affairs.said_corrected, reading, href))
    said["withdrawn"] = _affair(reading, language, partial(affairs.said_withdrawn, reading))
    for wish in (JOIN, MEETINGS, NEWS):
        for name, listed in ((wish, False), (f"{wish}-listed", True)):
            said[name] = _wish(reading if wish == NEWS else None, language, wish, listed)
    asked = endorsements.Asked(_LINK, 0, ADDRESS, ORGANISATION, reading)
    said["endorsement"] = endorsements.word(asked, language)
    return said


def _link(reading: Reading, language: str, kind: str, state: str | None) -> Message:
    signature = Signature(state=state) if state else None
    known = Known(None, signature, ADDRESS, NAME)
    return signing.word(reading, _LINK, known, Letter(kind=kind, language=language), Forms())


def _wish(reading: Reading | None, language: str, wish: str, listed: bool) -> Message:
    details = ContactDetails(ADDRESS, name=NAME if wish == JOIN else "")
    return wishes.word(Asked(wish, _LINK, 0, details, listed, reading), language)


def _affair(reading: Reading, language: str, say: partial[Sentences]) -> Message:
    return wording.about_signing(ADDRESS, language, say, reading)


def trial(address: str, language: str) -> Message:
    """A letter that says only that letters arrive."""
    return wording.message(address, language, _trial, None)


def _trial() -> Sentences:
    return Sentences(
        subject=_("A letter to try the way"),
        title=_("This letter has arrived"),
        paragraphs=[
            _("Somebody who looks after this site has sent it to see whether letters arrive. You need do nothing.")
        ],
    )


def _reading() -> Reading:
    """A campaign that is stored nowhere."""
    consent = Consent(
        campaign_id=0, version=1, responsible="Night Bus Initiative", responsible_address="write@nightbus.example",
        handed_to=_HANDED_TO, fields=["name"], months=6, ground="consent", created_at=_MADE,
    )  # fmt: skip
    wordings = {
        language: Wording(language=language, version=1, title=_TITLES.get(language, _TITLES["en"]))
        for language in i18n.languages()
    }
    return Reading(
        id=0, slug="keep-the-night-bus", first_language=i18n.languages()[0], colour="1f5f74", goals=(1000,),
        time_zone="UTC", opens_at=None, closes_at=None, published_at=_MADE, withdrawn_at=None, forgotten_at=None,
        asks={}, outcome={}, pauses=(), wordings=wordings, consent=consent, sealed_key=None,
    )  # fmt: skip
