"""From what an organiser has written to a campaign before the public."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from petition import journal, phrases
from petition.base import crypto, db, text
from petition.campaigns import GROUNDS, Campaign, CampaignSlug, Consent, Wording, read_id
from petition.phrases import Said


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
    #: Its own words by language; what is not named here stays as it is.
    phrases: dict[str, Said] = field(default_factory=dict)


def save(draft: Draft, actor: str) -> Campaign:
    """Make the campaign, or bring it up to the draft. Once published, a changed text is a new wording (S42).

    Raises TextRefused where the Markdown is too long, PhraseRefused where its own words cannot be used or the subject
    of a letter names it, NotReady where its people are forgotten.
    """
    campaign = db.session.scalar(select(Campaign).where(Campaign.slug == draft.slug))
    if campaign is not None and campaign.forgotten_at is not None:
        raise NotReady("its people are forgotten, and with them the key it would need to take signatures again")
    deed = "campaign edited" if campaign else "campaign made"
    if campaign is None:
        campaign = _make(draft)
    for name in ("first_language", "colour", "time_zone", "opens_at", "closes_at"):
        setattr(campaign, name, getattr(draft, name))
    campaign.goals, campaign.asks, campaign.outcome = sorted(draft.goals), draft.asks, draft.outcome
    _agree(campaign, draft.terms)
    for language, written in draft.texts.items():
        _word(campaign, language, written)
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


def _word(campaign: Campaign, language: str, written: Text) -> None:
    newest = select(Wording).where(Wording.campaign_id == campaign.id, Wording.language == language)
    old = db.session.scalar(newest.order_by(Wording.version.desc()).limit(1))
    said = {name: getattr(written, name) for name in ("title", "addressee", "standfirst", "source")}
    if old is not None and all(getattr(old, name) == value for name, value in said.items()):
        return
    html = text.markdown(written.source)
    if old is not None and campaign.published_at is None:
        for name, value in said.items():
            setattr(old, name, value)
        old.html = html
        return
    version = old.version + 1 if old else 1
    db.session.add(
        Wording(
            campaign_id=campaign.id, language=language, version=version, html=html, created_at=db.now(), **said
        )
    )  # fmt: skip


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
