"""Who may do what: grants on the site, on campaigns and on partners, and the one table of roles and rights.

Deny by default: what no role names, nobody may. An administrator looks after people and the site's own texts and
sees nothing of a campaign's people; who needs to, grants it to themselves, and the journal says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    String,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.accounts import Account
from petition.base import db

OWNER, EDITOR, MODERATOR, FIGURES = "owner", "editor", "moderator", "figures"
SITE_EDITOR, ORGANISER, ADMINISTRATOR = "site editor", "organiser", "administrator"
PARTNER = "partner"

#: Role on a campaign → what it may there. "see figures": numbers that name nobody. "edit campaign": its texts, look
#: and dates. "run campaign": publish, pause, close, withdraw. "see people": signatures with what is stored of them.
#: "decide": hold, release, remove, restore; which
#: organisations are shown. "export": lists of people. "manage team": who else may what. "see journal": who did what
#: and why, which everybody has who can do something; not who was only promised numbers that name nobody.
ON_CAMPAIGN: dict[str, frozenset[str]] = {
    OWNER: frozenset(
        {"see figures", "edit campaign", "run campaign", "see people", "decide", "export", "manage team", "see journal"}
    ),
    EDITOR: frozenset({"see figures", "edit campaign", "see journal"}),
    MODERATOR: frozenset({"see figures", "see people", "decide", "see journal"}),
    FIGURES: frozenset({"see figures"}),
}
#: Role on the site → what it may there. "edit site": articles, events, topics.
ON_SITE: dict[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset({"start campaigns", "edit site", "manage people", "see site journal"}),
    SITE_EDITOR: frozenset({"start campaigns", "edit site"}),
    ORGANISER: frozenset({"start campaigns"}),
}
#: Role on the site → what it may on every campaign.
EVERYWHERE: dict[str, frozenset[str]] = {ADMINISTRATOR: frozenset({"manage team"})}
#: Role on a partner → what it may there. Its people are no organisers: "see partner": the partner's own figures, made
#: like those for the public; "take contacts": the list of those who ticked the partner's own box. No role on a campaign
#: or the site gives either.
ON_PARTNER: dict[str, frozenset[str]] = {PARTNER: frozenset({"see partner", "take contacts"})}

CAMPAIGN_RIGHTS = frozenset().union(*ON_CAMPAIGN.values())
SITE_RIGHTS = frozenset().union(*ON_SITE.values())
PARTNER_RIGHTS = frozenset().union(*ON_PARTNER.values())


class Grant(db.Base):
    """One role of one account, on one campaign or (without a campaign) on the site."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("scope IN ('site', 'campaign') AND (scope = 'site') = (campaign_id IS NULL)", name="scope"),
        Index("grant_site", "account_id", unique=True,
              postgresql_where=text("campaign_id IS NULL"), sqlite_where=text("campaign_id IS NULL")),
        Index("grant_campaign", "account_id", "campaign_id", unique=True,
              postgresql_where=text("campaign_id IS NOT NULL"), sqlite_where=text("campaign_id IS NOT NULL")),
        Index("grant_team", "campaign_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(String(10))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    role: Mapped[str] = mapped_column(String(20))
    granted_at: Mapped[datetime]


class PartnerGrant(db.Base):
    """One role of one account on a partner; `partner_people` gives and takes it."""

    __tablename__ = "partner_grant"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, autoincrement=False, index=True)
    role: Mapped[str] = mapped_column(String(20))
    granted_at: Mapped[datetime]


class LastOwner(Exception):
    """The deed would leave a campaign without an owner, or the site without an administrator."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one account holds, read at one moment."""

    site: str = ""
    campaigns: dict[int, str] = field(default_factory=dict)
    partners: dict[int, str] = field(default_factory=dict)

    def may(self, right: str, campaign_id: int | None = None) -> bool:
        """Whether a right is held on a campaign, or on the site where none is named."""
        if campaign_id is None:
            return right in ON_SITE.get(self.site, frozenset())
        mine = ON_CAMPAIGN.get(self.campaigns.get(campaign_id, ""), frozenset())
        return right in mine or right in EVERYWHERE.get(self.site, frozenset())

    def may_on_partner(self, right: str, partner_id: int) -> bool:
        """Whether a right is held on a partner. Where none is, the partner's pages do not exist for this account."""
        return right in ON_PARTNER.get(self.partners.get(partner_id, ""), frozenset())

    def knows(self, campaign_id: int) -> bool:
        """Whether the campaign exists for this account; a stranger's answers 404."""
        return campaign_id in self.campaigns or bool(EVERYWHERE.get(self.site))


