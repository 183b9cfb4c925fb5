"""Articles at the desk: all of them, writing one, and the trash for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, render_template

from petition import articles
from petition.articles import Article
from petition.base import db, i18n
from petition.web.desk import dates, news_forms, writing
from petition.web.desk.forms import ReasonForm
from petition.web.desk.news_forms import ArticleForm
from petition.web.desk.wall import desk
from petition.web.desk.writing import Answer, Writing
from petition.web.public import articles as public

_OWN = ("title", "standfirst", "source")


class Articles(Writing):
    """How articles are written."""

    kind, piece = "article", Article

    def form(self, languages: list[str], **more: Any) -> ArticleForm:
        """The form with fields for these languages."""
        made = news_forms.with_languages(ArticleForm, languages)(**more)
        made.state.data = made.state.data or news_forms.DRAFT
        made.time_zone.data = made.time_zone.data or "UTC"
        return made

    def texts(self, piece_id: int) -> dict[str, Any]:
        """The texts by language."""
        return dict(articles.texts(piece_id))

    def values(self, row: Any, texts: Mapping[str, Any]) -> dict[str, str]:
        """What is stored, as the form shows it."""
        other = {
            f"{code}-text_language": one.text_language if one.text_language != code else ""
            for code, one in texts.items()
        }
        facts = {"authors": row.authors, "update": "y" if row.is_update else ""}
        return news_forms.dated_values(row) | facts | news_forms.text_values(texts, _OWN) | other

    def store(self, form: Any, slug: str, actor: str) -> bool:
        """Store what was typed under a slug; whether anything changed."""
        return articles.save(form.draft(slug), actor)

    def by_slug(self, slug: str) -> Any:
        """The piece that has, or had, a slug."""
        return articles.by_slug(slug)

    def rename(self, row: Any, slug: str, actor: str) -> None:
        """Give a piece another slug."""
        articles.rename(row, slug, actor)

    def page(self, row: Any, form: Any, **shown: Any) -> str:
        """The page with the form."""
        texts = self.texts(row.id) if row is not None else {}
        return render_template(
            "desk/article.html", **writing.around(row, form, texts), **news_forms.choices(form),
            languages=[("", "–"), *i18n.known()], state=state(row, db.now()) if row is not None else "",
            when=dates.in_words(row.published_at, row.time_zone) if row is not None and row.published_at else "",
            **({"out": ReasonForm(formdata=None)} | shown),
        )  # fmt: skip

    def seen(self, row: Any, form: Any, language: str) -> str:
        """The public page of what was typed."""
        at = db.now()
        draft = form.draft(form.slug.data or (row.slug if row is not None else "new"))
        reading = articles.seen(draft, language, at, row.id if row is not None else 0)
        g.page_language = language
        return render_template("public/article.html", **public.shown(reading, language, at))


KIND = Articles()


def state(row: Any, at: datetime) -> str:
    """Whether readers see an article: "draft", "scheduled", "public"."""
    return "draft" if row.published_at is None else "scheduled" if row.published_at > at else "public"


@desk.get("/articles", needs="edit site")
def all_articles() -> str:
    """Every article, the last one changed first; the address holds the filter."""
    sought, at = writing.sought(), db.now()
    found = articles.listed(sought, i18n.spoken(), at, writing.PAGE + 1)
    return render_template(
        "desk/articles.html", sought=sought, rows=[(row, state(row.piece, at)) for row in found[: writing.PAGE]],
        older=found[writing.PAGE - 1].piece.id if len(found) > writing.PAGE else None,
        **writing.filters("articles"),
    )  # fmt: skip


@desk.get("/articles/new", needs="edit site")
def new_article() -> str:
    """A new article."""
    return writing.begun(KIND)


@desk.post("/articles/new", needs="edit site", files=True)
def make_article() -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, None)


@desk.get("/articles/<int:article>", needs="edit site")
def article(article: int) -> str:
    """One article, to be written on."""
    return writing.opened(KIND, writing.found(KIND, article))


@desk.post("/articles/<int:article>", needs="edit site", files=True)
def write_article(article: int) -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, writing.found(KIND, article))


@desk.post("/articles/<int:article>/trash", needs="edit site")
def trash_article(article: int) -> Answer:
    """Into the trash: public no more, for thirty days with a way back."""
    return writing.thrown(KIND, writing.found(KIND, article, locked=True))
