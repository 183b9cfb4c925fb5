"""A campaign's own words for its form, consent and letters, in languages that the interface does not speak: typed in
beside the English ones, or brought as a file that translators know."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from petition import drafts, phrases
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.drafts import NotReady
from petition.phrases import PhraseRefused, Said, Sentence
from petition.web.desk import door, editing, wall
from petition.web.desk.appeal_forms import line
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.wall import desk

LARGEST_FILE = 500_000


def foreign(reading: Reading) -> list[str]:
    """The languages of its texts that the interface does not speak."""
    return sorted(reading.wordings.keys() - set(i18n.languages()))


def _names(sentence: Sentence, language: str) -> dict[str, str]:
    """The names of a sentence's fields: one, or one for each plural, by category ("" without)."""
    name = "w-" + hashlib.blake2b(sentence.words.encode(), digest_size=6).hexdigest()
    return {one: f"{name}-{one}" for one in phrases.categories(language)} if sentence.plural else {"": name}


def _form(language: str, **more: Any) -> EditForm:
    made = {
        name: line(most=sentence.most)
        for sentence in phrases.sentences()
        for name in _names(sentence, language).values()
    }
    form: EditForm = type("WordsForm", (EditForm,), made)(**more)
    return form


def _values(language: str, said: Said) -> dict[str, str]:
    """Words as their form shows them."""
    values = {}
    for sentence in phrases.sentences():
        found = said.get(sentence.words, "")
        for category, name in _names(sentence, language).items():
            kept = found if isinstance(found, str) else found.get(category, "")
            values[name] = kept.strip()
    return values


def _said(language: str, form: EditForm) -> dict[str, str | dict[str, str]]:
    """What was typed. Complains at the fields whose words cannot stand for their sentence."""
    said: dict[str, str | dict[str, str]] = {}
    for sentence in phrases.sentences():
        names = _names(sentence, language)
        typed = {category: form[name].data or "" for category, name in names.items()}
        words: str | dict[str, str] = typed if sentence.plural else typed[""]
        try:
            said |= phrases.checked(language, {sentence.words: words})
        except PhraseRefused:
            editing.complain(form, next(iter(names.values())), str(
                _("Keep every placeholder, a % with a name in brackets, and every tag such as <a> as in the sentence;"
                  " add none.")
            ))  # fmt: skip
    return said


@desk.get("/campaigns/<slug:slug>/words", needs="edit campaign")
def campaign_tongues(campaign: Reading) -> str:
    """The languages that need words, and how many are missing."""
    kept = phrases.kept(campaign.id)
    rows = [
        {"code": code, "own": i18n.own_name(code), "missing": len(phrases.missing(code, kept.get(code, {})))}
        for code in foreign(campaign)
    ]
    return render_template(
        "desk/tongues.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, rows=rows,
        all=len(phrases.sentences()),
    )  # fmt: skip


@desk.get("/campaigns/<slug:slug>/words/<lang:language>", needs="edit campaign")
def campaign_words(campaign: Reading, language: str) -> str:
    """Every sentence with its words in a language."""
    _known(campaign, language)
    form = _form(language, formdata=None)
    form.begin(_values(language, phrases.kept(campaign.id).get(language, {})))
    return _page(campaign, language, form)


def _known(campaign: Reading, language: str) -> None:
    if language not in foreign(campaign):
        abort(404)


def _page(campaign: Reading, language: str, form: EditForm, crossed: Crossing | None = None, problem: str = "") -> str:
    rows = [(sentence, _names(sentence, language)) for sentence in phrases.sentences()]
    names = {name: sentence.words for sentence, those in rows for name in those.values()}
    missing = phrases.missing(language, phrases.kept(campaign.id).get(language, {}))
    return render_template(
        "desk/words.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, code=language, form=form,
        own_name=i18n.own_name(language), rows=rows, names=names, crossed=crossed, problem=problem,
        missing=len(missing), done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/words/<lang:language>", needs="edit campaign")
def save_words(campaign: Reading, language: str) -> Response | tuple[str, int]:
    """Keep the words; they are used once none is missing."""
    _known(campaign, language)
    form = _form(language)
    valid = form.validate()
    said = _said(language, form)
    if not valid or form.errors:
        return _page(campaign, language, form), 422
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, _values(language, phrases.kept(campaign.id).get(language, {})), campaign.id)
    if crossed:
        return _page(now, language, form, crossed), 409
    return _store(now, row, language, said) or _done(now, language)


def _done(campaign: Reading, language: str) -> Response:
    return redirect(url_for("desk.campaign_words", slug=campaign.slug, language=language, done="saved"), 303)


def _store(campaign: Reading, row: Any, language: str, said: Mapping[str, Any]) -> tuple[str, int] | None:
    """Keep the words and commit; else the page that says why not."""
    problem = ""
    try:
        drafts.refuse_forgotten(row)
        phrases.save(row, language, said, wall.me().called())
    except NotReady:
        problem = editing.forgotten()
    except PhraseRefused:
        problem = str(_("The subject of a letter must not name the campaign: it is read over shoulders. Choose other"
                        " words for it."))  # fmt: skip
    if not problem:
        db.session.commit()
        return None
    db.session.rollback()
    form = _form(language, formdata=None)
    form.begin(_values(language, said))
    # What it began from is what is stored, not what was typed.
    form.seen.data = editing.fingerprints(_values(language, phrases.kept(campaign.id).get(language, {})))
    return _page(campaign, language, form, problem=problem), 422


@desk.get("/campaigns/<slug:slug>/words/<lang:language>/file", needs="edit campaign")
def words_file(campaign: Reading, language: str) -> Response:
    """The sentences and their words as a gettext file."""
    _known(campaign, language)
    answer = make_response(phrases.as_po(language, phrases.kept(campaign.id).get(language, {})))
    answer.mimetype = "text/x-gettext-translation"
    answer.headers["Content-Disposition"] = f'attachment; filename="{campaign.slug}-{language}.po"'
    return answer


@desk.post("/campaigns/<slug:slug>/words/<lang:language>/file", needs="edit campaign", files=True)
def bring_words(campaign: Reading, language: str) -> Response | tuple[str, int]:
    """Take the words of a gettext file."""
    _known(campaign, language)
    data = door.file_sent("file")
    try:
        if not 0 < len(data) <= LARGEST_FILE:
            raise PhraseRefused("no file, or one that is too large")
        said = phrases.from_po(language, data)
    except PhraseRefused:
        form = _form(language, formdata=None)
        form.begin(_values(language, phrases.kept(campaign.id).get(language, {})))
        problem = str(_("This file cannot be taken: it must be a gettext file (.po) in UTF-8 whose words keep every"
                        " placeholder and every tag. Nothing was changed."))  # fmt: skip
        return _page(campaign, language, form, problem=problem), 422
    row, now = editing.locked(campaign)
    return _store(now, row, language, said) or _done(now, language)
