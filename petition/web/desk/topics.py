"""Topics at the desk: their order, writing one, and the trash for it."""

from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import topics, trash
from petition.base import db, i18n
from petition.topics import Topic
from petition.web.desk import news_forms, wall, writing
from petition.web.desk.forms import ReasonForm
from petition.web.desk.news_forms import TopicForm
from petition.web.desk.wall import desk
from petition.web.desk.writing import Answer, Writing

_STEPS = {"up": -1, "down": 1}


class Topics(Writing):
    """How topics are written."""

    kind, piece = "topic", Topic

    def form(self, languages: list[str], **more: Any) -> TopicForm:
        """The form with fields for these languages."""
        return news_forms.with_languages(TopicForm, languages)(**more)

    def texts(self, piece_id: int) -> dict[str, Any]:
        """The texts by language."""
        return dict(topics.texts(piece_id))

    def values(self, row: Any, texts: Mapping[str, Any]) -> dict[str, str]:
        """What is stored, as the form shows it."""
        return {"slug": row.slug} | news_forms.text_values(texts, ("title", "standfirst"))

    def store(self, form: Any, slug: str, actor: str) -> bool:
        """Store what was typed under a slug, a new one behind all others; whether anything changed."""
        known = topics.by_slug(slug)
        return topics.save(form.draft(slug, known.position if known else topics.last_position()), actor)

    def by_slug(self, slug: str) -> Any:
        """The piece that has, or had, a slug."""
        return topics.by_slug(slug)

    def rename(self, row: Any, slug: str, actor: str) -> None:
        """Give a piece another slug."""
        topics.rename(row, slug, actor)

    def page(self, row: Any, form: Any, **shown: Any) -> str:
        """The page with the form; in numbers what the trash would unfile."""
        texts = self.texts(row.id) if row is not None else {}
        return render_template(
            "desk/topic.html", **writing.around(row, form, texts),
            filed=trash.filed_under(row.id) if row is not None else (0, 0),
            **({"out": ReasonForm(formdata=None)} | shown),
        )  # fmt: skip


KIND = Topics()


@desk.get("/topics", needs="edit site")
def all_topics() -> str:
    """Every topic, in the order in which readers see them."""
    rows = topics.listed(i18n.spoken())
    return render_template("desk/topics.html", rows=rows, done=request.args.get("done", ""))


@desk.get("/topics/new", needs="edit site")
def new_topic() -> str:
    """A new topic."""
    return writing.begun(KIND)


@desk.post("/topics/new", needs="edit site")
def make_topic() -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, None)


@desk.get("/topics/<int:topic>", needs="edit site")
def topic(topic: int) -> str:
    """One topic, to be written on."""
    return writing.opened(KIND, writing.found(KIND, topic))


@desk.post("/topics/<int:topic>", needs="edit site")
def write_topic(topic: int) -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, writing.found(KIND, topic))


@desk.post("/topics/<int:topic>/move", needs="edit site")
def move_topic(topic: int) -> Response:
    """One place up or down."""
    steps = _STEPS.get(request.form.get("way", "")) or abort(400)
    if topics.move(writing.found(KIND, topic), steps, wall.me().called()):
        db.session.commit()
    return redirect(url_for("desk.all_topics", done="moved") + f"#topic-{topic}", 303)


@desk.post("/topics/<int:topic>/trash", needs="edit site")
def trash_topic(topic: int) -> Answer:
    """Into the trash; what is filed under it is filed under nothing."""
    return writing.thrown(KIND, writing.found(KIND, topic, locked=True))
