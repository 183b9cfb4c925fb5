"""The trash: what is in it is public no more, comes back within thirty days, and is deleted for good after them.

Of what is deleted a row without words stays, so that nobody else's piece ever stands at its addresses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from petition import journal
from petition.articles import Article, ArticleText
from petition.base import db
from petition.events import Event, EventText
from petition.topics import Topic, TopicText

KEPT = timedelta(days=30)
#: So many are deleted in one transaction.
BATCH = 100
Piece = Article | Event | Topic


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of piece, and whose its texts are."""

    piece: type[Any]
    owner: InstrumentedAttribute[int]


KINDS = {
    "article": Kind(Article, ArticleText.article_id), "event": Kind(Event, EventText.event_id),
    "topic": Kind(Topic, TopicText.topic_id),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thrown:
    """A piece in the trash: its title in the language asked for or its first one, and when it is deleted for good."""

    kind: str
    id: int
    title: str
    language: str
    trashed_at: datetime
    until: datetime


def filed_under(topic_id: int) -> tuple[int, int]:
    """How many articles and events are filed under a topic, drafts and what is in the trash too."""
    count = [select(func.count()).where(held.topic_id == topic_id).scalar_subquery() for held in (Article, Event)]
    articles, events = db.session.execute(select(*count)).one()
    return articles, events


def throw(piece: Piece, actor: str, reason: str) -> bool:
    """Put a piece into the trash; False where it is there already. What is filed under a topic is filed under nothing
    from then on, also when the topic comes back."""
    if piece.trashed_at is not None:
        return False
    unfiled = _unfile(piece.id) if isinstance(piece, Topic) else 0
    piece.trashed_at = db.now()
    _note(piece, "trashed", actor, reason, unfiled)
    return True


def _unfile(topic_id: int) -> int:
    return sum(
        db.count(update(held.__table__).where(held.__table__.c.topic_id == topic_id).values(topic_id=None))
        for held in (Article, Event)
    )


def restore(piece: Piece, actor: str) -> bool:
    """Take a piece out of the trash, public as it was; False where it is not there, or not any more."""
    if piece.trashed_at is None or piece.trashed_at <= db.now() - KEPT:
        return False
    piece.trashed_at = None
    _note(piece, "restored", actor)
    return True


def _note(piece: Piece, deed: str, actor: str, reason: str = "", unfiled: int = 0) -> None:
    kind = next(name for name, kind in KINDS.items() if isinstance(piece, kind.piece))
    if not isinstance(piece, Topic):
        # Calendars, feeds and search engines take a change only from a later moment than the one they know.
        piece.changed_at = max(db.now(), piece.changed_at)
    db.session.flush()
    journal.write(actor, f"{kind} {deed}", campaign_id=getattr(piece, "campaign_id", None), about=piece.id,
                  reason=reason, count=1 + unfiled)  # fmt: skip


def listed(language: str, at: datetime) -> list[Thrown]:
    """What can still come back, the last one thrown first."""
    found = [one for name, kind in KINDS.items() for one in _of_kind(name, kind, language, at)]
    return sorted(found, key=lambda one: one.trashed_at, reverse=True)


def _of_kind(name: str, kind: Kind, language: str, at: datetime) -> list[Thrown]:
    piece, texts = kind.piece, kind.owner.class_
    rows: Sequence[Any] = db.session.execute(
        select(piece.id, piece.first_language, piece.trashed_at, texts.language, texts.title)
        .join(texts, kind.owner == piece.id)
        .where(piece.trashed_at > at - KEPT)
    ).all()
    titles: dict[int, dict[str, str]] = {}
    for row in rows:
        titles.setdefault(row.id, {})[row.language] = row.title
    thrown = {row.id: (row.first_language, row.trashed_at) for row in rows}
    found = []
    for key, (first, trashed_at) in thrown.items():
        spoken = language if language in titles[key] else first
        found.append(Thrown(name, key, titles[key][spoken], spoken, trashed_at, trashed_at + KEPT))
    return found


def sweep(at: datetime) -> tuple[int, bool]:
    """Delete for good what has lain here long enough: how many rows that changed, and whether there may be more."""
    changed, more = 0, False
    for kind in KINDS.values():
        piece = kind.piece
        has_text = exists().where(kind.owner == piece.id)
        due = select(piece).where(piece.trashed_at <= at - KEPT, has_text).limit(BATCH)
        found = db.session.scalars(due.with_for_update(skip_locked=True)).all()
        for one in found:
            one.change(_FORGOTTEN[piece])
        db.session.flush()
        changed += db.count(delete(kind.owner.class_.__table__).where(kind.owner.in_([one.id for one in found])))
        more = more or len(found) == BATCH
    return changed, more


#: What is left empty in the row that stays.
_FORGOTTEN: dict[type[Any], dict[str, Any]] = {
    Article: {"authors": "", "topic_id": None, "campaign_id": None, "published_at": None, "is_update": False},
    Event: {"online": "", "topic_id": None, "campaign_id": None, "published_at": None},
    Topic: {},
}
