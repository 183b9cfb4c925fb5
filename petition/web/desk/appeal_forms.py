"""The forms of a campaign's corners. What they refuse is what a campaign's folder refuses: see `drafts`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from wtforms import StringField
from wtforms.validators import StopValidation

from petition.base import i18n, markdown, text
from petition.base.i18n import gettext as _
from petition.base.text import TextRefused
from petition.campaigns import ASKABLE, GROUNDS, HANDABLE, Consent, Wording
from petition.drafts import LONGEST_LINE, LONGEST_STANDFIRST, MOST_MONTHS, Terms, Text
from petition.folders.files import is_language
from petition.web import guards
from petition.web.desk.editing import EditForm
from petition.web.forms import Cleaned


def line(missing: Callable[[], str] = lambda: "", most: int = LONGEST_LINE) -> StringField:
    """One line to type."""
    return StringField(validators=[Cleaned(text.line, most, missing)])


def _markdown(form: Any, field: Any) -> None:
    field.data = (field.data or "").replace("\r\n", "\n").strip()
    try:
        markdown.to_html(field.data)
    except TextRefused as refused:
        if refused.why == "too_long":
            raise StopValidation(
                _("This is too long: at most %(most)s characters, fewer where they have accents.",
                  most=i18n.number(markdown.LONGEST))
            ) from None  # fmt: skip
        raise StopValidation(_("This holds characters that cannot be shown. Please type it again.")) from None
    if not field.data and "source" in form.requires:
        raise StopValidation(_("Write the text of the appeal."))


def _language(_form: Any, field: Any) -> None:
    if not is_language(field.data or ""):
        raise StopValidation(_("Choose a language from the list."))


class TextForm(EditForm):
    """The text in one language."""

    requires = frozenset({"title", "addressee", "standfirst", "source"})
    #: Ticked: it still says what the first language says.
    checked = StringField()
    title = line(lambda: _("Give the appeal a title."))
    addressee = line(lambda: _("Say to whom the appeal goes."))
    standfirst = line(lambda: _("Say in two sentences what it is about."), LONGEST_STANDFIRST)
    source = StringField(validators=[_markdown])

    def text(self) -> Text:
        """What was written, cleaned."""
        return Text(self.title.data, self.addressee.data, self.standfirst.data, self.source.data)


def text_values(wording: Wording | None) -> dict[str, str]:
    """A stored text as its form shows it."""
    return {name: getattr(wording, name, "") for name in Text.__slots__}


class LanguageForm(EditForm):
    """In which further language the text shall be."""

    language = StringField(validators=[_language])


def _months(_form: Any, field: Any) -> None:
    typed = (field.data or "").strip()
    field.data = typed
    if not re.fullmatch("[0-9]{1,3}", typed) or not 1 <= int(typed) <= MOST_MONTHS:
        raise StopValidation(_("Type a number of months from 1 to %(most)s.", most=MOST_MONTHS))


def _ground(_form: Any, field: Any) -> None:
    if field.data not in GROUNDS:
        raise StopValidation(_("Choose a legal ground from the list."))


def hand_field(name: str) -> str:
    """What the tick that hands a detail over is called in forms."""
    return f"hand-{name}"


class ResponsibleForm(EditForm):
    """Who is responsible, for how long, on what ground: the lines of S48 that are the same in all languages."""

    requires = frozenset({"responsible", "responsible_address"})
    responsible = line(lambda: _("Say who is responsible for the list of signatures."))
    responsible_address = line(lambda: _("Say how to write to them: an e-mail or a postal address."))
    months = StringField(validators=[_months])
    ground = StringField(validators=[_ground])

    def ticked(self, names: tuple[str, ...]) -> list[str]:
        """Which details are handed over."""
        return [name for name in names if self[hand_field(name)].data]

    def terms(self, handed_to: Mapping[str, str], names: list[str]) -> Terms:
        """What signers agree to."""
        return Terms(
            self.responsible.data, self.responsible_address.data, {code: one for code, one in handed_to.items() if one},
            names, int(self.months.data), self.ground.data,
        )  # fmt: skip


def terms_values(consent: Consent | None, names: tuple[str, ...], languages: list[str]) -> dict[str, str]:
    """Stored terms as their form shows them."""
    values = {
        "responsible": consent.responsible if consent else "",
        "responsible_address": consent.responsible_address if consent else "",
        "months": str(consent.months or "") if consent else "", "ground": consent.ground if consent else "",
    }  # fmt: skip
    handed = set(consent.fields) if consent else set()
    values |= {hand_field(name): "y" if name in handed else "" for name in names}
    to = consent.handed_to if consent else {}
    return values | {to_field(code): to.get(code, "") for code in languages}


def to_field(language: str) -> str:
    """What the line "to whom" of a language is called in forms."""
    return f"to-{language}"


def terms_form(names: tuple[str, ...], languages: list[str], **more: Any) -> ResponsibleForm:
    """The form of the terms: a tick for each detail, a line for each language, the first one must be filled."""
    fields: dict[str, Any] = {hand_field(name): StringField() for name in names}
    fields |= {to_field(code): line(lambda: _("Say to whom the list is handed.")) for code in languages}
    needed = ResponsibleForm.requires | {to_field(languages[0])}
    made: ResponsibleForm = type("TermsForm", (ResponsibleForm,), fields | {"requires": needed})(**more)
    return made


class _NewForm(TextForm, ResponsibleForm):
    """A new campaign: what must be said; everything else has a default."""

    requires = TextForm.requires | ResponsibleForm.requires
    slug = StringField()
    language = StringField(validators=[_language])
    handed_to = line()

    def validate_slug(self, field: Any) -> None:
        """Free, and an address; where none is typed, one is made from the title."""
        typed = (field.data or "").strip().lower()
        field.data = typed
        if typed and not guards.is_slug(typed):
            raise StopValidation(_("An address takes a-z, 0-9 and “-”, at most 80 characters."))


def new_form(**more: Any) -> Any:
    """The form of a new campaign: its ticks are what the form asks and what is handed over."""
    fields = {hand_field(name): StringField() for name in HANDABLE}
    return type("NewForm", (_NewForm,), fields)(**more)


def asks_for(handed: list[str]) -> dict[str, str]:
    """What a new campaign's form asks, where these are handed over: the country of everybody, the rest if they like."""
    return {name: "required" if name == "country" else "optional" for name in ASKABLE if name in handed}


def suggested_slug(title: str) -> str:
    """An address made from a title: whole words of Latin letters, up to 60 characters; "campaign" without any."""
    words = re.findall("[a-z0-9]+", text.folded_name(title))
    slug = ""
    for word in words:
        if len(slug) + len(word) >= 60:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or "campaign"
