"""The site's own news: an article, its text in one or more languages, its topic and its campaign."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, literal, select, tuple_, union_all
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, pictures, pieces
from petition.base import db, markdown
from petition.pieces import SlugRefused, Sought
from petition.topics import Topic

if TYPE_CHECKING:
    from petition.base.images import Scaled

#: Words that stand in the place of a slug in the addresses of other pages.
RESERVED = frozenset({"before"})
LONGEST_AUTHORS = 300


class Article(db.Base):
    """One piece of news, perhaps about a campaign. Public from `published_at` on."""

    __tablename__ = "article"
    __table_args__ = (
        Index("article_newest", "published_at", "id"),
        Index("article_of_topic", "topic_id", "published_at", "id"),
        Index("article_of_campaign", "campaign_id", "published_at", "id"),
        Index("article_last_changed", "changed_at", "id"),
        pieces.trash_index("article"),
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
    #: In which `published_at` was chosen, and is shown to editors.
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    #: When any of its texts last changed.
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    #: Since when it is in the trash (see `trash`): public no more.
    trashed_at: Mapped[datetime | None]


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
    changed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as read at one moment, its text in the language asked for or its first one.

    `slug` is the one it has now; `languages` are those of its texts, the first one first. Times in UTC.
    """

    id: int
    slug: str
    first_language: str
    languages: tuple[str, ...]
    text: ArticleText
    texts: Mapping[str, ArticleText]
    authors: str
    topic_id: int | None
    campaign_id: int | None
    is_update: bool
    published_at: datetime
    changed_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """What an editor writes of an article in one language; `source` is Markdown, perhaps with the place of its
    campaign's form (base.markdown.to_html), and in `text_language` if that is another one."""

    title: str
    standfirst: str
    source: str
    text_language: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything an editor writes about an article. Without `published_at` it is not public."""

    slug: str
    first_language: str
    texts: Mapping[str, Text]
    authors: str = ""
    campaign_id: int | None = None
    published_at: datetime | None = None
    time_zone: str = "UTC"
    topic_id: int | None = None
    is_update: bool = False
    #: Those that its texts show and that may not be stored yet.
    pictures: tuple["Scaled", ...] = ()
    #: Languages whose text is as it was, but was found to say what the first one says by now.
    looked_at: frozenset[str] = frozenset()
    #: Only as a new one: a slug that is there already is refused.
    is_new: bool = False


def read(slug: str, language: str, at: datetime) -> Reading | None:
    """The public article that has, or ever had, this slug."""
    query = _public(at).join(ArticleSlug, ArticleSlug.article_id == Article.id).where(ArticleSlug.slug == slug)
    found = _readings(db.session.scalars(query), language)
    return found[0] if found else None


def newest(
    language: str, at: datetime, most: int, *, campaign_id: int | None = None, topic_id: int | None = None,
    updates: bool | None = None, before_id: int | None = None,
) -> list[Reading]:  # fmt: skip
    """The newest public articles; of a campaign or topic if one is named, only updates or none of them if that is
    said; only those before a public one if it is named, and none where it does not exist."""
    query = _public(at)
    wanted = ((Article.campaign_id, campaign_id), (Article.topic_id, topic_id), (Article.is_update, updates))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    if before_id is not None:
        before = db.session.scalar(_public(at).where(Article.id == before_id))
        if before is None:
            return []
        place = tuple_(literal(before.published_at, db.Moment()), literal(before.id))
        query = query.where(tuple_(Article.published_at, Article.id) < place)
    return _readings(db.session.scalars(_newest_first(query).limit(most)), language)


def of_topics(topic_ids: Iterable[int | None], language: str, at: datetime, most: int) -> list[Reading]:
    """The newest of each topic (None: of those without one), `most` of each, without updates."""
    each = [
        _newest_first(
            _public(at).where(
                Article.topic_id.is_(None) if key is None else Article.topic_id == key, Article.is_update.is_(False)
            )
        )
        .limit(most)
        .with_only_columns(Article.id)
        .subquery()
        for key in topic_ids
    ]
    if not each:
        return []
    ids = union_all(*(select(one.c.id) for one in each))
    return _readings(db.session.scalars(_newest_first(select(Article).where(Article.id.in_(ids)))), language)


def campaign_ids(topic_id: int, at: datetime) -> set[int]:
    """The campaigns of a topic's public articles."""
    query = _public(at).where(Article.topic_id == topic_id).with_only_columns(Article.campaign_id).distinct()
    return {key for key in db.session.scalars(query) if key is not None}


def related(found: Reading, language: str, at: datetime, most: int) -> list[Reading]:
    """What to read after an article, never itself: of its campaign first, then of its topic, then the newest.

    Updates only where they are of its own campaign.
    """
    news = _public(at).where(Article.is_update.is_(False))
    nearest = []
    if found.campaign_id is not None:
        nearest.append(_public(at).where(Article.campaign_id == found.campaign_id))
    if found.topic_id is not None:
        nearest.append(news.where(Article.topic_id == found.topic_id))
    picked: dict[int, Article] = {}
    for query in (*nearest, news):
        if len(picked) < most:
            query = _newest_first(query.where(Article.id.not_in((found.id, *picked))))
            picked |= {one.id: one for one in db.session.scalars(query.limit(most - len(picked)))}
    return _readings(picked.values(), language)


