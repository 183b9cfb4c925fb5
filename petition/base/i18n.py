"""Languages: which the interface speaks, how words, numbers and dates are written in them.

Whoever writes something says in which language with `speaking`; nothing here knows a request. A language that the
interface does not speak can bring its own `Words`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.dates import format_date
from babel.lists import format_list
from babel.support import NullTranslations, Translations
from flask import Flask
from flask.globals import app_ctx
from flask_babel import Babel, Domain, force_locale, format_decimal, format_percent, get_babel, get_domain, get_locale
from flask_babel import refresh as forget_locale
from markupsafe import escape

from petition.base import settings

_TAG = re.compile(r"(<[^>]+>)")


class Words(NullTranslations):
    """What somebody has typed in for sentences of the interface, in a language that it does not speak.

    `said` gives for a sentence its words, or where it has a plural the words of each CLDR category ("one", "few", …).
    What is not in it is said in the interface's first language. The words are text: no HTML but the sentence's own.
    """

    def __init__(self, language: str, said: Mapping[str, str | Mapping[str, str]]) -> None:
        super().__init__()
        self.language, self.said = language, said
        self._category = _parsed(language).plural_form
        self.add_fallback(_catalogue(settings.current().languages[0]))

    def gettext(self, message: str) -> str:
        """The words for a sentence."""
        found = self.said.get(message)
        return found if isinstance(found, str) else super().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The words for a sentence with a plural."""
        found = self.said.get(msgid1)
        if isinstance(found, Mapping):
            said = found.get(self._category(n)) or found.get("other")
            if said:
                return said
        return super().ngettext(msgid1, msgid2, n)

    # The names by which Flask-Babel asks.
    ugettext = gettext
    ungettext = ngettext


class _TypedIn(Domain):  # type: ignore[misc]
    """Where Flask-Babel finds typed-in words instead of a catalogue."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words

    def get_translations(self) -> Words:
        return self.words


def init_app(app: Flask, selector: Callable[[], str | None]) -> None:
    """Give the application its catalogues; the selector names the language of what is being answered."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(settings.CATALOGUES)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    Babel(app, locale_selector=lambda: _tag(selector() or settings.current().languages[0]))
    # Templates take a catalogue's words for HTML, which is right for our own and not for what was typed in.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=_gettext_in_html, ngettext=_ngettext_in_html, newstyle=True
    )  # fmt: skip


def gettext(sentence: str, **values: object) -> str:
    """A sentence of the interface in the language spoken now."""
    said: str = _translations().gettext(sentence)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """A sentence with a number in it, which it names `num`."""
    said: str = _translations().ngettext(one, many, num)
    return said % {"num": num, **values}


def _translations() -> Any:
    """The words spoken now, remembered in the application's context for as long as nobody changes the language:
    Flask-Babel asks for its own nine times for each sentence, which was a fifth of what a page costs."""
    if not app_ctx:
        return NullTranslations()
    # Beside what Flask-Babel keeps there.
    kept = app_ctx.g
    found = kept.get("petition_words")
    if found is None:
        found = kept.petition_words = get_domain().get_translations()
    return found


def _forget_words() -> None:
    app_ctx.g.pop("petition_words", None)


def _gettext_in_html(sentence: str) -> str:
    words = _translations()
    said: str = words.gettext(sentence)
    return _in_html(sentence, said) if isinstance(words, Words) else said


def _ngettext_in_html(one: str, many: str, count: int) -> str:
    words = _translations()
    said: str = words.ngettext(one, many, count)
    return _in_html(one, said) if isinstance(words, Words) else said


def _in_html(sentence: str, said: str) -> str:
    """Typed-in words for a template, with everything escaped but the tags that the sentence itself has."""
    own = set(_TAG.findall(sentence))
    return "".join(part if part in own else str(escape(part)) for part in _TAG.split(said))


@lru_cache(maxsize=16)
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(settings.CATALOGUES, [_parsed(language)])


