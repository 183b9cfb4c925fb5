"""From what an organiser has written to a campaign before the public."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from petition import fields, journal, phrases, pictures, pieces
from petition.base import crypto, db, markdown
from petition.campaigns import (
    ASKABLE,
    GROUNDS,
    HANDABLE,
    Campaign,
    CampaignSlug,
    Consent,
    Reading,
    Wording,
    WordingCheck,
    read,
    read_id,
)
from petition.fields import Field, FieldsRefused
from petition.phrases import Said
from petition.pictures import Chosen
from petition.pieces import SlugRefused

#: What may be said of a campaign at most: in a line, a standfirst, an outcome; its goals, and the months of keeping.
LONGEST_LINE, LONGEST_STANDFIRST, LONGEST_OUTCOME = 200, 1000, 5000
MOST_GOAL, MOST_MONTHS, MOST_GOALS = 1_000_000_000, 120, 12
HOUSE_COLOUR = "b3201b"


class NotReady(Exception):
    """The campaign lacks what must be said before it is published (S48); the text names it."""


class NotAsked(ValueError):
    """A detail is to be handed over that the form does not ask for; `name` is its name, `known` whether it exists."""

    def __init__(self, name: str, known: bool) -> None:
        super().__init__(name)
        self.name, self.known = name, known


@dataclass(frozen=True, slots=True)
class Text:
    """A campaign's text in one language, as somebody wrote it."""

    title: str
    addressee: str
    standfirst: str
    source: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a signer agrees to, as somebody wrote it. `handed_to` per language; `months` kept after closing."""

    responsible: str
    responsible_address: str
    handed_to: dict[str, str]
    fields: list[str]
    months: int
    ground: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything an organiser writes about a campaign. Times in UTC."""

    slug: str
    first_language: str
    texts: dict[str, Text]
    terms: Terms
    colour: str = HOUSE_COLOUR
    goals: tuple[int, ...] = ()
    time_zone: str = "UTC"
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    asks: dict[str, str] = field(default_factory=dict)
    outcome: dict[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    picture: Chosen | None = None
    #: Its own words by language; what is not named here stays as it is.
    phrases: dict[str, Said] = field(default_factory=dict)


def save(draft: Draft, actor: str) -> Campaign:
    """Make the campaign, or bring it up to the draft. Once signed, a changed text is a new wording (S42).

    What people have answered stays theirs, whatever the form asks from now on. Raises TextRefused where the Markdown
    is too long, FieldsRefused where its own fields cannot be asked, PhraseRefused where its own words cannot be used
    or the subject of a letter names it, NotReady where its people are forgotten.
    """
    campaign = db.session.scalar(select(Campaign).where(Campaign.slug == draft.slug))
    if campaign is None:
        return make(draft, actor)
    refuse_forgotten(campaign)
    _bring_up(campaign, draft, actor)
    journal.write(actor, "campaign edited", campaign_id=campaign.id)
    _speak(campaign, draft, actor)
    return campaign


def make(draft: Draft, actor: str) -> Campaign:
    """Make the campaign. Raises as `save`, and SlugRefused where its slug is, or was, another one's."""
    if read(draft.slug) is not None:
        raise SlugRefused(f"“{draft.slug}” is an address already, or was")
    campaign = Campaign(slug=draft.slug, first_language=draft.first_language, created_at=db.now(), consent_version=0)
    pieces.enter(campaign, CampaignSlug.campaign_id, draft.slug)
    campaign.hash_key = crypto.seal("hash key", str(campaign.id), crypto.new_key())
    _bring_up(campaign, draft, actor)
    journal.write(actor, "campaign made", campaign_id=campaign.id)
    _speak(campaign, draft, actor)
    return campaign


def _speak(campaign: Campaign, draft: Draft, actor: str) -> None:
    for language, said in draft.phrases.items():
        phrases.save(campaign, language, said, actor)
    for language, said in phrases.kept(campaign.id).items():
        phrases.refuse_telling(said, draft.texts[language].title if language in draft.texts else "")


def _bring_up(campaign: Campaign, draft: Draft, actor: str) -> None:
    for name in ("first_language", "colour", "time_zone", "opens_at", "closes_at"):
        setattr(campaign, name, getattr(draft, name))
    campaign.goals, campaign.outcome = sorted(draft.goals), draft.outcome
    strange = {name for name in draft.terms.fields if name.startswith(fields.PREFIX)} - {f.name for f in draft.fields}
    if strange:
        raise FieldsRefused(f"must hold what is handed over: {', '.join(sorted(strange))}")
    _ask(campaign, draft.asks, draft.fields, actor)
    _agree(campaign, draft.terms)
    for language, written in draft.texts.items():
        _word(campaign, language, written, actor)
    pictures.show(campaign.id, draft.picture, actor)
    db.session.flush()


def refuse_forgotten(campaign: Campaign | None) -> None:
    """Raises NotReady where a campaign's people are forgotten: nothing of it is edited any more."""
    if campaign is not None and campaign.forgotten_at is not None:
        raise NotReady("its people are forgotten, and with them the key it would need to take signatures again")


def handed(names: Collection[str], asks: Collection[str], own: Sequence[Field]) -> list[str]:
    """What is handed over, in the order of the form. Raises NotAsked where the form does not ask for it."""
    known = (*HANDABLE, *(one.name for one in own))
    for name in names:
        if name not in known or (name in ASKABLE and name not in asks):
            raise NotAsked(name, known=name in known)
    return [name for name in known if name in names]


def ask(campaign: Campaign, asks: dict[str, str], own: tuple[Field, ...], actor: str) -> None:
    """Let the form ask this from now on. Raises FieldsRefused, and NotAsked for what is handed over by its terms."""
    terms = db.session.get(Consent, (campaign.id, campaign.consent_version))
    handed(terms.fields if terms else [], asks, own)
    _ask(campaign, asks, own, actor)
    journal.write(actor, "campaign edited", campaign_id=campaign.id, reason="form")


def _ask(campaign: Campaign, asks: dict[str, str], own: tuple[Field, ...], actor: str) -> None:
    """What the form asks. Once the campaign is public, a change of it is told in the journal."""
    fields.check(own, campaign.first_language)
    before = _asked(campaign.asks or {}, fields.asked_by([campaign.id])[campaign.id])
    after = _asked(asks, own)
    campaign.asks = asks
    fields.save(campaign.id, own, published=campaign.published_at is not None, at=db.now())
    if before != after and campaign.published_at is not None:
        journal.write(actor, "form changed", campaign_id=campaign.id, reason=f"from {before}\nto {after}")


def _asked(asks: dict[str, str], own: tuple[Field, ...]) -> str:
    """What a form asks, in one line."""
    said = [f"{name}: {asks[name]}" for name in ASKABLE if name in asks]
    said += [f"{one.name} ({one.kind}): {'required' if one.required else 'optional'}" for one in own]
    return ", ".join(said) or "nothing"


def agree(campaign: Campaign, terms: Terms, actor: str) -> bool:
    """What signers agree to from now on is a new version of the terms; False where nothing differs. Raises NotAsked."""
    own = fields.asked_by([campaign.id])[campaign.id]
    handed(terms.fields, campaign.asks, own)
    if not _agree(campaign, terms):
        return False
    journal.write(
        actor, "campaign edited", campaign_id=campaign.id, reason=f"terms, version {campaign.consent_version}"
    )
    return True


def _agree(campaign: Campaign, terms: Terms) -> bool:
    old = db.session.get(Consent, (campaign.id, campaign.consent_version))
    new = Consent(
        campaign_id=campaign.id, version=campaign.consent_version + 1, responsible=terms.responsible,
        responsible_address=terms.responsible_address, handed_to=terms.handed_to, fields=terms.fields,
        months=terms.months, ground=terms.ground, created_at=db.now(),
    )  # fmt: skip
    if old is not None and old.facts() == new.facts():
        return False
    db.session.add(new)
    campaign.consent_version = new.version
    return True


def terms_versions(campaign_id: int) -> Sequence[Consent]:
    """Every version of a campaign's terms, the first one first."""
    return db.session.scalars(select(Consent).filter_by(campaign_id=campaign_id).order_by(Consent.version)).all()


def worded(campaign_id: int, language: str, version: int, written: Text) -> Wording:
    """A wording as it would be, not stored. Raises TextRefused where the Markdown is too long."""
    return Wording(
        campaign_id=campaign_id, language=language, version=version, title=written.title,
        addressee=written.addressee, standfirst=written.standfirst, source=written.source,
        html=markdown.to_html(written.source), created_at=db.now(),
    )  # fmt: skip


def word(campaign: Campaign, language: str, written: Text, actor: str) -> Wording | None:
    """Give a campaign its text in a language; the new wording, None where nothing differs.

    Raises TextRefused, PhraseRefused where the subject of a letter in the campaign's own words would name it.
    """
    phrases.refuse_telling(phrases.kept(campaign.id).get(language, {}), written.title)
    return _word(campaign, language, written, actor)


def stale(reading: Reading) -> list[str]:
    """Languages whose text may be out of date: the first one was changed after they were written or looked at."""
    first = reading.wordings.get(reading.first_language)
    older = {one.id: code for code, one in reading.wordings.items() if first and one.created_at < first.created_at}
    if first is None or not older:
        return []
    looked = select(WordingCheck.wording_id).where(
        WordingCheck.wording_id.in_(older), WordingCheck.at >= first.created_at
    )
    fine = set(db.session.scalars(looked))
    return sorted(code for wording_id, code in older.items() if wording_id not in fine)


def still_right(reading: Reading, language: str, actor: str) -> bool:
    """Note that a text still says what the first one says; False where nothing was in doubt."""
    if language not in stale(reading):
        return False
    db.session.merge(WordingCheck(wording_id=reading.wordings[language].id, at=db.now()))
    journal.write(actor, "text checked", campaign_id=reading.id, reason=language)
    return True


def _word(campaign: Campaign, language: str, written: Text, actor: str) -> Wording | None:
    """What is changed is the next version; where nobody has signed the one before, it takes that one's place.

    It has a row of its own either way: a form read before the change names the row that is gone, and is refused.
    """
    newest = select(Wording).where(Wording.campaign_id == campaign.id, Wording.language == language)
    old = db.session.scalar(newest.order_by(Wording.version.desc()).limit(1))
    new = worded(campaign.id, language, old.version + 1 if old else 1, written)
    if old is not None and all(getattr(old, name) == getattr(new, name) for name in Text.__slots__):
        return None
    db.session.add(new)
    db.session.flush()
    if old is None:
        return new
    corrected = _give_up(old)
    if corrected:
        new.version = old.version
        db.session.flush()
    deed = "text corrected" if corrected else "text changed"
    journal.write(actor, deed, campaign_id=campaign.id, about=new.id, reason=f"{language}, version {new.version}")
    return new


def _give_up(wording: Wording) -> bool:
    """Delete a wording unless somebody has signed it, or is doing so: that is for the database's own keys to say."""
    db.session.expunge(wording)
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Wording).where(Wording.id == wording.id))
    except IntegrityError:
        return False
    return True


