"""Meetings with a time, and a place or an address online."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db
from petition.topics import Topic


class Event(db.Base):
    """A meeting. Times in UTC, shown in the place's zone; `online` "" where one has to come. Public from
    `published_at` on."""

    __tablename__ = "event"
    __table_args__ = (Index("event_in_order", "starts_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    first_language: Mapped[str] = mapped_column(String(12))
    time_zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    online: Mapped[str] = mapped_column(String(500), default="")
    topic_id: Mapped[int | None] = mapped_column(ForeignKey(Topic.id), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    published_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    #: When anything of it last changed.
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]


class EventSlug(db.Base):
    """Every slug an event ever had; never used again."""

    __tablename__ = "event_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))


class EventText(db.Base):
    """An event in one language. `place` as one would tell somebody, "" where it is online only."""

    __tablename__ = "event_text"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    standfirst: Mapped[str] = mapped_column(LongText)
    place: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(LongText)
    html: Mapped[str] = mapped_column(LongText)