def _parsed(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def languages() -> tuple[str, ...]:
    """The languages of the interface, the default first."""
    return settings.current().languages


def interface(language: str) -> str:
    """The language of the interface for a reader of this language: theirs if it is spoken, else the first one."""
    spoken = settings.current().languages
    return language if language in spoken else spoken[0]


@contextmanager
def speaking(language: str, words: Words | None = None) -> Iterator[None]:
    """Words, numbers and dates in this language, with the words typed in for it where there are any; else in the
    site's first language where the interface does not speak it."""
    before = get_domain()
    try:
        with force_locale(_tag(words.language if words else interface(language))):
            _domain(words).as_default()
            _forget_words()
            try:
                yield
            finally:
                before.as_default()
    finally:
        _forget_words()


def answer_with(words: Words | None) -> None:
    """From here on the selector's language is asked for anew, and what is answered is said with these words."""
    forget_locale()
    _domain(words).as_default()
    _forget_words()


def _domain(words: Words | None) -> Any:
    return _TypedIn(words) if words else get_babel().instance.domain_instance


def _tag(language: str) -> str:
    """A language as gettext writes it."""
    return language.replace("-", "_")


def spoken() -> str:
    """The language of the words right now: one of the interface, or one that brings its own."""
    return str(get_locale() or settings.current().languages[0]).replace("_", "-")


def house() -> str:
    """The language of what is said around a page whatever its language is: one of the interface."""
    return interface(spoken())


@lru_cache(maxsize=256)
def direction(language: str) -> str:
    """ "rtl" or "ltr", by CLDR; unknown languages run from left to right."""
    try:
        return "rtl" if Locale.parse(language, sep="-").character_order == "right-to-left" else "ltr"
    except (UnknownLocaleError, ValueError):
        return "ltr"


@lru_cache(maxsize=256)
def locale(language: str) -> str:
    """The language with the country that is likeliest with it, as the Open Graph protocol wants it: "es_ES"."""
    tag = language.replace("-", "_")
    try:
        found = Locale.parse(_DATES.get(tag) or get_global("likely_subtags").get(tag, tag))
    except (UnknownLocaleError, ValueError):
        return language
    return "_".join(part for part in (found.language, found.territory) if part)


@lru_cache(maxsize=256)
def own_name(language: str) -> str:
    """What a language calls itself."""
    try:
        name = Locale.parse(language, sep="-").get_display_name()
    except (UnknownLocaleError, ValueError):
        name = None
    return (name or language)[:1].upper() + (name or language)[1:]


def name(language: str) -> str:
    """What a language is called in the language spoken now, as within a sentence."""
    try:
        found = Locale.parse(language, sep="-").get_display_name(spoken())
    except (UnknownLocaleError, ValueError):
        found = None
    return found or language


def known() -> list[tuple[str, str]]:
    """The languages that somebody may write in, by name in the language spoken now: those of the interface first."""
    return _known(languages(), spoken())


@lru_cache(maxsize=16)
def _known(first: tuple[str, ...], spoken_now: str) -> list[tuple[str, str]]:
    tags = {tag.replace("_", "-") for tag in localedata.locale_identifiers() if tag.count("_") < 2} | set(_REGIONAL)
    codes = [tag for tag in tags if tag.isalpha() or tag in _REGIONAL]
    named = [(code, Locale.parse(code, sep="-").get_display_name(spoken_now) or code) for code in codes]
    return sorted(named, key=lambda one: (one[0] not in first, one[1].casefold()))


#: Languages that are written differently enough from place to place, beside those without a country.
_REGIONAL = ("pt-BR", "pt-PT", "zh-Hans", "zh-Hant", "sr-Latn", "es-419")


def number(value: int) -> str:
    """A whole number as the language writes it."""
    return str(format_decimal(value))


def percent(value: float) -> str:
    """A share from 0 to 1 as the language writes it."""
    return str(format_percent(value))


def listed(items: Sequence[str]) -> str:
    """Several things in a row as the language writes them: "a, b and c"."""
    return format_list(items, locale=written_as())


#: English is written here as most of the world's readers of it write dates: the day first.
_DATES = {"en": "en_GB"}


def written_as() -> str:
    """The locale by which dates and times are written right now."""
    spoken_now = spoken()
    return _DATES.get(spoken_now, _tag(spoken_now))


def day(value: date | datetime) -> str:
    """A date as the language writes it; moments by their UTC day."""
    found = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return format_date(found, "long", locale=written_as())


def moment(value: datetime) -> str:
    """A moment as the language writes it, in UTC, saying so."""
    return gettext("%(day)s, %(time)s UTC", day=day(value), time=f"{value.astimezone(UTC):%H:%M}")