def look(
    campaign: Campaign, actor: str, *, colour: str, goals: Sequence[int], time_zone: str, opens_at: datetime | None,
    closes_at: datetime | None,
) -> bool:  # fmt: skip
    """Give it a colour, goals and dates (in UTC); False where nothing differs."""
    new = {"colour": colour, "goals": sorted(goals), "time_zone": time_zone, "opens_at": opens_at,
           "closes_at": closes_at}  # fmt: skip
    changed = {name: value for name, value in new.items() if getattr(campaign, name) != value}
    for name, value in changed.items():
        setattr(campaign, name, value)
    if changed:
        journal.write(actor, "campaign edited", campaign_id=campaign.id, reason=", ".join(changed))
    return bool(changed)


def tell_outcome(campaign: Campaign, outcome: dict[str, str], actor: str) -> bool:
    """Say by language what came of it; False where nothing differs."""
    if campaign.outcome == outcome:
        return False
    campaign.outcome = outcome
    journal.write(actor, "outcome told", campaign_id=campaign.id, reason=", ".join(sorted(outcome)))
    return True


#: What S48 and sense ask before a campaign is published, by the name of what is missing.
_LACKING = {
    "text": "it has no text in its first language",
    "responsible": "it does not say who is responsible and how to write to them",
    "terms": "it does not say to whom which fields are handed, for how long they are kept, on what ground",
}


