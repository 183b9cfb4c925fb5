"""The picture that a messenger shows beside a campaign's link: title, number and colour, made by the worker."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class SharePicture(db.Base):
    """A campaign's picture in one language, 1200 by 630 pixels. `facts` is the hash of what it shows."""

    __tablename__ = "share_picture"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    facts: Mapped[str] = mapped_column(String(64))
    png: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
