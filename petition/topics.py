"""What the site's news is filed under."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Select, String, func, select
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, pieces
from petition.base import db
from petition.pieces import SlugRefused

#: Words that stand in the place of a slug in the addresses of other pages.
RESERVED = frozenset({"before"})


class Topic(db.Base):
    """A subject of the site, with a page of its own. Topics stand in the order of `position`."""

    __tablename__ = "topic"
    __table_args__ = (pieces.trash_index("topic"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    first_language: Mapped[str] = mapped_column(String(12))
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    #: Since when it is in the trash (see `trash`): public no more.
    trashed_at: Mapped[datetime | None]


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
    changed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """A topic as read at one moment, its text in the language asked for or its first one.

    `slug` is the one it has now; `languages` are those of its texts, the first one first.
    """

    id: int
    slug: str
    first_language: str
    languages: tuple[str, ...]
    text: TopicText
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """What an editor writes of a topic in one language."""

    title: str
    standfirst: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything an editor writes about a topic."""

    slug: str
    first_language: str
    texts: Mapping[str, Text]
    position: int = 0
    #: Languages whose text is as it was, but was found to say what the first one says by now.
    looked_at: frozenset[str] = frozenset()
    #: Only as a new one: a slug that is there already is refused.
    is_new: bool = False


def read(slug: str, language: str) -> Reading | None:
    """The topic that has, or ever had, this slug. A topic is public as soon as it is there."""
    query = _public().join(TopicSlug, TopicSlug.topic_id == Topic.id).where(TopicSlug.slug == slug)
    found = _readings(query, language)
    return found[0] if found else None


def read_id(topic_id: int, language: str) -> Reading:
    """The topic with this id. Raises LookupError."""
    found = _readings(select(Topic).where(Topic.id == topic_id), language)
    if not found:
        raise LookupError(topic_id)
    return found[0]


def all_public(language: str) -> list[Reading]:
    """Every topic, in order."""
    return _readings(_public().order_by(Topic.position, Topic.id), language)


def _public() -> Select[Topic]:
    return select(Topic).where(Topic.trashed_at.is_(None))


def _readings(query: Select[Topic], language: str) -> list[Reading]:
    found = list(db.session.scalars(query))
    texts = pieces.texts_of(TopicText.topic_id, [topic.id for topic in found])
    return [
        Reading(
            topic.id, topic.slug, topic.first_language, pieces.in_order(texts[topic.id], topic.first_language),
            texts[topic.id].get(language) or texts[topic.id][topic.first_language], topic.created_at,
        )
        for topic in found
    ]  # fmt: skip


def listed(language: str) -> list[pieces.Row]:
    """For editors: every topic, in order."""
    query = _public().order_by(Topic.position, Topic.id)
    return pieces.rows(TopicText.topic_id, db.session.scalars(query).all(), language)


def texts(topic_id: int) -> dict[str, TopicText]:
    """A topic's texts by language."""
    return pieces.texts_of(TopicText.topic_id, [topic_id])[topic_id]


def move(topic: Topic, steps: int, actor: str) -> bool:
    """Let a topic stand so many places further down, or up for fewer than none; whether it could. Two who move
    topics at once take turns."""
    order = _public().order_by(Topic.position, Topic.id).with_for_update()
    found = list(db.session.scalars(order, execution_options={"populate_existing": True}))
    place = next((at for at, one in enumerate(found) if one.id == topic.id), None)
    if place is None or not 0 <= place + steps < len(found):
        return False
    found.insert(place + steps, found.pop(place))
    for position, one in enumerate(found):
        one.position = position
    journal.write(actor, "topic moved", about=topic.id)
    return True


def slug_of(topic_id: int | None) -> str:
    """The slug of a topic; "" for none."""
    return db.session.scalar(select(Topic.slug).where(Topic.id == topic_id)) or "" if topic_id is not None else ""


def last_position() -> int:
    """Where a new topic stands: behind all others."""
    return (db.session.scalar(select(func.max(Topic.position))) or 0) + 1


def by_slug(slug: str) -> Topic | None:
    """The topic that has, or ever had, a slug, for verbs."""
    return pieces.by_slug(Topic, TopicSlug.topic_id, slug)


def save(draft: Draft, actor: str) -> bool:
    """Make the topic or bring it up to the draft; whether anything changed. What is as it was leaves no trace.

    Raises SlugRefused where the slug is reserved, was a topic's earlier one or is one's in the trash.
    """
    topic = by_slug(draft.slug)
    if topic is not None and draft.is_new:
        raise SlugRefused(f"“{draft.slug}” is an address already, or was")
    if topic is not None and topic.trashed_at is not None:
        raise SlugRefused(f"The topic “{draft.slug}” is in the trash, or was deleted")
    if topic is not None and topic.slug != draft.slug:
        raise SlugRefused(f"The topic “{draft.slug}” is called “{topic.slug}” now")
    deed = "topic edited" if topic else "topic made"
    facts = {"first_language": draft.first_language, "position": draft.position}
    if topic is None:
        topic = Topic(slug=draft.slug, created_at=db.now(), **facts)
        pieces.enter(topic, TopicSlug.topic_id, draft.slug, RESERVED)
    texts = {language: {"title": said.title, "standfirst": said.standfirst} for language, said in draft.texts.items()}
    changed = topic.change(facts)
    if not pieces.write(TopicText.topic_id, topic.id, texts, draft.looked_at) and not changed:
        return False
    journal.write(actor, deed, about=topic.id)
    return True


def rename(topic: Topic, slug: str, actor: str) -> None:
    """Give it another slug; the old ones lead to it, and the new one may be an old one of its own.

    Raises SlugRefused.
    """
    reason = pieces.rename(topic, TopicSlug.topic_id, slug, RESERVED)
    journal.write(actor, "topic renamed", about=topic.id, reason=reason)
