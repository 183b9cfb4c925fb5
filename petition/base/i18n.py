"""Languages: which the interface speaks, how words, numbers and dates are written in them.

Whoever writes something says in which language with `speaking`; nothing here knows a request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.dates import format_date
from flask import Flask
from flask_babel import Babel, force_locale, format_decimal, format_percent, get_locale

from petition.base import settings


def init_app(app: Flask, selector: Callable[[], str | None]) -> None:
    """Give the application its catalogues; the selector names the language of what is being answered."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    Babel(app, locale_selector=selector)


def languages() -> tuple[str, ...]:
    """The languages of the interface, the default first."""
    return settings.current().languages


def interface(language: str) -> str:
    """The language of the interface for a reader of this language: theirs if it is spoken, else the first one."""
    spoken = settings.current().languages
    return language if language in spoken else spoken[0]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Words, numbers and dates in this language, or the site's first where the interface does not speak it."""
    with force_locale(interface(language)):
        yield


def spoken() -> str:
    """The language of the interface right now."""
    return str(get_locale() or settings.current().languages[0])


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


#: English is written here as most of the world's readers of it write dates: the day first.
_DATES = {"en": "en_GB"}


def written_as() -> str:
    """The locale by which dates and times are written right now."""
    spoken_now = spoken()
    return _DATES.get(spoken_now, spoken_now)


def day(value: date | datetime) -> str:
    """A date as the language writes it; moments by their UTC day."""
    found = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return format_date(found, "long", locale=written_as())


def moment(value: datetime) -> str:
    """A moment as the language writes it, in UTC, saying so."""
    return f"{day(value)}, {value.astimezone(UTC):%H:%M} UTC"
