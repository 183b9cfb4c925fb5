"""From a letter's sentences to its text and HTML: both from one source, in the reader's language."""

import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from flask import render_template
from markupsafe import escape

from petition.base import i18n, settings
from petition.base.i18n import gettext as _
from petition.base.outbox import Message
from petition.campaigns import Consent, Reading


@dataclass(frozen=True, slots=True)
class Sentences:
    """What a letter says, in order. `button` is (words, address)."""

    subject: str
    title: str
    paragraphs: list[str]
    button: tuple[str, str] | None = None
    after: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


def message(to: str, language: str, say: Callable[[], Sentences], reading: Reading | None) -> Message:
    """The whole letter to an address. Its subject names no campaign: it may be read over a shoulder."""
    return _message(to, language, say, reading, None)


def about_signing(to: str, language: str, say: Callable[[], Sentences], reading: Reading) -> Message:
    """The same for a letter about signing, whose sentences a campaign may bring in a language of its own."""
    return _message(to, language, say, reading, reading.words.get(language))


def _message(
    to: str, language: str, say: Callable[[], Sentences], reading: Reading | None, words: i18n.Words | None
) -> Message:
    with i18n.speaking(language, words):
        said = say()
        spoken = i18n.spoken()
        footer = [*(_who_is_responsible(reading.consent) if reading else _who_runs_it()), settings.current().site_name]
        context = {
            "title": said.title, "greeting": "", "paragraphs": said.paragraphs, "button": said.button,
            "after": said.after, "footer": footer, "lang": spoken, "dir": i18n.direction(spoken),
        }  # fmt: skip
        return Message(
            to=to, subject=said.subject, text=render_template("letters/base.txt", **context),
            html=render_template("letters/base.html", **context), language=spoken, headers=said.headers,
        )  # fmt: skip


class Forms:
    """Letters that differ in a few places alone, such as the reader's name: each form is worded once, and filled in."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        self._worded: dict[Hashable, Message] = {}

    def fill(self, to: str, form: Hashable, places: Mapping[str, str], word: Callable[..., Message]) -> Message:
        """The letter of a form to an address. `word` words it with the places as arguments: what stands in them may not
        matter; `form` names whatever else does."""
        marks = {name: f"{self._mark}{number}" for number, name in enumerate(places)}
        if form not in self._worded:
            self._worded[form] = word(**marks)
        found = self._worded[form]
        text, html = found.text, found.html
        for name, said in places.items():
            text, html = text.replace(marks[name], said), html.replace(marks[name], escape(said))
        return replace(found, to=to, text=text, html=html)


def _who_is_responsible(consent: Consent | None) -> list[str]:
    """The first two things of S48 stand in every letter: who is responsible, and to whom the list is handed."""
    if consent is None:
        return []
    handed_to = consent.handed_to.get(i18n.spoken()) or next(iter(consent.handed_to.values()), "")
    return [
        _("Responsible for this campaign: %(who)s, %(address)s", who=consent.responsible,
          address=consent.responsible_address),
        _("The list is handed to: %(whom)s", whom=handed_to),
    ]  # fmt: skip


def _who_runs_it() -> list[str]:
    """The same for what is about the whole site."""
    who, address = settings.current().responsible
    return [_("Responsible for this site: %(who)s, %(address)s", who=who, address=address)] if address else []
