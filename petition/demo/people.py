"""Invented people who sign in the demo: the same ones for the same seed, from all over the world.

Names come from Faker; no other module imports it. What arrives when follows the way real campaigns grow.
"""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from random import Random
from typing import Literal, Protocol, cast

from faker.generator import Generator

from petition.demo.homes import HOMES, Home
from petition.demo.words import WORDS

ARTICLE_SOURCE = "articles/eleven-months-at-anchor"
COUNTRIES = tuple(dict.fromkeys(home.country for home in HOMES))

FAMILY_NAME_FIRST = {"hu": " ", "ja": " ", "vi": " ", "ko": "", "zh": ""}
DOMAINS = (
    "example.org",
    "example.net",
    "example.com",
    "mail.example.org",
    "post.example.net",
    "inbox.example.com",
)
# For people whose script has no simple Latin form: many real mailboxes are named after things, too.
THINGS = (
    "lantern",
    "olive",
    "two.rivers",
    "quince",
    "northwind",
    "blue-door",
    "harbour",
    "tea_house",
    "sparrow",
    "window.seat",
    "ferry",
    "almond",
    "third.floor",
    "rainy-day",
    "paper_boat",
    "cedar",
    "old.bridge",
)
# Left out: two that soon make the name of somebody known, one that Faker misspells with a stretched letter.
LEFT_OUT = {"البرغوثي", "Obama", "دراجـي"}
JOINERS = "\u200c\u200d"  # part of correct spelling in Persian and in several Indic scripts

# Signers per hour of the day: asleep until six, a peak at midday, a higher one after supper.
HOURS = (3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 13, 12, 10, 9, 9, 10, 12, 14, 15, 13, 9, 5)
WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.9, 0.6, 0.65)

Appear = Literal["hidden", "short", "full"]


@dataclass(frozen=True, slots=True)
class Person:
    """What one invented person types, and when: at `second` of the day `day_offset` after the first."""

    name: str
    email: str
    country: str
    place: str
    role: str
    organisation: str
    comment: str
    language: str
    appear: Appear
    with_role: bool
    on_behalf: bool
    news: bool
    source: str
    day_offset: int
    second: int


class Names(Protocol):
    """The part of a Faker generator for one locale that is used here."""

    def first_name_female(self) -> str: ...
    def first_name_male(self) -> str: ...
    def last_name_female(self) -> str: ...
    def last_name_male(self) -> str: ...


def people(count: int, seed: int, days: int = 60, weekday: int = 1) -> Iterator[Person]:
    """Yield `count` people in the order in which they sign, the same for the same arguments.

    `weekday` is that of the first day (Monday is 0), so that the quiet days fall on weekends.
    From 65 people on there is somebody from every one of the 65 countries. Every address is under a domain
    reserved for examples and belongs to one person only. Languages are "en", "es" and "ar".
    """
    dice = Random(seed)
    used: set[str] = set()
    moments = _moments(dice, count, days, weekday)
    for (day, second), home in zip(moments, _homes(dice, count), strict=True):
        yield _person(dice, home, day, second, wave=_wave(days), used=used)


def _wave(days: int) -> int:
    """Return the day on which the article appears and brings the second wave."""
    return days * 5 // 12


def _moments(dice: Random, count: int, days: int, weekday: int) -> list[tuple[int, int]]:
    """Draw days and seconds: a burst at launch, a second wave, a tail that thins out, weeks and nights."""
    weights = [_pull(day, _wave(days)) * WEEKDAYS[(weekday + day) % 7] for day in range(days)]
    drawn = dice.choices(range(days), weights, k=count)
    hours = dice.choices(range(24), HOURS, k=count)
    return sorted((day, hour * 3600 + dice.randrange(3600)) for day, hour in zip(drawn, hours, strict=True))


def _pull(day: int, wave: int) -> float:
    """Return how strongly a day draws signers, before the rhythm of the week."""
    second_wave = 6 * math.exp((wave - day) / 3.0) if day >= wave else 0.0
    return 9 * math.exp(-day / 3.0) + second_wave + 1.4 * math.exp(-day / 45)


def _homes(dice: Random, count: int) -> list[Home]:
    """Draw a home for each person; every country once as far as they go round, the rest by their shares."""
    largest = {country: max(_homes_in(country), key=lambda home: home.share) for country in COUNTRIES}
    everywhere = list(largest.values()) if count >= len(COUNTRIES) else []
    drawn = dice.choices(HOMES, [home.share for home in HOMES], k=count - len(everywhere))
    homes = everywhere + drawn
    dice.shuffle(homes)
    return homes


def _homes_in(country: str) -> list[Home]:
    return [home for home in HOMES if home.country == country]


