"""The texts of a campaign: every language beside the first one, what is out of date, and what a change means (S42)."""

from dataclasses import replace

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import drafts, register
from petition.base import db, i18n, urls
from petition.base.i18n import gettext as _
from petition.campaigns import Reading, Wording
from petition.drafts import NotReady
from petition.phrases import PhraseRefused
from petition.web.desk import editing, preview, wall
from petition.web.desk.appeal_forms import LanguageForm, TextForm, text_values
from petition.web.desk.editing import Crossing
from petition.web.desk.wall import desk


@desk.get("/campaigns/<slug:slug>/texts", needs="edit campaign")
def campaign_texts(campaign: Reading) -> str:
    """Every language of the text."""
    return _list(campaign, LanguageForm(formdata=None))


def _list(campaign: Reading, form: LanguageForm) -> str:
    old = drafts.stale(campaign)
    rows = [
        {"code": code, "own": i18n.own_name(code), "title": one.title, "version": one.version, "at": one.created_at,
         "stale": code in old, "first": code == campaign.first_language}
        for code, one in sorted(campaign.wordings.items(), key=lambda item: (item[0] != campaign.first_language, item))
    ]  # fmt: skip
    others = [(code, name) for code, name in i18n.known() if code not in campaign.wordings]
    return render_template(
        "desk/texts.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, rows=rows, form=form,
        others=others, done=request.args.get("done", ""),
        versions_href=urls.wordings(i18n.spoken(), campaign.slug) if campaign.published_at else "",
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/texts", needs="edit campaign")
def add_language(campaign: Reading) -> Response | tuple[str, int]:
    """On to the empty form of another language."""
    form = LanguageForm()
    if not form.validate():
        return _list(campaign, form), 422
    return redirect(url_for("desk.campaign_text", slug=campaign.slug, language=form.language.data), 303)


@desk.get("/campaigns/<slug:slug>/texts/<lang:language>", needs="edit campaign")
def campaign_text(campaign: Reading, language: str) -> str:
    """The text in a language, with the first one beside it."""
    _known(language)
    form = TextForm(formdata=None)
    form.begin(text_values(campaign.wordings.get(language)))
    return _form(campaign, language, form)


def _known(language: str) -> None:
    if language not in dict(i18n.known()):
        abort(404)


def _form(campaign: Reading, language: str, form: TextForm, crossed: Crossing | None = None, problem: str = "") -> str:
    first = campaign.wordings.get(campaign.first_language)
    this = campaign.wordings.get(language)
    return render_template(
        "desk/text.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, code=language, form=form,
        own_name=i18n.own_name(language), this=this, crossed=crossed, problem=problem,
        beside=first if language != campaign.first_language else None, stale=language in drafts.stale(campaign),
        signed=_signed(campaign, language) if this else 0, done=request.args.get("done", ""),
        change_href=urls.wording(i18n.spoken(), campaign.slug, language, this.version)
        if this and this.version > 1 and campaign.published_at else "",
    )  # fmt: skip


def _signed(campaign: Reading, language: str) -> int:
    """How many have signed in languages in which they are shown this text."""
    by_language = register.breakdown(campaign.id, "language")
    return sum(n for code, n in by_language.items() if campaign.wording(code).language == language)


@desk.post("/campaigns/<slug:slug>/texts/<lang:language>", needs="edit campaign")
def write_text(campaign: Reading, language: str) -> Response | str | tuple[str, int]:
    """Save the text, or show how it would look."""
    _known(language)
    form = TextForm()
    if editing.wants("edit"):
        return _form(campaign, language, form)
    if not form.validate():
        return _form(campaign, language, form), 422
    if editing.wants("preview"):
        new = drafts.worded(campaign.id, language, 1, form.text())
        return preview.shown(replace(campaign, wordings={**campaign.wordings, language: new}), language, keeps=True)
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, text_values(now.wordings.get(language)), campaign.id)
    if crossed:
        return _form(now, language, form, crossed), 409
    try:
        drafts.refuse_forgotten(row)
        made = drafts.word(row, language, form.text(), wall.me().called())
        checked = bool(form.checked.data) and drafts.still_right(now, language, wall.me().called())
    except NotReady:
        return _form(now, language, form, problem=editing.forgotten()), 422
    except PhraseRefused:
        db.session.rollback()
        return _form(now, language, form, problem=_telling()), 422
    db.session.commit()
    return redirect(
        url_for("desk.campaign_text", slug=campaign.slug, language=language, done=_done(made, checked)), 303
    )


def _telling() -> str:
    return str(
        _("In this language the campaign has words of its own, and the subject of a letter among them holds a word of"
          " this title: whoever looks over a shoulder would read it. Change the words first.")
    )  # fmt: skip


def _done(made: Wording | None, checked: bool) -> str:
    if made is None:
        return "checked" if checked else "same"
    return "version" if made.version > 1 else "saved"