def _public(at: datetime) -> Select[Article]:
    return select(Article).where(Article.published_at <= at, Article.trashed_at.is_(None))


def _newest_first(query: Select[Article]) -> Select[Article]:
    return query.order_by(Article.published_at.desc(), Article.id.desc())


def _readings(articles: Iterable[Article], language: str) -> list[Reading]:
    found = list(articles)
    texts = pieces.texts_of(ArticleText.article_id, [article.id for article in found])
    return [_reading(article, texts[article.id], language) for article in found]


def _reading(article: Article, texts: dict[str, ArticleText], language: str) -> Reading:
    assert article.published_at is not None
    return Reading(
        article.id, article.slug, article.first_language, pieces.in_order(texts, article.first_language),
        texts.get(language) or texts[article.first_language], texts, article.authors, article.topic_id,
        article.campaign_id, article.is_update, article.published_at, article.changed_at, article.created_at,
    )  # fmt: skip


def listed(sought: Sought, language: str, at: datetime, most: int) -> list[pieces.Row]:
    """For editors: drafts and scheduled ones among the others, the last one changed first. States: "draft",
    "scheduled", "public"."""
    states = {
        "draft": Article.published_at.is_(None), "scheduled": Article.published_at > at,
        "public": Article.published_at <= at,
    }  # fmt: skip
    query = select(Article).where(*pieces.sought(ArticleText.article_id, Article, sought, Article.changed_at))
    if sought.state in states:
        query = query.where(states[sought.state])
    query = query.order_by(Article.changed_at.desc(), Article.id.desc()).limit(most)
    return pieces.rows(ArticleText.article_id, db.session.scalars(query).all(), language)


def texts(article_id: int) -> dict[str, ArticleText]:
    """An article's texts by language."""
    return pieces.texts_of(ArticleText.article_id, [article_id])[article_id]


def seen(draft: Draft, language: str, at: datetime, article_id: int = 0) -> Reading:
    """What a draft would be, read in a language at a moment; nothing is stored. Raises TextRefused."""
    said = {code: ArticleText(language=code, **_values(code, one)) for code, one in draft.texts.items()}
    public = Article(
        id=article_id, slug=draft.slug, changed_at=at, created_at=at, **(_facts(draft) | {"published_at": at})
    )
    return _reading(public, said, language)


def by_slug(slug: str) -> Article | None:
    """The article that has, or ever had, a slug, public or not, for verbs."""
    return pieces.by_slug(Article, ArticleSlug.article_id, slug)


def save(draft: Draft, actor: str) -> bool:
    """Make the article or bring it up to the draft; whether anything changed. What is as it was leaves no trace.

    Raises SlugRefused where the slug is reserved, was an article's earlier one or is one's in the trash, TextRefused
    where the Markdown is too long.
    """
    article, at = by_slug(draft.slug), db.now()
    if article is not None and draft.is_new:
        raise SlugRefused(f"“{draft.slug}” is an address already, or was")
    if article is not None and article.trashed_at is not None:
        raise SlugRefused(f"The article “{draft.slug}” is in the trash, or was deleted")
    if article is not None and article.slug != draft.slug:
        raise SlugRefused(f"The article “{draft.slug}” is called “{article.slug}” now")
    deed = "article edited" if article else "article made"
    if article is None:
        article = Article(slug=draft.slug, created_at=at, changed_at=at, **_facts(draft))
        pieces.enter(article, ArticleSlug.article_id, draft.slug, RESERVED)
    for picture in draft.pictures:
        pictures.add(picture, actor)
    texts = {language: _values(language, said) for language, said in draft.texts.items()}
    changed = article.change(_facts(draft))
    if not pieces.write(ArticleText.article_id, article.id, texts, draft.looked_at) and not changed:
        return False
    _note(article, actor, deed, at)
    return True


def _facts(draft: Draft) -> dict[str, Any]:
    names = ("first_language", "authors", "topic_id", "campaign_id", "is_update", "published_at", "time_zone")
    return {name: getattr(draft, name) for name in names}


def _values(language: str, said: Text) -> dict[str, Any]:
    # The HTML is made anew each time, for the rules of what may stand in it may have changed.
    return {
        "title": said.title, "standfirst": said.standfirst, "text_language": said.text_language or language,
        "source": said.source, "html": markdown.to_html(said.source, has_form=True),
    }  # fmt: skip


def has_form(source: str) -> bool:
    """Whether a text in Markdown has a place for its campaign's form. Raises TextRefused."""
    return markdown.FORM_PLACE in markdown.to_html(source, has_form=True)


def _note(article: Article, actor: str, deed: str, at: datetime, reason: str = "") -> None:
    article.changed_at = at
    db.session.flush()
    journal.write(actor, deed, campaign_id=article.campaign_id, about=article.id, reason=reason)


def rename(article: Article, slug: str, actor: str) -> None:
    """Give it another slug; the old ones lead to it, and the new one may be an old one of its own.

    Raises SlugRefused.
    """
    reason = pieces.rename(article, ArticleSlug.article_id, slug, RESERVED)
    _note(article, actor, "article renamed", db.now(), reason)