def held(account_id: int) -> Held:
    """Everything an account holds, with one query."""
    own = select(Grant.scope, Grant.campaign_id, Grant.role).where(Grant.account_id == account_id)
    beside = select(literal(PARTNER), PartnerGrant.partner_id, PartnerGrant.role)
    both: CompoundSelect[Any] = union_all(own, beside.where(PartnerGrant.account_id == account_id))
    rows = [tuple(row) for row in db.session.execute(both)]
    site = next((role for scope, _key, role in rows if scope == "site"), "")
    campaigns, partners = (
        {key: role for scope, key, role in rows if scope == wanted} for wanted in ("campaign", PARTNER)
    )
    return Held(site, campaigns, partners)


def may(account_id: int, right: str, campaign_id: int | None = None) -> bool:
    """Whether an account may do something, on a campaign or on the site."""
    return held(account_id).may(right, campaign_id)


def team(campaign_id: int | None) -> Sequence[tuple[Account, str]]:
    """The people of a campaign, or of the site, with their roles, by name."""
    rows = select(Account, Grant.role).join(Grant, Grant.account_id == Account.id)
    rows = rows.where(_on(campaign_id)).order_by(func.lower(Account.name), Account.address)
    return [(account, role) for account, role in db.session.execute(rows)]


def role_of(account_id: int, campaign_id: int | None) -> str:
    """The role of an account on a campaign or the site, "" for none."""
    role = select(Grant.role).where(Grant.account_id == account_id, _on(campaign_id))
    return db.session.scalars(role).one_or_none() or ""


def grant(account: Account, role: str, campaign_id: int | None, actor: str, reason: str = "") -> None:
    """Give an account a role, or another one than it had. Raises LastOwner."""
    if role not in (ON_SITE if campaign_id is None else ON_CAMPAIGN):
        raise ValueError(role)
    found = _locked(account.id, campaign_id)
    if found is not None and found.role == role:
        return
    if found is not None:
        _keep_one(found)
        found.role, found.granted_at = role, db.now()
    else:
        scope = "site" if campaign_id is None else "campaign"
        row = Grant(account_id=account.id, scope=scope, campaign_id=campaign_id, role=role, granted_at=db.now())
        db.session.add(row)
    db.session.flush()
    deed = "grant changed" if found is not None else "grant given"
    journal.write(actor, f"{deed}: {role}", campaign_id=campaign_id, about=account.id, reason=reason)


def revoke(account: Account, campaign_id: int | None, actor: str, reason: str = "") -> bool:
    """Take an account's role away; False where it had none. Raises LastOwner."""
    found = _locked(account.id, campaign_id)
    if found is None:
        return False
    _keep_one(found)
    db.session.delete(found)
    db.session.flush()
    journal.write(actor, f"grant taken: {found.role}", campaign_id=campaign_id, about=account.id, reason=reason)
    return True


def leave_all(account: Account, actor: str, reason: str = "") -> int:
    """Take all of an account's roles away, before it is removed; how many. Raises LastOwner."""
    mine = db.session.scalars(select(Grant).where(Grant.account_id == account.id).order_by(Grant.campaign_id)).all()
    for one in mine:
        revoke(account, one.campaign_id, actor, reason)
    return len(mine)


def _on(campaign_id: int | None) -> ColumnElement[bool]:
    return Grant.campaign_id.is_(None) if campaign_id is None else Grant.campaign_id == campaign_id


def _locked(account_id: int, campaign_id: int | None) -> Grant | None:
    """The grant of an account, and the scope's whole team locked: two owners who remove each other take turns."""
    rows = select(Grant).where(_on(campaign_id)).order_by(Grant.id).with_for_update()
    found = db.session.scalars(rows, execution_options={"populate_existing": True})
    return next((row for row in found if row.account_id == account_id), None)


def _keep_one(grant: Grant) -> None:
    """Raises LastOwner where nobody else has the role without which a campaign, or the site, is nobody's."""
    if grant.role not in (OWNER, ADMINISTRATOR):
        return
    others = select(Grant.id).join(Account, Account.id == Grant.account_id).where(
        _on(grant.campaign_id), Grant.role == grant.role, Grant.account_id != grant.account_id,
        Account.joined_at.is_not(None),
    )  # fmt: skip
    if db.session.scalar(others.limit(1)) is None:
        raise LastOwner(grant.role)
