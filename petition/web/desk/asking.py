"""What a campaign's form asks: the built-in details, and up to eight questions of its own."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import drafts, fields
from petition.base import db, i18n, text
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import ASKABLE, Reading
from petition.drafts import NotAsked, NotReady
from petition.fields import (
    CHOICE,
    FEWEST_OPTIONS,
    KINDS,
    LONGEST_LABEL,
    MOST_FIELDS,
    MOST_OPTIONS,
    Field,
    FieldsRefused,
)
from petition.web.desk import editing, preview, wall, words
from petition.web.desk.appeal_forms import line
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.wall import desk
from petition.web.forms import Cleaned

NEEDS = ("", "optional", "required")
#: The place of a new question in the names of fields; keys begin with a letter.
NEW = "0"
_OWN = re.compile(r"own-([a-z][a-z0-9_]{0,29})-need")
_LONGEST_OPTIONS = MOST_OPTIONS * (LONGEST_LABEL + 1)


def _need(_form: Any, field: Any) -> None:
    field.data = field.data or ""
    if field.data not in NEEDS:
        raise StopValidation(_("Choose one from the list."))


def _kind(_form: Any, field: Any) -> None:
    field.data = field.data or fields.TEXT
    if field.data not in KINDS:
        raise StopValidation(_("Choose one from the list."))


class AskForm(EditForm):
    """What is asked. Made by `_form` with the fields of each question: own-KEY-need, -kind, -place, -label-LANGUAGE,
    -options-LANGUAGE; KEY is "0" for a new one."""

    keys: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    before: Reading

    def asks(self) -> dict[str, str]:
        """Of each built-in detail that is asked, whether it must be given."""
        return {name: self[f"ask-{name}"].data for name in ASKABLE if self[f"ask-{name}"].data}

    def is_asked(self, key: str) -> bool:
        """Whether a question is asked; a new one is as soon as something is written into it."""
        if key == NEW and not any(self[f"own-{key}-label-{code}"].data for code in self.languages):
            return False
        return bool(self[f"own-{key}-need"].data)

    def own(self) -> tuple[Field, ...]:
        """The questions, in their order."""
        asked = sorted((key for key in self.keys if self.is_asked(key)), key=self._place)
        return tuple(self._field(key) for key in asked)

    def _place(self, key: str) -> tuple[int, int]:
        said = self[f"own-{key}-place"].data or ""
        return int(said) if re.fullmatch("[0-9]{1,2}", said) else 99, self.keys.index(key)

    def _said(self, key: str, what: str) -> dict[str, str]:
        said = {code: self[f"own-{key}-{what}-{code}"].data or "" for code in self.languages}
        return {code: words for code, words in said.items() if words}

    def _field(self, key: str) -> Field:
        labels, kind = self._said(key, "label"), self[f"own-{key}-kind"].data
        known = {one.key: one for one in fields.ever_asked_by(self.before.id)}
        options = self._options(key, known.get(key)) if kind == CHOICE else ()
        first = labels.get(self.languages[0], "")
        name = key if key != NEW else _key_of(first, {*known, *self.keys})
        return Field(name, kind, self[f"own-{key}-need"].data == "required", labels, options)

    def _options(self, key: str, known: Field | None) -> tuple[tuple[str, dict[str, str]], ...]:
        """An option keeps its key as long as it says the same in the first language."""
        lines = {code: said.split("\n") for code, said in self._said(key, "options").items()}
        first = self.languages[0]
        keys = {said.get(first, ""): one for one, said in known.options} if known else {}
        found: list[tuple[str, dict[str, str]]] = []
        for place, option in enumerate(lines.get(first, [])):
            taken = {*keys.values(), *(one for one, _said in found)}
            said = {code: those[place] for code, those in lines.items() if place < len(those)}
            found.append((keys.get(option) or _key_of(option, taken), said))
        return tuple(found)

    def check(self) -> bool:
        """What can only be said of a whole question. Complains at its fields."""
        asked = [key for key in self.keys if self.is_asked(key)]
        for key in asked:
            self._check(key)
        if len(asked) > MOST_FIELDS:
            editing.complain(self, f"own-{NEW}-label-{self.languages[0]}", str(
                ngettext("At most %(num)s question of its own.", "At most %(num)s questions of its own.", MOST_FIELDS)
            ))  # fmt: skip
        return not self.errors

    def _check(self, key: str) -> None:
        first = self.languages[0]
        if not self[f"own-{key}-label-{first}"].data:
            editing.complain(self, f"own-{key}-label-{first}", str(_("Write the question in the first language.")))
        before = {one.key: one.kind for one in self.before.fields}.get(key)
        kind = self[f"own-{key}-kind"].data
        if self.before.published_at is not None and before and kind != before:
            sentence = _("People were asked this already, so it keeps its kind. Ask a new question instead.")
            editing.complain(self, f"own-{key}-kind", str(sentence))
        if kind == CHOICE:
            self._check_options(key)

    def _check_options(self, key: str) -> None:
        lines = {code: said.split("\n") for code, said in self._said(key, "options").items()}
        name = f"own-{key}-options-{self.languages[0]}"
        wanted = lines.get(self.languages[0], [])
        if not FEWEST_OPTIONS <= len(wanted) <= MOST_OPTIONS or len(set(wanted)) < len(wanted):
            editing.complain(self, name, str(_("Write %(least)s to %(most)s different options, one on each line.",
                                               least=FEWEST_OPTIONS, most=MOST_OPTIONS)))  # fmt: skip
        for code in self.languages[1:]:
            if code in lines and len(lines[code]) != len(wanted):
                sentence = _("Write as many options as in the first language, in the same order.")
                editing.complain(self, f"own-{key}-options-{code}", str(sentence))


def _key_of(words: str, taken: Iterable[str]) -> str:
    """A key made from words, unlike all that are taken."""
    plain = "_".join(re.findall("[a-z0-9]+", text.folded_name(words)))[:24].strip("_")
    plain = plain if re.match("[a-z]", plain) else f"q_{plain}".strip("_")
    others = set(taken)
    return next(key for key in (plain, *(f"{plain}_{n}" for n in range(2, 400))) if key not in others)


def _lines(value: str, *, most: int) -> str:
    """Lines to choose from; empty ones are left out."""
    return "\n".join(one for one in text.paragraphs(value, most=most).split("\n") if one)


def ask_form(reading: Reading, posted: Iterable[str] = (), **more: Any) -> AskForm:
    """The form for what a campaign asks, and for what was posted."""
    known = [one.key for one in reading.fields]
    known += [found[1] for name in posted if (found := _OWN.fullmatch(name))]
    keys = dict.fromkeys(known)
    languages = (reading.first_language, *sorted(reading.wordings.keys() - {reading.first_language}))
    made: dict[str, Any] = {f"ask-{name}": StringField(validators=[_need]) for name in ASKABLE}
    for key in (*keys, NEW):
        made |= {
            f"own-{key}-need": StringField(validators=[_need]), f"own-{key}-kind": StringField(validators=[_kind]),
            f"own-{key}-place": StringField(),
        }  # fmt: skip
        made |= {f"own-{key}-label-{code}": line(most=LONGEST_LABEL) for code in languages}
        made |= {
            f"own-{key}-options-{code}": StringField(validators=[Cleaned(_lines, _LONGEST_OPTIONS, lambda: "")])
            for code in languages
        }
    form: AskForm = type("MadeAskForm", (AskForm,), made)(**more)
    form.keys, form.languages, form.before = (*keys, NEW), languages, reading
    return form


def ask_values(reading: Reading, form: AskForm) -> dict[str, str]:
    """What is stored, as the form shows it; what it has fields for and is not asked is empty."""
    values = {f"ask-{name}": reading.asks.get(name, "") for name in ASKABLE}
    values |= {one.name: "" for one in form if one.name.startswith("own-")}
    for place, one in enumerate(reading.fields, 1):
        root = f"own-{one.key}"
        values |= {f"{root}-need": "required" if one.required else "optional", f"{root}-kind": one.kind}
        values[f"{root}-place"] = str(place)
        for code in form.languages:
            values[f"{root}-label-{code}"] = one.labels.get(code, "")
            values[f"{root}-options-{code}"] = "\n".join(words.get(code, "") for _key, words in one.options).strip()
    values |= {f"own-{NEW}-need": "optional", f"own-{NEW}-kind": fields.TEXT, f"own-{NEW}-place": "8"}
    return values


@desk.get("/campaigns/<slug:slug>/form", needs="run campaign")
def campaign_form(campaign: Reading) -> str:
    """What the form asks."""
    form = ask_form(campaign, formdata=None)
    form.begin(ask_values(campaign, form))
    return _page(campaign, form)


def _page(campaign: Reading, form: AskForm, crossed: Crossing | None = None, problem: str = "") -> str:
    kinds = [(fields.TEXT, _("A line of text")), (fields.CHOICE, _("One of several")), (fields.DATE, _("A date")),
             (fields.POSTCODE, _("A postcode"))]  # fmt: skip
    return render_template(
        "desk/asking.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form, crossed=crossed,
        problem=problem, askable=ASKABLE, kinds=kinds, new=NEW, languages=form.languages,
        own_names={code: i18n.own_name(code) for code in form.languages}, most=MOST_FIELDS, names=_names(form),
        done=request.args.get("done", ""),
    )  # fmt: skip


def _names(form: AskForm) -> dict[str, str]:
    """What each field is called where somebody else has changed it."""
    parts = {"need": _("Answer"), "kind": _("Kind"), "place": _("Place in the form, from 1")}
    for code in form.languages:
        parts |= {f"label-{code}": _("Question: %(language)s", language=i18n.own_name(code)),
                  f"options-{code}": _("Options: %(language)s", language=i18n.own_name(code))}  # fmt: skip
    names = {f"ask-{name}": said for name, said in words.details().items()}
    for key in form.keys:
        question = form[f"own-{key}-label-{form.languages[0]}"].data or key
        names |= {f"own-{key}-{part}": f"{question} – {said}" for part, said in parts.items()}
    return names


@desk.post("/campaigns/<slug:slug>/form", needs="run campaign")
def save_form(campaign: Reading) -> Response | str | tuple[str, int]:
    """Ask this from now on, or show how it would look."""
    form = ask_form(campaign, request.form)
    if editing.wants("edit"):
        return _page(campaign, form)
    valid = form.validate()
    if not form.check() or not valid:
        return _page(campaign, form), 422
    if editing.wants("preview"):
        shown = replace(campaign, asks=form.asks(), fields=form.own())
        return preview.shown(shown, campaign.wording(i18n.spoken()).language, keeps=True)
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, ask_values(now, form), campaign.id)
    if crossed:
        return _page(now, form, crossed), 409
    problem = _save(row, form)
    if problem:
        db.session.rollback()
        return _page(campaign, form, problem=problem), 422
    db.session.commit()
    return redirect(url_for("desk.campaign_form", slug=campaign.slug, done="saved"), 303)


def _save(row: Any, form: AskForm) -> str:
    """What is in the way, "" where it is done."""
    try:
        drafts.refuse_forgotten(row)
        drafts.ask(row, form.asks(), form.own(), wall.me().called())
    except NotReady:
        return editing.forgotten()
    except NotAsked:
        return str(_("The terms hand over what this form no longer asks for. Change the terms first."))
    except FieldsRefused:
        return str(_("These questions cannot be asked like this. Look at their kinds and options."))
    return ""