def lacking(reading: Reading) -> list[str]:
    """What must still be said before it is published: "text", "responsible", "terms"."""
    consent = reading.consent
    missing = []
    if reading.first_language not in reading.wordings:
        missing.append("text")
    if consent is None or not consent.responsible or not consent.responsible_address:
        missing.append("responsible")
    if consent is None or not _hands_over(consent):
        missing.append("terms")
    return missing


def _hands_over(consent: Consent) -> bool:
    to_somebody = bool(consent.handed_to) and all(consent.handed_to.values())
    return to_somebody and bool(consent.fields) and bool(consent.months) and consent.ground in GROUNDS


def check(campaign: Campaign) -> None:
    """Raises NotReady while something of S48 is missing: before publishing, and for what is public already."""
    missing = lacking(read_id(campaign.id))
    if missing:
        raise NotReady(_LACKING[missing[0]])


def publish(campaign: Campaign, actor: str, at: datetime | None = None) -> None:
    """Put a campaign before the public now or at a moment; one that is public already stays so. Raises NotReady."""
    check(campaign)
    now = db.now()
    if campaign.published_at is not None and campaign.published_at <= now:
        return
    campaign.published_at = at or now
    when = at.isoformat() if at and at > now else ""
    journal.write(actor, "campaign published", campaign_id=campaign.id, reason=when)


def put_off(campaign: Campaign, actor: str) -> bool:
    """Do not publish at the moment that was named; False where it is public already, or no moment was named."""
    if campaign.published_at is None or campaign.published_at <= db.now():
        return False
    campaign.published_at = None
    journal.write(actor, "campaign not published", campaign_id=campaign.id)
    return True
