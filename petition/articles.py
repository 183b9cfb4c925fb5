"""The site's own news: an article, its text in one or more languages, and its campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, Row, Select, String, UniqueConstraint, select
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, pictures
from petition.base import db, text
from petition.topics import Topic

if TYPE_CHECKING:
    from petition.base.images import Scaled


class Article(db.Base):
    """One piece of news, perhaps about a campaign. Public from `published_at` on."""

    __tablename__ = "article"
    __table_args__ = (
        Index("article_newest", "published_at", "id"),
        Index("article_of_topic", "topic_id", "published_at", "id"),
        Index("article_of_campaign", "campaign_id", "published_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    first_language: Mapped[str] = mapped_column(String(12))
    authors: Mapped[str] = mapped_column(String(300))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey(Topic.id))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    #: Reports how its campaign goes on: stands on the campaign's page and in its feed, not among the site's news.
    is_update: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    #: When any of its texts last changed.
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]


class ArticleSlug(db.Base):
    """Every slug an article ever had; never used again."""

    __tablename__ = "article_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))


class ArticleText(db.Base):
    """An article in one language."""

    __tablename__ = "article_text"
    __table_args__ = (UniqueConstraint("article_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    language: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    standfirst: Mapped[str] = mapped_column(LongText)
    #: Of the text below the standfirst, which may be material in another language.
    text_language: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(LongText)
    html: Mapped[str] = mapped_column(LongText)


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as read at one moment, its text in the language asked for or its first one."""

    slug: str
    first_language: str
    authors: str
    campaign_id: int | None
    published_at: datetime
    text: ArticleText
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything an editor writes about an article; `texts` per language: title, standfirst, Markdown."""

    slug: str
    first_language: str
    texts: dict[str, tuple[str, str, str]]
    authors: str = ""
    campaign_id: int | None = None
    published_at: datetime | None = None
    #: Those that its texts show and that may not be stored yet.
    pictures: tuple["Scaled", ...] = ()


def _public(at: datetime) -> Select[Article]:
    return select(Article).where(Article.published_at <= at)


def read(slug: str, language: str, at: datetime) -> Reading | None:
    """The public article that has, or ever had, this slug."""
    query = _public(at).join(ArticleSlug, ArticleSlug.article_id == Article.id).where(ArticleSlug.slug == slug)
    found = _readings(db.session.execute(query).all(), language)
    return found[0] if found else None


def newest(language: str, at: datetime, most: int, campaign_id: int | None = None) -> list[Reading]:
    """The newest public articles, of a campaign if one is named."""
    query = _public(at).order_by(Article.published_at.desc(), Article.id).limit(most)
    if campaign_id is not None:
        query = query.where(Article.campaign_id == campaign_id)
    return _readings(db.session.execute(query).all(), language)


def _readings(rows: Sequence[Row[Article]], language: str) -> list[Reading]:
    found = [row[0] for row in rows]
    texts: dict[int, dict[str, ArticleText]] = {article.id: {} for article in found}
    for written in db.session.scalars(select(ArticleText).where(ArticleText.article_id.in_(texts))):
        texts[written.article_id][written.language] = written
    return [
        Reading(
            article.slug, article.first_language, article.authors, article.campaign_id, article.published_at,
            texts[article.id].get(language) or texts[article.id][article.first_language],
            tuple(sorted(texts[article.id])),
        )
        for article in found
        if article.published_at is not None
    ]  # fmt: skip


def save(draft: Draft, actor: str) -> Article:
    """Make the article or bring it up to the draft. Raises TextRefused where the Markdown is too long."""
    article = db.session.scalar(select(Article).where(Article.slug == draft.slug))
    deed = "article edited" if article else "article made"
    if article is None:
        article = Article(slug=draft.slug, created_at=db.now(), changed_at=db.now())
        article.first_language, article.authors = draft.first_language, draft.authors
        db.session.add(article)
        db.session.flush()
        db.session.add(ArticleSlug(slug=draft.slug, article_id=article.id))
    for name in ("first_language", "authors", "campaign_id", "published_at"):
        setattr(article, name, getattr(draft, name))
    for picture in draft.pictures:
        pictures.add(picture, actor)
    for language, (title, standfirst, source) in draft.texts.items():
        _write(article, language, title, standfirst, source)
    db.session.flush()
    journal.write(actor, deed, campaign_id=draft.campaign_id, about=article.id)
    return article


def _write(article: Article, language: str, title: str, standfirst: str, source: str) -> None:
    query = select(ArticleText).where(ArticleText.article_id == article.id, ArticleText.language == language)
    written = db.session.scalar(query)
    if written is None:
        written = ArticleText(article_id=article.id, language=language)
        db.session.add(written)
    written.title, written.standfirst, written.source = title, standfirst, source
    written.text_language = language
    written.html = text.markdown(source)
