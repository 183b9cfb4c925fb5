"""Names that are not yet, or never, shown in public: where a campaign wants them looked at first.

The default is that what somebody chose to show is shown at once. Where the switch is on, a name waits here, and its
signature counts meanwhile like any other.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import db


class Moderation(db.Base):
    """A campaign that looks at names before they are shown; no row where it does not."""

    __tablename__ = "moderation"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True, autoincrement=False)
    since: Mapped[datetime]


class Unshown(db.Base):
    """A signature (by its id) whose name is not shown: it waits to be looked at, or was looked at and is `hidden`."""

    __tablename__ = "unshown"
    __table_args__ = (Index("unshown_waiting", "campaign_id", "hidden", "at", "id"),)

    id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True,
                                    autoincrement=False)  # fmt: skip
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    hidden: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


_table = Unshown.__table__


def is_on(campaign_id: int) -> bool:
    """Whether a campaign looks at names before they are shown."""
    query = select(Moderation.campaign_id).where(Moderation.campaign_id == campaign_id)
    return db.session.scalar(query) is not None


def switch(campaign_id: int, on: bool, *, actor: str, reason: str, at: datetime) -> bool:
    """Turn it on or off; False where it is so already. Names shown before stay shown; those that wait go on waiting."""
    if on == is_on(campaign_id):
        return False
    if on:
        db.session.add(Moderation(campaign_id=campaign_id, since=at))
        db.session.flush()
    else:
        db.session.execute(delete(Moderation).where(Moderation.campaign_id == campaign_id))
    deed = "names looked at first" if on else "names shown at once"
    journal.write(actor, deed, campaign_id=campaign_id, reason=reason)
    return True


def how_many_wait(campaign_id: int) -> int:
    """How many names wait to be looked at."""
    query = select(func.count()).select_from(Unshown)
    return int(db.session.scalar(query.where(Unshown.campaign_id == campaign_id, Unshown.hidden.is_(False))) or 0)


def wait(campaign_id: int, signature_id: int, at: datetime) -> None:
    """Have a name wait, whatever was decided about an earlier one of this person."""
    row = {"id": signature_id, "campaign_id": campaign_id, "hidden": False, "at": at}
    made = db.insert(_table).on_conflict_do_update(index_elements=[Unshown.id], set_={"hidden": False, "at": at})
    db.session.connection().execute(made, [row])


def forget(signature_id: int) -> None:
    """Nothing waits of this signature any more."""
    db.session.execute(delete(Unshown).where(Unshown.id == signature_id))
