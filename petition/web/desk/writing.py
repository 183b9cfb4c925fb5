"""What writing articles, events and topics has in common: the way of a form from what was typed to what is stored.

Texts stand side by side, a set of fields for each language ("es-title"), in one form. One of its buttons stores it;
the others hand it back: with another language, with a picture, or as readers would see it. Nothing typed is lost.
"""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import abort, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug import Response

from petition import pictures, topics, trash
from petition.base import db, i18n, images, markdown, text, urls
from petition.base.i18n import gettext as _
from petition.base.images import ImageRefused
from petition.base.text import TextRefused
from petition.folders.files import is_language
from petition.journal import Entry
from petition.pieces import SlugRefused, Sought
from petition.web import guards
from petition.web.desk import door, editing, news_forms, wall
from petition.web.desk.appeal_forms import suggested_slug
from petition.web.desk.editing import Crossing
from petition.web.desk.forms import ReasonForm
from petition.web.desk.look import picture_refused
from petition.web.desk.news_forms import PieceForm
from petition.web.desk.wall import SIGNED_IN, desk

MOST_LANGUAGES = 12
#: So many rows stand on a page of a list, and so many pictures beside a form.
PAGE, RECENT = 50, 8
Answer = Response | str | tuple[str, int]


class Writing:
    """One kind of piece at the desk; `kind` is its name in addresses, endpoints and the journal."""

    kind: ClassVar[str]
    piece: ClassVar[type[Any]]

    def form(self, languages: list[str], **more: Any) -> PieceForm:
        """The form with fields for these languages."""
        raise NotImplementedError

    def texts(self, piece_id: int) -> dict[str, Any]:
        """The texts by language."""
        raise NotImplementedError

    def values(self, row: Any, texts: Mapping[str, Any]) -> dict[str, str]:
        """What is stored, as the form shows it."""
        raise NotImplementedError

    def store(self, form: Any, slug: str, actor: str) -> bool:
        """Store what was typed under a slug; whether anything changed."""
        raise NotImplementedError

    def by_slug(self, slug: str) -> Any:
        """The piece that has, or had, a slug."""
        raise NotImplementedError

    def rename(self, row: Any, slug: str, actor: str) -> None:
        """Give a piece another slug."""
        raise NotImplementedError

    def page(self, row: Any, form: Any, **shown: Any) -> str:
        """The page with the form; `row` is None for a new piece."""
        raise NotImplementedError

    def seen(self, row: Any, form: Any, language: str) -> str:
        """The public page of what was typed."""
        raise NotImplementedError


def found(kind: Writing, piece_id: int, *, locked: bool = False) -> Any:
    """A piece that is not in the trash, or 404; a form for one that is there by now is handed back. For who saves its
    row is locked, so that two take turns."""
    query = select(kind.piece).where(kind.piece.id == piece_id).execution_options(populate_existing=locked)
    row = db.session.scalar(query.with_for_update() if locked else query)
    if row is not None and row.trashed_at is not None and request.method == "POST":
        # What somebody has typed meanwhile must not be lost.
        abort(make_response(wall.again("trashed", 409)))
    return row if row is not None and row.trashed_at is None else abort(404)


def opened(kind: Writing, row: Any, **shown: Any) -> str:
    """The page of what is stored."""
    texts = kind.texts(row.id)
    codes = _in_order(texts, row.first_language)
    form = kind.form(codes, formdata=None)
    form.begin(kind.values(row, texts))
    return kind.page(row, form, **shown)


def thrown(kind: Writing, row: Any) -> Answer:
    """Into the trash, if it is said why."""
    out = ReasonForm()
    if not out.validate():
        return opened(kind, row, out=out), 422
    trash.throw(row, wall.me().called(), out.reason.data)
    db.session.commit()
    return redirect(url_for("desk.in_trash", done="thrown"), 303)


def begun(kind: Writing) -> str:
    """The page of a new piece, in the language of the desk."""
    form = kind.form([i18n.spoken()], formdata=None)
    form.seen.data = ""
    return kind.page(None, form)


def _in_order(codes: Any, first: str) -> list[str]:
    return [first, *sorted(code for code in codes if code != first)]


def _languages(stored: list[str]) -> list[str]:
    """Those of the form's texts and of what is stored, the first one first; 400 for what no form of ours says."""
    said = request.form.get("languages", "").split() or [i18n.spoken()]
    wanted = list(dict.fromkeys([*said, *stored, *([request.form.get("add", "")] if editing.wants("add") else [])]))
    if len(wanted) > MOST_LANGUAGES or not all(is_language(code) for code in wanted):
        abort(400)
    return wanted


def written(kind: Writing, row: Any) -> Answer:
    """What the form's button asks for. `row` is None for a new piece."""
    texts = kind.texts(row.id) if row is not None else {}
    form = kind.form(_languages(_in_order(texts, row.first_language) if texts else []))
    form.kept = kind.values(row, texts) if row is not None else {}
    form.kept_at = getattr(row, "published_at", None)
    then = request.form.get("then", "")
    if then in ("add", "edit"):
        return kind.page(row, form)
    if then == "picture":
        return _pictured(kind, row, form)
    if not form.validate():
        return kind.page(row, form), 422
    if then.startswith("preview-"):
        return _preview(kind, row, form, then.removeprefix("preview-"))
    return _save(kind, row, form)


