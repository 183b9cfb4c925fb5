"""The people of a partner: who may see its figures and take the list of those who ticked its box. No verb commits."""

from collections.abc import Sequence

from sqlalchemy import func, select

from petition import journal, partners, teams
from petition.accounts import Account
from petition.base import db
from petition.partners import Reading
from petition.teams import PARTNER, PartnerGrant


def people(partner_id: int) -> Sequence[Account]:
    """The people of a partner, by name."""
    rows = select(Account).join(PartnerGrant, PartnerGrant.account_id == Account.id)
    rows = rows.where(PartnerGrant.partner_id == partner_id).order_by(func.lower(Account.name), Account.address)
    return db.session.scalars(rows).all()


def belongs(account_id: int, partner_id: int) -> bool:
    """Whether an account is one of them."""
    return db.session.get(PartnerGrant, (account_id, partner_id), populate_existing=True) is not None


def take_in(account: Account, partner: Reading, actor: str, reason: str = "") -> bool:
    """Make an account one of a partner's people; False where it is already."""
    partners.locked(partner.id)
    if belongs(account.id, partner.id):
        return False
    db.session.add(PartnerGrant(account_id=account.id, partner_id=partner.id, role=PARTNER, granted_at=db.now()))
    db.session.flush()
    _write(actor, f"grant given: {PARTNER}", partner, account, reason)
    return True


def send_away(account: Account, partner: Reading, actor: str, reason: str = "") -> bool:
    """Take it away again; False where it was none of them."""
    partners.locked(partner.id)
    found = db.session.get(PartnerGrant, (account.id, partner.id), populate_existing=True)
    if found is None:
        return False
    db.session.delete(found)
    db.session.flush()
    _write(actor, f"grant taken: {PARTNER}", partner, account, reason)
    return True


def _write(actor: str, deed: str, partner: Reading, account: Account, reason: str) -> None:
    said = f"{partner.key}: {reason}" if reason else partner.key
    journal.write(actor, deed, campaign_id=partner.campaign_id, about=account.id, reason=said)


def leave_all(account: Account, actor: str, reason: str = "") -> int:
    """Take an account from everything it may, before it is removed; how many grants it had. Raises teams.LastOwner."""
    mine = select(PartnerGrant.partner_id).where(PartnerGrant.account_id == account.id)
    beside = partners.some(db.session.scalars(mine).all())
    for partner in beside:
        send_away(account, partner, actor, reason)
    return len(beside) + teams.leave_all(account, actor, reason)
