"""The campaigns that the public may see, page by page."""

from datetime import datetime

from sqlalchemy import literal, select, tuple_

from petition import campaigns
from petition.base import db
from petition.campaigns import Campaign, Reading


def newest(at: datetime, most: int, before_id: int | None = None) -> list[Reading]:
    """The public campaigns, the one published last first; only those before a public one if it is named, and none
    where it does not exist."""
    public = select(Campaign.id).where(Campaign.published_at <= at, Campaign.withdrawn_at.is_(None))
    query = public.order_by(Campaign.published_at.desc(), Campaign.id.desc()).limit(most)
    if before_id is not None:
        before = public.with_only_columns(Campaign.published_at).where(Campaign.id == before_id)
        published_at = db.session.scalar(before)
        if published_at is None:
            return []
        place = tuple_(literal(published_at, db.Moment()), literal(before_id))
        query = query.where(tuple_(Campaign.published_at, Campaign.id) < place)
    ids = list(db.session.scalars(query))
    found = {reading.id: reading for reading in campaigns.some(ids)}
    return [found[key] for key in ids]


def slugs(ids: set[int], at: datetime) -> dict[int, str]:
    """The slugs of those of these campaigns that the public may see."""
    query = select(Campaign.id, Campaign.slug).where(
        Campaign.id.in_(ids), Campaign.published_at <= at, Campaign.withdrawn_at.is_(None)
    )
    return {row.id: row.slug for row in db.session.execute(query)} if ids else {}
