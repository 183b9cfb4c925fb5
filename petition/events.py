"""Meetings with a time, and a place or an address online."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, and_, literal, or_, select, tuple_
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, pieces
from petition.base import db, markdown
from petition.pieces import SlugRefused, Sought
from petition.topics import Topic

#: How long a meeting is thought to last whose end nobody has said.
USUAL = timedelta(hours=3)
#: No meeting is longer, so that those still ahead are found without looking at every one there ever was.
LONGEST = timedelta(days=366)
#: Words that stand in the place of a slug in the addresses of other pages.
RESERVED = frozenset({"past", "tell-me"})


class Event(db.Base):
    """A meeting. Times in UTC, shown in the place's zone; `online` "" where one has to come. Public from
    `published_at` on."""

    __tablename__ = "event"
    __table_args__ = (Index("event_in_order", "starts_at", "id"), pieces.trash_index("event"))

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
    #: Since when it is in the trash (see `trash`): public no more.
    trashed_at: Mapped[datetime | None]


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
    changed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """An event as read at one moment, its text in the language asked for or its first one.

    `slug` is the one it has now; `languages` are those of its texts, the first one first. Times in UTC.
    """

    id: int
    slug: str
    first_language: str
    languages: tuple[str, ...]
    text: EventText
    texts: Mapping[str, EventText]
    time_zone: str
    starts_at: datetime
    ends_at: datetime | None
    online: str
    topic_id: int | None
    campaign_id: int | None
    published_at: datetime
    cancelled_at: datetime | None
    changed_at: datetime
    created_at: datetime

    def is_over(self, at: datetime) -> bool:
        """Whether it is past at a moment."""
        return (self.ends_at or self.starts_at + USUAL) <= at


@dataclass(frozen=True, slots=True)
class Text:
    """What an editor writes of an event in one language; `source` is Markdown."""

    title: str
    standfirst: str
    place: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything an editor writes about an event. Without `published_at` it is not public; `cancelled` None leaves
    that as it is."""

    slug: str
    first_language: str
    texts: Mapping[str, Text]
    time_zone: str
    starts_at: datetime
    ends_at: datetime | None = None
    online: str = ""
    topic_id: int | None = None
    campaign_id: int | None = None
    published_at: datetime | None = None
    cancelled: bool | None = None
    #: Languages whose text is as it was, but was found to say what the first one says by now.
    looked_at: frozenset[str] = frozenset()
    #: Only as a new one: a slug that is there already is refused.
    is_new: bool = False


def read(slug: str, language: str, at: datetime) -> Reading | None:
    """The public event that has, or ever had, this slug."""
    query = _public(at).join(EventSlug, EventSlug.event_id == Event.id).where(EventSlug.slug == slug)
    found = _readings(db.session.scalars(query), language)
    return found[0] if found else None


def upcoming(
    language: str, at: datetime, most: int = 100, *, campaign_id: int | None = None, topic_id: int | None = None,
    after_id: int | None = None,
) -> list[Reading]:  # fmt: skip
    """Public events that are not over, the next one first, cancelled ones among them; of a campaign or topic if one
    is named; only those after a public one if it is named, and none where it does not exist."""
    query = _about(_public(at).where(_ahead(at)), campaign_id, topic_id)
    if after_id is not None:
        after = db.session.scalar(_public(at).where(Event.id == after_id))
        if after is None:
            return []
        place = tuple_(literal(after.starts_at, db.Moment()), literal(after.id))
        query = query.where(tuple_(Event.starts_at, Event.id) > place)
    return _readings(db.session.scalars(query.order_by(Event.starts_at, Event.id).limit(most)), language)


