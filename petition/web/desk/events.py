"""Events at the desk: all of them, writing one, cancelling it, and the trash for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, redirect, render_template, url_for

from petition import events
from petition.base import db, i18n
from petition.events import Event
from petition.web import meetings
from petition.web.desk import dates, news_forms, wall, writing
from petition.web.desk.forms import ReasonForm
from petition.web.desk.news_forms import EventForm
from petition.web.desk.wall import desk
from petition.web.desk.writing import Answer, Writing
from petition.web.public import events as public

_OWN = ("title", "standfirst", "place", "source")


class Events(Writing):
    """How events are written."""

    kind, piece = "event", Event

    def form(self, languages: list[str], **more: Any) -> EventForm:
        """The form with fields for these languages."""
        made = news_forms.with_languages(EventForm, languages)(**more)
        made.state.data = made.state.data or news_forms.DRAFT
        return made

    def texts(self, piece_id: int) -> dict[str, Any]:
        """The texts by language."""
        return dict(events.texts(piece_id))

    def values(self, row: Any, texts: Mapping[str, Any]) -> dict[str, str]:
        """What is stored, as the form shows it."""
        facts = {
            "starts": dates.typed(row.starts_at, row.time_zone), "ends": dates.typed(row.ends_at, row.time_zone),
            "online": row.online,
        }  # fmt: skip
        return news_forms.dated_values(row) | facts | news_forms.text_values(texts, _OWN)

    def store(self, form: Any, slug: str, actor: str) -> bool:
        """Store what was typed under a slug; whether anything changed."""
        return events.save(form.draft(slug), actor)

    def by_slug(self, slug: str) -> Any:
        """The piece that has, or had, a slug."""
        return events.by_slug(slug)

    def rename(self, row: Any, slug: str, actor: str) -> None:
        """Give a piece another slug."""
        events.rename(row, slug, actor)

    def page(self, row: Any, form: Any, **shown: Any) -> str:
        """The page with the form; what the times mean is said in words."""
        texts = self.texts(row.id) if row is not None else {}
        outs = {"out": ReasonForm(formdata=None), "cancelling": ReasonForm(formdata=None)}
        times = {"starts_said": "", "ends_said": "", "when": ""} if row is None else _said(row)
        return render_template(
            "desk/event.html", **writing.around(row, form, texts), **news_forms.choices(form),
            state=state(row, db.now()) if row is not None else "", **times, **(outs | shown),
        )  # fmt: skip

    def seen(self, row: Any, form: Any, language: str) -> str:
        """The public page of what was typed."""
        at = db.now()
        draft = form.draft(form.slug.data or (row.slug if row is not None else "new"))
        reading = events.seen(draft, language, at, cancelled_at=row.cancelled_at if row is not None else None)
        g.page_language = language
        return render_template("public/event.html", **public.shown(reading, language, at))


KIND = Events()


def _said(row: Any) -> dict[str, str]:
    moments = {"starts_said": row.starts_at, "ends_said": row.ends_at, "when": row.published_at}
    return {name: dates.in_words(at, row.time_zone) if at else "" for name, at in moments.items()}


def state(row: Any, at: datetime) -> str:
    """Whether readers see an event, and what it is then: "draft", "scheduled", "cancelled", "past", "ahead"."""
    if row.published_at is None or row.published_at > at:
        return "scheduled" if row.published_at else "draft"
    if row.cancelled_at is not None:
        return "cancelled"
    return "past" if (row.ends_at or row.starts_at + events.USUAL) <= at else "ahead"


@desk.get("/events", needs="edit site")
def all_events() -> str:
    """Every event, the latest first; the address holds the filter."""
    sought, at = writing.sought(), db.now()
    found = events.listed(sought, i18n.spoken(), at, writing.PAGE + 1)
    rows = [(row, state(row.piece, at), meetings.when(row.piece)) for row in found[: writing.PAGE]]
    return render_template(
        "desk/events.html", sought=sought, rows=rows,
        older=found[writing.PAGE - 1].piece.id if len(found) > writing.PAGE else None, **writing.filters("events"),
    )  # fmt: skip


@desk.get("/events/new", needs="edit site")
def new_event() -> str:
    """A new event."""
    return writing.begun(KIND)


@desk.post("/events/new", needs="edit site", files=True)
def make_event() -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, None)


@desk.get("/events/<int:event>", needs="edit site")
def event(event: int) -> str:
    """One event, to be written on."""
    return writing.opened(KIND, writing.found(KIND, event))


@desk.post("/events/<int:event>", needs="edit site", files=True)
def write_event(event: int) -> Answer:
    """Store it, or what the form's button asks for."""
    return writing.written(KIND, writing.found(KIND, event))


@desk.post("/events/<int:event>/cancel", needs="edit site")
def cancel_event(event: int) -> Answer:
    """Say that it does not take place; its page stays and says so."""
    row, cancelling = writing.found(KIND, event, locked=True), ReasonForm()
    if not cancelling.validate():
        return writing.opened(KIND, row, cancelling=cancelling), 422
    events.cancel(row, wall.me().called(), cancelling.reason.data)
    db.session.commit()
    return redirect(url_for("desk.event", event=event, done="cancelled"), 303)


@desk.post("/events/<int:event>/trash", needs="edit site")
def trash_event(event: int) -> Answer:
    """Into the trash: public no more, for thirty days with a way back."""
    return writing.thrown(KIND, writing.found(KIND, event, locked=True))
