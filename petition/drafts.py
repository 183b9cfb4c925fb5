"""From what an organiser has written to a campaign before the public."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from petition import fields, journal, phrases, pictures
from petition.base import crypto, db, text
from petition.campaigns import ASKABLE, GROUNDS, Campaign, CampaignSlug, Consent, Wording, read_id
from petition.fields import Field, FieldsRefused
from petition.phrases import Said
from petition.pictures import Chosen


class NotReady(Exception):
    """The campaign lacks what must be said before it is published (S48); the text names it."""


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
    colour: str = "b3201b"
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
    if campaign is not None and campaign.forgotten_at is not None:
        raise NotReady("its people are forgotten, and with them the key it would need to take signatures again")
    deed = "campaign edited" if campaign else "campaign made"
    if campaign is None:
        campaign = _make(draft)
    for name in ("first_language", "colour", "time_zone", "opens_at", "closes_at"):
        setattr(campaign, name, getattr(draft, name))
    campaign.goals, campaign.outcome = sorted(draft.goals), draft.outcome
    _ask(campaign, draft, actor)
    _agree(campaign, draft.terms)
    for language, written in draft.texts.items():
        _word(campaign, language, written, actor)
    pictures.show(campaign.id, draft.picture, actor)
    db.session.flush()
    journal.write(actor, deed, campaign_id=campaign.id)
    for language, said in draft.phrases.items():
        phrases.save(campaign, language, said, actor)
    for language, said in phrases.kept(campaign.id).items():
        phrases.refuse_telling(said, draft.texts[language].title if language in draft.texts else "")
    return campaign


def _make(draft: Draft) -> Campaign:
    campaign = Campaign(slug=draft.slug, first_language=draft.first_language, created_at=db.now(), consent_version=0)
    db.session.add(campaign)
    db.session.flush()
    campaign.hash_key = crypto.seal("hash key", str(campaign.id), crypto.new_key())
    db.session.add(CampaignSlug(slug=draft.slug, campaign_id=campaign.id))
    return campaign


def _ask(campaign: Campaign, draft: Draft, actor: str) -> None:
    """What the form asks. Once the campaign is public, a change of it is told in the journal."""
    fields.check(draft.fields, draft.first_language)
    strange = {name for name in draft.terms.fields if name.startswith(fields.PREFIX)} - {f.name for f in draft.fields}
    if strange:
        raise FieldsRefused(f"must hold what is handed over: {', '.join(sorted(strange))}")
    before = _asked(campaign.asks, fields.asked_by([campaign.id])[campaign.id])
    after = _asked(draft.asks, draft.fields)
    campaign.asks = draft.asks
    fields.save(campaign.id, draft.fields, published=campaign.published_at is not None, at=db.now())
    if before != after and campaign.published_at is not None:
        journal.write(actor, "form changed", campaign_id=campaign.id, reason=f"from {before}\nto {after}")


def _asked(asks: dict[str, str], own: tuple[Field, ...]) -> str:
    """What a form asks, in one line."""
    said = [f"{name}: {asks[name]}" for name in ASKABLE if name in asks]
    said += [f"{one.name} ({one.kind}): {'required' if one.required else 'optional'}" for one in own]
    return ", ".join(said) or "nothing"


def _agree(campaign: Campaign, terms: Terms) -> None:
    old = db.session.get(Consent, (campaign.id, campaign.consent_version))
    new = Consent(
        campaign_id=campaign.id, version=campaign.consent_version + 1, responsible=terms.responsible,
        responsible_address=terms.responsible_address, handed_to=terms.handed_to, fields=terms.fields,
        months=terms.months, ground=terms.ground, created_at=db.now(),
    )  # fmt: skip
    if old is None or old.facts() != new.facts():
        db.session.add(new)
        campaign.consent_version = new.version


def _word(campaign: Campaign, language: str, written: Text, actor: str) -> None:
    """What is changed is the next version; where nobody has signed the one before, it takes that one's place.

    It has a row of its own either way: a form read before the change names the row that is gone, and is refused.
    """
    newest = select(Wording).where(Wording.campaign_id == campaign.id, Wording.language == language)
    old = db.session.scalar(newest.order_by(Wording.version.desc()).limit(1))
    said = {name: getattr(written, name) for name in ("title", "addressee", "standfirst", "source")}
    if old is not None and all(getattr(old, name) == value for name, value in said.items()):
        return
    version = old.version + 1 if old else 1
    new = Wording(
        campaign_id=campaign.id, language=language, version=version, html=text.markdown(written.source),
        created_at=db.now(), **said,
    )  # fmt: skip
    db.session.add(new)
    db.session.flush()
    if old is None:
        return
    corrected = _give_up(old)
    if corrected:
        new.version = old.version
        db.session.flush()
    deed = "text corrected" if corrected else "text changed"
    journal.write(actor, deed, campaign_id=campaign.id, about=new.id, reason=f"{language}, version {new.version}")


def _give_up(wording: Wording) -> bool:
    """Delete a wording unless somebody has signed it, or is doing so: that is for the database's own keys to say."""
    db.session.expunge(wording)
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Wording).where(Wording.id == wording.id))
    except IntegrityError:
        return False
    return True


def publish(campaign: Campaign, actor: str, at: datetime | None = None) -> None:
    """Put a campaign before the public. Raises NotReady while something of S48 is missing."""
    reading = read_id(campaign.id)
    consent = reading.consent
    if reading.first_language not in reading.wordings:
        raise NotReady("it has no text in its first language")
    if consent is None or not consent.responsible or not consent.responsible_address:
        raise NotReady("it does not say who is responsible and how to write to them")
    if (
        not consent.handed_to
        or not all(consent.handed_to.values())
        or not consent.fields
        or not consent.months
        or consent.ground not in GROUNDS
    ):
        raise NotReady("it does not say to whom which fields are handed, for how long they are kept, on what ground")
    if campaign.published_at is None:
        campaign.published_at = at or db.now()
        journal.write(actor, "campaign published", campaign_id=campaign.id)