def past(
    language: str, at: datetime, most: int, before_id: int | None = None, *, campaign_id: int | None = None,
    topic_id: int | None = None,
) -> list[Reading]:  # fmt: skip
    """Public events that are over and were not cancelled, the last one first; only those before a public one if it
    is named, and none where it does not exist."""
    query = _about(_public(at).where(~_ahead(at), Event.cancelled_at.is_(None)), campaign_id, topic_id)
    if before_id is not None:
        before = db.session.scalar(_public(at).where(Event.id == before_id))
        if before is None:
            return []
        place = tuple_(literal(before.starts_at, db.Moment()), literal(before.id))
        query = query.where(tuple_(Event.starts_at, Event.id) < place)
    query = query.order_by(Event.starts_at.desc(), Event.id.desc()).limit(most)
    return _readings(db.session.scalars(query), language)


def since(language: str, at: datetime, begin: datetime, most: int) -> list[Reading]:
    """Public events that were not over at `begin`, cancelled ones among them: what a calendar keeps up with."""
    query = _public(at).where(_ahead(begin)).order_by(Event.starts_at.desc(), Event.id.desc()).limit(most)
    return _readings(db.session.scalars(query), language)[::-1]


def changed_last(language: str, at: datetime, begin: datetime, most: int) -> list[Reading]:
    """Public events that were not over at `begin`, the last announced or changed first: what a feed keeps up with."""
    query = _public(at).where(_ahead(begin)).order_by(Event.changed_at.desc(), Event.id.desc()).limit(most)
    return _readings(db.session.scalars(query), language)


def _public(at: datetime) -> Select[Event]:
    return select(Event).where(Event.published_at <= at, Event.trashed_at.is_(None))


def _ahead(at: datetime) -> ColumnElement[bool]:
    """Not over yet; the first condition lets the index find them. Never null, so that it can be turned round."""
    open_end = and_(Event.ends_at.is_(None), Event.starts_at > at - USUAL)
    ends = and_(Event.ends_at.is_not(None), Event.ends_at > at)
    return and_(Event.starts_at > at - LONGEST, or_(ends, open_end))


def _about(query: Select[Event], campaign_id: int | None, topic_id: int | None) -> Select[Event]:
    if campaign_id is not None:
        query = query.where(Event.campaign_id == campaign_id)
    if topic_id is not None:
        query = query.where(Event.topic_id == topic_id)
    return query


def _readings(events: Iterable[Event], language: str) -> list[Reading]:
    found = list(events)
    texts = pieces.texts_of(EventText.event_id, [event.id for event in found])
    return [_reading(event, texts[event.id], language) for event in found]


def _reading(event: Event, texts: dict[str, EventText], language: str) -> Reading:
    assert event.published_at is not None
    languages = pieces.in_order(texts, event.first_language)
    return Reading(
        event.id, event.slug, event.first_language, languages, texts.get(language) or texts[event.first_language],
        texts, event.time_zone, event.starts_at, event.ends_at, event.online, event.topic_id, event.campaign_id,
        event.published_at, event.cancelled_at, event.changed_at, event.created_at,
    )  # fmt: skip


def listed(sought: Sought, language: str, at: datetime, most: int) -> list[pieces.Row]:
    """For editors: drafts, scheduled and cancelled ones among the others, the latest first. States: "draft",
    "scheduled", "ahead", "past", "cancelled"."""
    states = {
        "draft": Event.published_at.is_(None), "scheduled": Event.published_at > at, "ahead": _ahead(at),
        "past": ~_ahead(at), "cancelled": Event.cancelled_at.is_not(None),
    }  # fmt: skip
    query = select(Event).where(*pieces.sought(EventText.event_id, Event, sought, Event.starts_at))
    if sought.state in states:
        query = query.where(states[sought.state])
    query = query.order_by(Event.starts_at.desc(), Event.id.desc()).limit(most)
    return pieces.rows(EventText.event_id, db.session.scalars(query).all(), language)


def texts(event_id: int) -> dict[str, EventText]:
    """An event's texts by language."""
    return pieces.texts_of(EventText.event_id, [event_id])[event_id]


