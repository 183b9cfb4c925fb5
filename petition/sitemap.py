"""Every address of the public site that a search engine may know, with when it changed and in which languages it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from petition.articles import Article, ArticleText
from petition.base import db
from petition.campaigns import Campaign, Wording
from petition.events import Event, EventText
from petition.topics import Topic, TopicText

#: So many rows by id stand in one file: with their languages about 100 kB, and a file never moves its neighbours.
BLOCK = 250


@dataclass(frozen=True, slots=True)
class Place:
    """One subject that has a page in each of its languages."""

    kind: str
    slug: str
    changed_at: datetime | None
    languages: tuple[str, ...]


def blocks() -> list[tuple[str, int]]:
    """(kind, block) of every file."""
    return [(kind, number) for kind, model in _MODELS.items() for number in range(_highest(model) // BLOCK + 1)]


def _highest(model: type[Any]) -> int:
    return int(db.session.scalar(select(func.max(model.id))) or 0)


def places(kind: str, block: int, at: datetime) -> list[Place]:
    """The public subjects of one file; none where there is no such file."""
    model = _MODELS.get(kind)
    if model is None:
        return []
    rows = db.session.execute(_public(model, at).where(model.id.between(block * BLOCK, block * BLOCK + BLOCK - 1)))
    found = {row[0]: (row[1], row[2]) for row in rows}
    languages: dict[int, set[str]] = {key: set() for key in found}
    for owner, language in db.session.execute(_languages(kind, found)):
        languages[owner].add(language)
    return [Place(kind, slug, when, tuple(sorted(languages[key]))) for key, (slug, when) in found.items()]


def _public(model: type[Any], at: datetime) -> Select[*tuple[Any, ...]]:
    if model is Topic:
        # A topic's page changes with every article filed under it.
        newest = select(func.max(Article.published_at)).where(
            Article.topic_id == Topic.id, Article.published_at <= at, Article.trashed_at.is_(None)
        )  # fmt: skip
        changed = func.coalesce(newest.scalar_subquery(), Topic.created_at, type_=db.Moment())
        return select(Topic.id, Topic.slug, changed).where(Topic.trashed_at.is_(None)).order_by(Topic.id)
    changed = model.published_at if model is Campaign else model.changed_at
    query = select(model.id, model.slug, changed).where(model.published_at <= at).order_by(model.id)
    return query.where((model.withdrawn_at if model is Campaign else model.trashed_at).is_(None))


def _languages(kind: str, ids: Iterable[int]) -> Select[*tuple[Any, ...]]:
    owner, language = _TEXTS[kind]
    return select(owner, language).where(owner.in_(list(ids))).distinct()


_MODELS: dict[str, type[Any]] = {"campaigns": Campaign, "articles": Article, "topics": Topic, "events": Event}
_TEXTS: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[str]]] = {
    "campaigns": (Wording.campaign_id, Wording.language),
    "articles": (ArticleText.article_id, ArticleText.language),
    "topics": (TopicText.topic_id, TopicText.language),
    "events": (EventText.event_id, EventText.language),
}
