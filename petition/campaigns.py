"""Campaigns, their wordings, consent and dates.

`phase` is the only reader of dates; everything that asks "may one sign now?" asks it. The facts of a campaign are
read into a `Reading`, a value that pages and signing use, so that one look serves a whole request.
"""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Row,
    Select,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition import fields
from petition.base import crypto, db, i18n
from petition.fields import Field, Question

#: A click on a link counts for so long after the campaign has closed (acceptance S07).
GRACE = timedelta(hours=24)
#: The total is called final so long after the last click that can count.
SETTLING = timedelta(minutes=2)

#: What a form can ask beyond name and address; a campaign says of each whether it is required or optional.
ASKABLE = ("country", "place", "role", "organisation", "comment")
GROUNDS = ("consent", "legitimate interest", "public task")
HANDABLE = ("name", "country", "place", "role", "organisation", "comment")


class Campaign(db.Base):
    """One appeal, addressed to somebody, open for signing between two moments, in one or more languages."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    first_language: Mapped[str] = mapped_column(String(12))
    colour: Mapped[str] = mapped_column(String(6), default="b3201b")
    goals: Mapped[list[int]] = mapped_column(JSON, default=list)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    asks: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    outcome: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    consent_version: Mapped[int] = mapped_column(default=0)
    #: The random key of its keyed hashes, sealed; destroyed when the campaign is forgotten.
    hash_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class CampaignSlug(db.Base):
    """Every slug a campaign ever had. A slug is never used again; old ones lead to the new page."""

    __tablename__ = "campaign_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))


class Consent(db.Base):
    """One version of what a signer agrees to (S48); the version seen is kept with each signature."""

    __tablename__ = "consent"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    responsible: Mapped[str] = mapped_column(String(200))
    responsible_address: Mapped[str] = mapped_column(String(200))
    handed_to: Mapped[dict[str, str]] = mapped_column(JSON)
    fields: Mapped[list[str]] = mapped_column(JSON)
    months: Mapped[int]
    ground: Mapped[str] = mapped_column(String(30))
    created_at: Mapped[datetime]

    def facts(self) -> tuple[object, ...]:
        """What makes one version differ from another."""
        return (
            self.responsible, self.responsible_address, self.handed_to, list(self.fields), self.months, self.ground,
        )  # fmt: skip


class Wording(db.Base):
    """One version of a campaign's text in one language; never changed once somebody has signed it."""

    __tablename__ = "wording"
    __table_args__ = (
        UniqueConstraint("campaign_id", "language", "version"),
        # The target of composite keys: a form for one campaign cannot name another's wording.
        UniqueConstraint("campaign_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    language: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    addressee: Mapped[str] = mapped_column(String(200))
    standfirst: Mapped[str] = mapped_column(LongText)
    source: Mapped[str] = mapped_column(LongText)
    html: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime]


class Phrases(db.Base):
    """What the form, the pages and the letters of a campaign say in a language that the interface does not speak, as
    `i18n.Words` takes it. Used once nothing is missing (`whole`, judged when it was typed in)."""

    __tablename__ = "phrases"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    whole: Mapped[bool]


class WordingCheck(db.Base):
    """Somebody has looked whether a text still says what the campaign's first language says."""

    __tablename__ = "wording_check"

    wording_id: Mapped[int] = mapped_column(
        ForeignKey("wording.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]


class Pause(db.Base):
    """A time in which a campaign takes no signatures and none of its clocks runs."""

    __tablename__ = "pause"
    __table_args__ = (CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="forward"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Phase(enum.StrEnum):
    """Where a campaign stands at a moment."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    FINAL = "final"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of a campaign as read at one moment. Times in UTC; `wordings` holds the newest of each language."""

    id: int
    slug: str
    first_language: str
    colour: str
    goals: tuple[int, ...]
    time_zone: str
    opens_at: datetime | None
    closes_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    forgotten_at: datetime | None
    asks: dict[str, str]
    outcome: dict[str, str]
    pauses: tuple[tuple[datetime, datetime | None], ...]
    wordings: dict[str, Wording]
    consent: Consent | None
    sealed_key: bytes | None
    #: What its form asks of its own, beside `asks`.
    fields: tuple[Field, ...] = ()
    #: By language, where the interface does not speak it and nothing is missing.
    words: dict[str, i18n.Words] = field(default_factory=dict)

    def wording(self, language: str) -> Wording:
        """The newest wording in a language, or in the campaign's first one where there is none."""
        return self.wordings.get(language) or self.wordings[self.first_language]

    def questions(self, language: str) -> tuple[Question, ...]:
        """Its own fields in a language, or in its first one."""
        return fields.questions(self.fields, language, self.first_language)

    def hash_key(self) -> bytes:
        """The random key of this campaign's keyed hashes. Raises Unsealable once the campaign is forgotten."""
        return crypto.unseal("hash key", str(self.id), self.sealed_key or b"")

    def next_goal(self, total: int) -> int | None:
        """The first goal not yet reached, the last one when all are."""
        return next((goal for goal in self.goals if goal > total), self.goals[-1] if self.goals else None)


def ago(reading: Reading, at: datetime, span: timedelta) -> datetime:
    """The moment since which a span has passed on this campaign's clocks, which stand still during pauses.

    "A clock of seven days that began at t has run out" is `t <= ago(reading, now, timedelta(days=7))`.
    """
    left = span
    end = at
    for began, ended in sorted(reading.pauses, reverse=True):
        paused_until = min(ended or at, at)
        if paused_until <= began:
            continue
        running = max(end - paused_until, timedelta(0))
        if running >= left:
            break
        left -= running
        end = min(end, began)
    return end - left


def is_paused(reading: Reading, at: datetime) -> bool:
    """Whether a pause is on at a moment."""
    return any(began <= at and (ended is None or at < ended) for began, ended in reading.pauses)


def phase(reading: Reading, at: datetime) -> Phase:
    """Where the campaign stands at a moment: the only reader of its dates.

    The closing second itself is already closed. CLOSED lasts while clicks of the last day can still count and
    until two minutes after; then FINAL.
    """
    if reading.withdrawn_at is not None:
        return Phase.WITHDRAWN if reading.published_at else Phase.DRAFT
    if reading.published_at is None or reading.published_at > at:
        return Phase.DRAFT
    if reading.opens_at is not None and at < reading.opens_at:
        return Phase.SCHEDULED
    if reading.closes_at is None or at < reading.closes_at:
        return Phase.PAUSED if is_paused(reading, at) else Phase.OPEN
    return Phase.FINAL if reading.closes_at <= ago(reading, at, GRACE + SETTLING) else Phase.CLOSED


def may_confirm(reading: Reading, at: datetime) -> bool:
    """Whether a click still counts: the campaign is open, or closed not longer than 24 hours ago (S07)."""
    now = phase(reading, at)
    if now is Phase.OPEN:
        return True
    if now is not Phase.CLOSED or reading.closes_at is None or is_paused(reading, at):
        return False
    return reading.closes_at > ago(reading, at, GRACE)


def _query() -> Select[Campaign, Consent]:
    consent = (Consent.campaign_id == Campaign.id) & (Consent.version == Campaign.consent_version)
    return select(Campaign, Consent).outerjoin(Consent, consent)


def _readings(rows: Sequence[Row[Campaign, Consent | None]]) -> list[Reading]:
    """Readings of these campaigns, in order, with three queries for all of them, and one for their own words."""
    ids = [campaign.id for campaign, _ in rows]
    pauses: dict[int, list[tuple[datetime, datetime | None]]] = {key: [] for key in ids}
    for pause in db.session.scalars(select(Pause).where(Pause.campaign_id.in_(ids)).order_by(Pause.began_at)):
        pauses[pause.campaign_id].append((pause.began_at, pause.ended_at))
    wordings: dict[int, dict[str, Wording]] = {key: {} for key in ids}
    newest = select(Wording).where(Wording.campaign_id.in_(ids)).order_by(Wording.version)
    for wording in db.session.scalars(newest):
        wordings[wording.campaign_id][wording.language] = wording
    asked, words = fields.asked_by(ids), _words(wordings)
    return [
        Reading(
            c.id, c.slug, c.first_language, c.colour, tuple(c.goals), c.time_zone, c.opens_at, c.closes_at,
            c.published_at, c.withdrawn_at, c.forgotten_at, dict(c.asks), dict(c.outcome), tuple(pauses[c.id]),
            wordings[c.id], consent, c.hash_key, asked[c.id], words.get(c.id, {}),
        )
        for c, consent in rows
    ]  # fmt: skip


def _words(wordings: dict[int, dict[str, Wording]]) -> dict[int, dict[str, i18n.Words]]:
    """The words of campaigns with a text in a language that the interface does not speak; the others cost no query."""
    spoken = i18n.languages()
    ids = [key for key, texts in wordings.items() if any(language not in spoken for language in texts)]
    found: dict[int, dict[str, i18n.Words]] = {}
    if ids:
        query = select(Phrases).where(Phrases.campaign_id.in_(ids), Phrases.whole, Phrases.language.not_in(spoken))
        for row in db.session.scalars(query):
            if row.language in wordings[row.campaign_id]:
                found.setdefault(row.campaign_id, {})[row.language] = i18n.Words(row.language, row.said)
    return found


def read(slug: str) -> Reading | None:
    """The campaign that has, or ever had, this slug. `slug` of the answer is the one it has now."""
    query = _query().join(CampaignSlug, CampaignSlug.campaign_id == Campaign.id).where(CampaignSlug.slug == slug)
    found = _readings(db.session.execute(query).all())
    return found[0] if found else None


def read_id(campaign_id: int) -> Reading:
    """The campaign with this id. Raises LookupError."""
    found = _readings(db.session.execute(_query().where(Campaign.id == campaign_id)).all())
    if not found:
        raise LookupError(campaign_id)
    return found[0]


def some(ids: Collection[int]) -> list[Reading]:
    """Campaigns by their ids, newest first."""
    query = _query().where(Campaign.id.in_(ids)).order_by(Campaign.created_at.desc(), Campaign.id.desc())
    return _readings(db.session.execute(query).all()) if ids else []


def every() -> list[Reading]:
    """All campaigns, drafts too, newest first."""
    return _readings(db.session.execute(_query().order_by(Campaign.created_at.desc(), Campaign.id.desc())).all())


def locked(campaign_id: int) -> Campaign:
    """A campaign's row until the commit, as it is now: who edits it take turns. Nobody who signs waits for that."""
    row = select(Campaign.id).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    db.session.execute(row)
    db.session.expire_all()
    return db.session.get_one(Campaign, campaign_id)


def try_keys() -> None:
    """Open every campaign's key. Raises Unsealable where the key ring is not the one they were sealed with."""
    for campaign_id, sealed in db.session.execute(select(Campaign.id, Campaign.hash_key)):
        if sealed is not None:
            crypto.unseal("hash key", str(campaign_id), sealed)


def exist() -> bool:
    """Whether there is any campaign at all."""
    return db.session.scalar(select(Campaign.id).limit(1)) is not None


def all_public(at: datetime) -> list[Reading]:
    """Every campaign the public may see, newest first: published, not withdrawn."""
    query = _query().where(Campaign.published_at <= at, Campaign.withdrawn_at.is_(None))
    return _readings(db.session.execute(query.order_by(Campaign.published_at.desc())).all())