def _person(dice: Random, home: Home, day: int, second: int, wave: int, used: set[str]) -> Person:
    tongue = home.names.partition("_")[0]
    language = _language(dice, tongue)
    words = WORDS.get(tongue, WORDS[language])
    name = _name(dice, home.names)
    role = dice.choice(words.roles) if dice.random() < 0.2 else ""
    organisation = dice.choice(words.organisations) if dice.random() < 0.07 else ""
    appear = dice.choices(("hidden", "short", "full"), (52, 20, 28))[0]
    with_role = appear != "hidden" and bool(role or organisation) and dice.random() < 0.8
    return Person(
        name=name,
        email=_email(dice, name, used),
        country=home.country,
        place=dice.choice(home.towns) if dice.random() < 0.6 else "",
        role=role,
        organisation=organisation,
        comment=_comment(dice, words.comments, used) if dice.random() < 0.09 else "",
        language=language,
        appear=cast(Appear, appear),
        with_role=with_role,
        on_behalf=with_role and _speaks(dice, organisation, used),
        news=dice.random() < 0.24,
        source=_source(dice, day, wave),
        day_offset=day,
        second=second,
    )


def _speaks(dice: Random, organisation: str, used: set[str]) -> bool:
    """Tell whether somebody signs on behalf of their organisation: one of its people at most."""
    speaks = bool(organisation) and organisation not in used and dice.random() < 0.6
    if speaks:
        used.add(organisation)
    return speaks


def _comment(dice: Random, comments: tuple[str, ...], used: set[str]) -> str:
    """Draw a comment nobody has made yet, or none: no two people write the same sentence."""
    fresh = [comment for comment in comments if comment not in used]
    if not fresh:
        return ""
    used.add(comment := dice.choice(fresh))
    return comment


def _language(dice: Random, tongue: str) -> str:
    """Return the language somebody reads the appeal in: their own if it exists, else mostly English."""
    if tongue in ("en", "es", "ar"):
        return tongue
    reads_spanish = {"pt": 0.4, "it": 0.4, "fr": 0.1}.get(tongue, 0.0)
    return "es" if dice.random() < reads_spanish else "en"


def _source(dice: Random, day: int, wave: int) -> str:
    """Return what brought somebody: the newsletter at launch, the article in its wave, else nothing known."""
    if day <= 2 and dice.random() < 0.45:
        return "newsletter"
    if day >= wave and dice.random() < 0.65 * math.exp((wave - day) / 14):
        return ARTICLE_SOURCE
    return ""


def _name(dice: Random, locales: str) -> str:
    """Draw a name without titles, written in the order of its language."""
    given_locale, _, family_locale = locales.partition("+")
    while True:
        given, family = _draw(dice, given_locale, family_locale or given_locale)
        language = given_locale.partition("_")[0]
        between = FAMILY_NAME_FIRST.get(language)
        name = f"{given} {family}" if between is None else family + between + given
        name = unicodedata.normalize("NFC", " ".join(name.split()))
        if _can_stand(name, family):
            return name


def _draw(dice: Random, given_locale: str, family_locale: str) -> tuple[str, str]:
    given, family = _names(given_locale), _names(family_locale)
    # Faker draws from the same dice, so one seed decides everything.
    cast(Generator, given).random = cast(Generator, family).random = dice
    if dice.random() < 0.53:
        return given.first_name_female(), family.last_name_female()
    return given.first_name_male(), family.last_name_male()


@cache
def _names(locale: str) -> Names:
    """Load names alone: a whole Faker for every locale would take seconds."""
    generator = Generator()
    generator.add_provider(import_module(f"faker.providers.person.{locale}").Provider(generator))
    return cast(Names, generator)


def _can_stand(name: str, family: str) -> bool:
    """Tell whether a name holds only what names hold; some locales add brackets, stops or stray marks."""
    return (
        family not in LEFT_OUT
        and len(name) <= 120
        and all(unicodedata.category(char)[0] in "LM" or char in " -'’" + JOINERS for char in name)
    )


def _email(dice: Random, name: str, used: set[str]) -> str:
    """Make an address nobody has yet, in one of the forms that people give theirs."""
    local = stem = _local_part(dice, name)
    while local in used:
        local = f"{stem}{dice.choice(('', '.', '_'))}{dice.randrange(2, 1000)}"
    used.add(local)
    tag = "+appeals" if dice.random() < 0.02 else ""
    written = local.title() if dice.random() < 0.03 else local
    return f"{written}{tag}@{dice.choice(DOMAINS)}"


def _local_part(dice: Random, name: str) -> str:
    parts = _latin_parts(name)
    if len(parts) < 2:
        return f"{dice.choice(THINGS)}{dice.randrange(10, 100)}"
    first, last = parts[0], parts[-1]
    forms = (
        f"{first}.{last}",
        f"{last}.{first}",
        f"{first[0]}.{last}",
        f"{first}_{last}",
        f"{first}-{last}",
        f"{first}{last[0]}",
        f"{first}.{last}{dice.randrange(50, 100)}",
        f"{first}{last}",
    )
    return dice.choice(forms)


def _latin_parts(name: str) -> list[str]:
    """Return the words of a name in plain Latin letters; none where its script is another."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = ("".join(filter(str.isalpha, word)) for word in plain.split())
    return [word for word in words if word]