def _save(kind: Writing, row: Any, form: Any) -> Answer:
    if row is not None:
        row = found(kind, row.id, locked=True)
        crossed = crossing(kind, row, form)
        if crossed:
            return kind.page(row, form, crossed=crossed), 409
    actor = wall.me().called()
    try:
        slug = _slug(kind, row, form)
        if row is not None and slug != row.slug:
            kind.rename(row, slug, actor)
        changed = kind.store(form, slug, actor)
        db.session.commit()
    except (SlugRefused, IntegrityError):
        db.session.rollback()
        editing.complain(form, "slug", str(_("This address is taken, or was once. Choose another one.")))
        return kind.page(row, form), 422
    made = kind.by_slug(slug)
    done = "saved" if changed else "same"
    return redirect(url_for(f"desk.{kind.kind}", **{kind.kind: made.id}, done=done), 303)


def _slug(kind: Writing, row: Any, form: Any) -> str:
    """The one typed, or one made of the title that is free."""
    typed: str = form.slug.data
    if typed:
        return typed
    if row is not None:
        return str(row.slug)
    wanted = suggested_slug(form.first_title())
    wanted = kind.kind if wanted == "campaign" else wanted
    free, number = wanted, 2
    while kind.by_slug(free) is not None:
        free, number = f"{wanted}-{number}", number + 1
    return free


def crossing(kind: Writing, row: Any, form: Any) -> Crossing | None:
    """What somebody else stored since the form was shown (see `editing`)."""
    crossed = editing.crossing(form, kind.values(row, kind.texts(row.id)), 0)
    if crossed is not None:
        last = select(Entry).where(Entry.about == row.id, Entry.deed.startswith(kind.kind + " "))
        entry = db.session.scalar(last.order_by(Entry.id.desc()).limit(1))
        crossed.by, crossed.at = (entry.actor, entry.at) if entry else ("", None)
    return crossed


def _preview(kind: Writing, row: Any, form: Any, language: str) -> str:
    if language not in form.written():
        abort(400)
    with i18n.speaking(language):
        page = kind.seen(row, form, language)
    for name in ("colour", "page_language", "exists_in", "language"):
        g.pop(name, None)
    typed = [(name, value) for name, value in request.form.items() if name not in ("csrf_token", "then", "add", "alt")]
    return render_template(
        "desk/preview.html", page=page.replace("<head>", '<head><base target="_blank">', 1), in_language=language,
        own_name=i18n.own_name(language), typed=typed, action=request.path, languages=(), back="", is_draft=False,
    )  # fmt: skip


def _pictured(kind: Writing, row: Any, form: Any) -> Answer:
    """Take a picture, and put it at the end of a text."""
    alt, into = request.form.get("alt", ""), request.form.get("into", "")
    sent = door.file_sent("picture")
    problem = "" if sent else str(_("Choose a picture."))
    try:
        alt = text.line(alt, most=pictures.LONGEST_ALT)
    except TextRefused:
        alt = ""
    problem = problem or ("" if alt else str(_("Say what the picture shows, for those who cannot see it.")))
    if problem or into not in form.languages:
        return kind.page(row, form, wrong_picture=problem, alt=alt), 422
    # Decoding takes a while: nobody else must wait for it.
    db.session.rollback()
    try:
        scaled = images.scaled(sent)
    except ImageRefused as refused:
        return kind.page(row, form, wrong_picture=picture_refused(refused.why), alt=alt), 422
    added = pictures.add(scaled, wall.me().called())
    db.session.commit()
    source = form[f"{into}-source"]
    source.data = (source.data or "").rstrip() + f"\n\n{pictures.markdown(added.path, alt)}\n"
    return kind.page(row, form, added=i18n.name(into))


def around(row: Any, form: Any, texts: Mapping[str, Any]) -> dict[str, Any]:
    """What every form of texts side by side needs of its page."""
    there = form.languages
    return {
        "piece": row, "form": form, "codes": there, "names": {code: i18n.name(code) for code in there},
        "more": [one for one in i18n.known() if one[0] not in there], "done": request.args.get("done", ""),
        "stale": form.stale(row, texts) if row is not None else (), "recent": _recent(),
    }  # fmt: skip


def _recent() -> list[dict[str, Any]]:
    return [
        {"markdown": pictures.markdown(one.path, ""), "width": one.width, "height": one.height,
         "src": urls.picture(one.name, *urls.picture_sizes(one.width, one.height)[-1])}
        for one in pictures.newest(RECENT)
    ]  # fmt: skip


def sought() -> Sought:
    """What a list's address asks for."""
    asked = request.args
    slug = asked.get("topic", "")
    topic = topics.by_slug(slug) if guards.is_slug(slug) else None
    language = asked.get("language", "")
    return Sought(
        asked.get("state", "")[:20], topic.id if topic else None, language if is_language(language) else "",
        asked.get("title", "").replace("\0", "")[:100].strip(), guards.number(asked.get("before", "")) or None,
    )  # fmt: skip


def filters(where: str) -> dict[str, Any]:
    """What a list's filter offers, and what it is set to. `where`: the list's last word in its address."""
    asked = {name: request.args.get(name, "") for name in ("state", "topic", "language", "title")}
    return {
        "asked": asked, "is_filtered": any(asked.values()) or "before" in request.args,
        "topics": news_forms.topic_choices()[1:],
        "languages": [(code, i18n.name(code)) for code in i18n.languages()], "path": f"/desk/{where}",
        "rest": urlencode({name: value for name, value in asked.items() if value}),
    }  # fmt: skip


@desk.post("/as-read", needs=SIGNED_IN)
def as_read() -> tuple[str, int]:
    """The HTML of a text as its page would show it, for the pane beside it. Stores nothing."""
    try:
        return markdown.to_html(request.form.get("source", ""), has_form=request.form.get("form") == "y"), 200
    except TextRefused:
        return "", 422
