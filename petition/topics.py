"""What the site's news is filed under."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db


class Topic(db.Base):
    """A subject of the site, with a page of its own. Topics stand in the order of `position`."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    first_language: Mapped[str] = mapped_column(String(12))
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class TopicSlug(db.Base):
    """Every slug a topic ever had; never used again."""

    __tablename__ = "topic_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))


class TopicText(db.Base):
    """A topic's title and standfirst in one language."""

    __tablename__ = "topic_text"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    standfirst: Mapped[str] = mapped_column(LongText)
