"""A campaign's course once it is public: paused, closed, renamed, withdrawn; each with its line in the journal.

No verb commits.
"""

from datetime import datetime

from sqlalchemy import update

from petition import campaigns, journal, pieces
from petition.base import db
from petition.campaigns import Campaign, CampaignSlug, Pause


def pause(campaign: Campaign, actor: str, reason: str = "") -> bool:
    """Stop signing and confirming, and all clocks, from now on. False if it was paused already."""
    if campaigns.is_paused(campaigns.read_id(campaign.id), db.now()):
        return False
    db.session.add(Pause(campaign_id=campaign.id, began_at=db.now(), ended_at=None))
    journal.write(actor, "campaign paused", campaign_id=campaign.id, reason=reason)
    return True


def resume(campaign: Campaign, actor: str, reason: str = "") -> bool:
    """End the pause. False if there was none."""
    open_pauses = update(Pause).where(Pause.campaign_id == campaign.id, Pause.ended_at.is_(None))
    if not db.count(open_pauses.values(ended_at=db.now())):
        return False
    journal.write(actor, "campaign resumed", campaign_id=campaign.id, reason=reason)
    return True


def close(campaign: Campaign, actor: str, at: datetime | None = None, reason: str = "") -> None:
    """Close signing now or at a moment."""
    campaign.closes_at = at or db.now()
    journal.write(actor, "campaign closed", campaign_id=campaign.id, reason=reason)


def reopen(campaign: Campaign, actor: str, until: datetime | None = None, reason: str = "") -> bool:
    """Take signatures again, until a moment or for good; False where it is not closed, withdrawn, or its people are
    forgotten and with them the key it would need."""
    over = campaign.closes_at is not None and campaign.closes_at <= db.now()
    if not over or campaign.withdrawn_at is not None or campaign.forgotten_at is not None:
        return False
    campaign.closes_at = until
    journal.write(actor, "campaign reopened", campaign_id=campaign.id, reason=reason)
    return True


def rename(campaign: Campaign, slug: str, actor: str) -> None:
    """Give it another slug; the old ones lead to it, and the new one may be an old one of its own.

    Raises pieces.SlugRefused.
    """
    reason = pieces.rename(campaign, CampaignSlug.campaign_id, slug)
    db.session.flush()
    journal.write(actor, "campaign renamed", campaign_id=campaign.id, reason=reason)


def withdraw(campaign: Campaign, actor: str, reason: str = "") -> None:
    """Take a campaign away from the public for good: its page answers 410."""
    campaign.withdrawn_at = db.now()
    journal.write(actor, "campaign withdrawn", campaign_id=campaign.id, reason=reason)
