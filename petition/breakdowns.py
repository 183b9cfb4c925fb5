"""How a total divides by country, language, day, source and partner, as the public sees it (S62).

Published once a day, with cells under ten folded into "other", so that nobody can watch one person arrive.
"""

from datetime import date

from sqlalchemy import JSON, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class Breakdown(db.Base):
    """One published division of a campaign's total: `cells` are [value, count], the value "" for all others."""

    __tablename__ = "breakdown"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    #: The UTC day of its making.
    day: Mapped[date] = mapped_column(Date)
    cells: Mapped[list[tuple[str, int]]] = mapped_column(JSON)