def seen(draft: Draft, language: str, at: datetime, cancelled_at: datetime | None) -> Reading:
    """What a draft would be, read in a language at a moment; nothing is stored. Raises TextRefused."""
    said = {code: EventText(language=code, **_values(one)) for code, one in draft.texts.items()}
    facts = _facts(draft) | {"published_at": at, "cancelled_at": cancelled_at}
    return _reading(Event(id=0, slug=draft.slug, changed_at=at, created_at=at, **facts), said, language)


def span_wrong(starts_at: datetime, ends_at: datetime | None) -> Literal["", "before", "too_long"]:
    """What is wrong with the times of a meeting: it ends before it begins, or lasts longer than LONGEST."""
    if ends_at is None:
        return ""
    if ends_at <= starts_at:
        return "before"
    return "too_long" if ends_at - starts_at > LONGEST else ""


def by_slug(slug: str) -> Event | None:
    """The event that has, or ever had, a slug, public or not, for verbs."""
    return pieces.by_slug(Event, EventSlug.event_id, slug)


def save(draft: Draft, actor: str) -> bool:
    """Make the event or bring it up to the draft; whether anything changed. What is as it was leaves no trace.

    Raises SlugRefused where the slug is reserved, was an event's earlier one or is one's in the trash, TextRefused
    where the Markdown is too long.
    """
    event, at = by_slug(draft.slug), db.now()
    if event is not None and draft.is_new:
        raise SlugRefused(f"“{draft.slug}” is an address already, or was")
    if event is not None and event.trashed_at is not None:
        raise SlugRefused(f"The event “{draft.slug}” is in the trash, or was deleted")
    if event is not None and event.slug != draft.slug:
        raise SlugRefused(f"The event “{draft.slug}” is called “{event.slug}” now")
    deed = "event edited" if event else "event made"
    if event is None:
        event = Event(slug=draft.slug, created_at=at, changed_at=at, **_facts(draft))
        pieces.enter(event, EventSlug.event_id, draft.slug, RESERVED)
    texts = {language: _values(said) for language, said in draft.texts.items()}
    changed = event.change(_facts(draft) | _cancelling(event, draft, at))
    if not pieces.write(EventText.event_id, event.id, texts, draft.looked_at) and not changed:
        return False
    _note(event, actor, deed, at)
    return True


def _facts(draft: Draft) -> dict[str, Any]:
    names = (
        "first_language", "time_zone", "starts_at", "ends_at", "online", "topic_id", "campaign_id", "published_at",
    )  # fmt: skip
    return {name: getattr(draft, name) for name in names}


def _cancelling(event: Event, draft: Draft, at: datetime) -> dict[str, Any]:
    if draft.cancelled is None or draft.cancelled == (event.cancelled_at is not None):
        return {}
    return {"cancelled_at": at if draft.cancelled else None}


def _values(said: Text) -> dict[str, Any]:
    # The HTML is made anew each time, for the rules of what may stand in it may have changed.
    return {name: getattr(said, name) for name in Text.__slots__} | {"html": markdown.to_html(said.source)}


def _note(event: Event, actor: str, deed: str, at: datetime, reason: str = "") -> None:
    # Calendars take a change only from a later moment than the one they know.
    event.changed_at = max(at, event.changed_at)
    db.session.flush()
    journal.write(actor, deed, campaign_id=event.campaign_id, about=event.id, reason=reason)


def cancel(event: Event, actor: str, reason: str) -> bool:
    """Say that it does not take place; whether that is new. Its page stays, and calendars strike it out."""
    if event.cancelled_at is not None:
        return False
    at = db.now()
    event.cancelled_at = at
    _note(event, actor, "event cancelled", at, reason)
    return True


def rename(event: Event, slug: str, actor: str) -> None:
    """Give it another slug; the old ones lead to it, and the new one may be an old one of its own.

    Raises SlugRefused.
    """
    _note(event, actor, "event renamed", db.now(), pieces.rename(event, EventSlug.event_id, slug, RESERVED))
