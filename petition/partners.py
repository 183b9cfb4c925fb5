"""Partners: sites that carry a campaign's form under a name, with a box of their own beside it.

A partner belongs to one campaign. Its key stands in the address of its frame and with every signature that comes from
there; it is never used again, and a partner is never deleted, only switched off (S63). What it says beside its box is
kept in versions, so that each contact knows what they agreed to. No verb commits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import db
from petition.campaigns import Campaign

LONGEST_KEY, LONGEST_NAME, LONGEST_SAID, LONGEST_HOMEPAGE = 40, 120, 300, 300
#: What a contact of a partner asked for begins so; the partner's id follows. At most twelve characters together.
_WISH = "by "


class Partner(db.Base):
    """A site that carries a campaign's form under a name."""

    __tablename__ = "partner"
    __table_args__ = (UniqueConstraint("campaign_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    homepage: Mapped[str] = mapped_column(String(LONGEST_HOMEPAGE))
    #: Where its frame may stand, as a content security policy names them; none: wherever the campaign's may.
    sites: Mapped[list[str]] = mapped_column(JSON)
    #: Whether it agreed to be named in public.
    shown: Mapped[bool]
    #: The newest version of what it says beside its box; 0: it has none.
    terms_version: Mapped[int] = mapped_column(default=0)
    switched_off_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PartnerTerms(db.Base):
    """One version of what whoever ticks a partner's box agrees to. A version that asks nothing takes the box away."""

    __tablename__ = "partner_terms"

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    responsible: Mapped[str] = mapped_column(String(200))
    responsible_address: Mapped[str] = mapped_column(String(200))
    #: By language: the words at the box, and what else the partner says of it.
    asks: Mapped[dict[str, str]] = mapped_column(JSON)
    lines: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class Taken(Exception):
    """A partner of this campaign has, or once had, this key."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who is responsible for a partner's list, and what it says at its box in each language; no box without `asks`."""

    responsible: str = ""
    responsible_address: str = ""
    asks: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A partner as an organiser describes it."""

    name: str
    homepage: str = ""
    sites: tuple[str, ...] = ()
    shown: bool = False
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Reading:
    """A partner as read at one moment; `terms` are those of `version`."""

    id: int
    campaign_id: int
    key: str
    name: str
    homepage: str
    sites: tuple[str, ...]
    shown: bool
    version: int
    terms: Terms
    switched_off_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether its frame takes signatures under its name."""
        return self.switched_off_at is None

    def asks(self, language: str, first: str) -> tuple[str, str, str]:
        """The words at its box, what else it says, and the language of them: the one asked for, the campaign's first
        one, or whichever there is. Empty where there is no box."""
        asked = self.terms.asks
        spoken = next((code for code in (language, first, *sorted(asked)) if code in asked), "")
        return asked.get(spoken, ""), self.terms.lines.get(spoken, ""), spoken


def is_key(said: str) -> bool:
    """Whether a word can be a partner's key."""
    return re.fullmatch(rf"[a-z0-9]{{1,{LONGEST_KEY}}}", said, re.ASCII) is not None


def make(campaign: Campaign, key: str, said: Draft, actor: str, at: datetime) -> Partner:
    """A new partner of a campaign. Raises Taken."""
    if not is_key(key):
        raise ValueError(key)
    made = Partner(
        campaign_id=campaign.id, key=key, terms_version=0, switched_off_at=None, created_at=at, **_columns(said)
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        raise Taken(key) from None
    journal.write(actor, "partner made", campaign_id=campaign.id, about=made.id)
    _agree(made, said.terms, actor, at)
    return made


def _columns(said: Draft) -> dict[str, Any]:
    return {"name": said.name, "homepage": said.homepage, "sites": list(said.sites), "shown": said.shown}


def change(partner: Partner, said: Draft, actor: str, at: datetime) -> bool:
    """Change a locked partner; whether anything is another now. What it says at its box becomes a new version."""
    changed = partner.change(_columns(said))
    if changed:
        journal.write(actor, "partner changed", campaign_id=partner.campaign_id, about=partner.id)
    return _agree(partner, said.terms, actor, at) or changed


def _agree(partner: Partner, terms: Terms, actor: str, at: datetime) -> bool:
    if terms == _terms(db.session.get(PartnerTerms, (partner.id, partner.terms_version))):
        return False
    partner.terms_version += 1
    row = PartnerTerms(
        partner_id=partner.id, version=partner.terms_version, responsible=terms.responsible, created_at=at,
        responsible_address=terms.responsible_address, asks=dict(terms.asks), lines=dict(terms.lines),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    journal.write(
        actor, "terms of a partner changed", campaign_id=partner.campaign_id, about=partner.id, count=row.version
    )
    return True


def _terms(row: PartnerTerms | None) -> Terms:
    if row is None:
        return Terms()
    return Terms(row.responsible, row.responsible_address, dict(row.asks), dict(row.lines))


def switch(partner: Partner, *, on: bool, actor: str, reason: str, at: datetime) -> bool:
    """Switch a locked partner off or on; False where it is so already. The campaign is not touched (S63)."""
    if on == (partner.switched_off_at is None):
        return False
    partner.switched_off_at = None if on else at
    deed = "partner switched on" if on else "partner switched off"
    journal.write(actor, deed, campaign_id=partner.campaign_id, about=partner.id, reason=reason)
    return True


def locked(partner_id: int) -> Partner:
    """A partner's row until the commit, as it is now: who edits it take turns."""
    query = select(Partner).where(Partner.id == partner_id).with_for_update()
    return db.session.scalars(query, execution_options={"populate_existing": True}).one()


_known = select(Partner, PartnerTerms).outerjoin(
    PartnerTerms, (PartnerTerms.partner_id == Partner.id) & (PartnerTerms.version == Partner.terms_version)
)


def _reading(one: Partner, terms: PartnerTerms | None) -> Reading:
    return Reading(
        one.id, one.campaign_id, one.key, one.name, one.homepage, tuple(one.sites), one.shown,
        terms.version if terms else 0, _terms(terms), one.switched_off_at,
    )  # fmt: skip


def of_campaign(campaign_id: int) -> list[Reading]:
    """The partners of a campaign, those switched off too, by name."""
    found = db.session.execute(_known.where(Partner.campaign_id == campaign_id)).all()
    return sorted((_reading(*row) for row in found), key=lambda one: (one.name.casefold(), one.key))


def some(ids: Sequence[int]) -> list[Reading]:
    """Partners by their ids, of whichever campaigns."""
    if not ids:
        return []
    return [_reading(*row) for row in db.session.execute(_known.where(Partner.id.in_(ids)).order_by(Partner.id))]


def read(campaign_id: int, key: str) -> Reading | None:
    """The partner of a campaign with this key, also one that is switched off."""
    if not is_key(key):
        return None
    found = db.session.execute(_known.where(Partner.campaign_id == campaign_id, Partner.key == key)).one_or_none()
    return _reading(*found) if found else None


def of_key(campaign_id: int, key: str) -> Reading | None:
    """The same; None where it is switched off."""
    found = read(campaign_id, key)
    return found if found and found.is_on else None


def shown(campaign_id: int) -> list[Reading]:
    """The partners that agreed to be named in public, by name. One that is switched off stays among them, for its
    signatures stand under its name; it is not linked to and no longer carries the form (`is_on`)."""
    return [one for one in of_campaign(campaign_id) if one.shown]


def names(campaign_id: int) -> dict[str, str]:
    """What the partners of a campaign are called, by key. For organisers."""
    rows = db.session.execute(select(Partner.key, Partner.name).where(Partner.campaign_id == campaign_id)).all()
    return {row.key: row.name for row in rows}


def in_token(partner: Reading | None) -> str:
    """What a form's token says of the partner on whose page it stands, and of the version of its words."""
    return f"{partner.key}.{partner.version}" if partner else ""


def of_token(campaign_id: int, said: str) -> Reading | None:
    """The partner that a genuine form token names, with the words its reader saw; None where there is none, or where
    it has been switched off since: what is signed then counts like anybody's, under no name."""
    if not said:
        return None
    key, _, version = said.partition(".")
    found = of_key(campaign_id, key)
    return of_version(found, int(version)) if found and version.isdecimal() else found


def of_version(partner: Reading, version: int | None) -> Reading:
    """A partner with the words of an earlier version, as somebody saw them."""
    if version in (None, partner.version):
        return partner
    return replace(partner, version=version, terms=_terms(db.session.get(PartnerTerms, (partner.id, version))))


def wish(partner_id: int) -> str:
    """What a contact of a partner asked for, as `contacts` keeps it."""
    return f"{_WISH}{partner_id}"


def of_wish(said: str, version: int | None = None) -> Reading | None:
    """The partner a wish is about, with the words of a version; None for a wish of another kind."""
    if not said.startswith(_WISH):
        return None
    (found,) = some([int(said.removeprefix(_WISH))])
    return of_version(found, version)
