"""Who of the organisers did what, when and why. Written in the deed's own transaction; never changed afterwards.

The database itself refuses to change or delete a line (triggers, made by the migrations on both databases).
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class Entry(db.Base):
    """One deed. Holds no personal data of signers: a signature is named by its random id alone."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    #: Who acted: an organiser, or the account of the machine for a command.
    actor: Mapped[str] = mapped_column(String(120))
    deed: Mapped[str] = mapped_column(String(60))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    #: The signature, export or other row it was done to.
    about: Mapped[int | None]
    #: How many rows it touched.
    count: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(Text, default="")


def write(
    actor: str, deed: str, *, campaign_id: int | None = None, about: int | None = None, count: int = 1, reason: str = ""
) -> None:
    """Add a line in the caller's transaction."""
    db.session.add(
        Entry(
            at=db.now(), actor=actor[:120], deed=deed, campaign_id=campaign_id, about=about, count=count, reason=reason
        )
    )
    db.session.flush()
