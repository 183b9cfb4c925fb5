"""A campaign's folder."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from petition import drafts
from petition.base import colour, text
from petition.campaigns import ASKABLE, GROUNDS, HANDABLE
from petition.drafts import (
    HOUSE_COLOUR,
    LONGEST_LINE,
    LONGEST_OUTCOME,
    LONGEST_STANDFIRST,
    MOST_GOAL,
    MOST_MONTHS,
    NotAsked,
)
from petition.fields import Field
from petition.folders import pictures, questions
from petition.folders.files import File, Folder, read
from petition.folders.words import words

#: The keys of front matter: those of each language's file, and those that stand in one file for all.
OWN = ("title", "to", "standfirst", "handed_to", "outcome", *questions.OWN, *pictures.OWN)
SHARED = (
    "colour", "goals", "time_zone", "opens", "closes", "responsible", "handed_fields", "months", "ground", "asks",
    *questions.SHARED, *pictures.SHARED,
)  # fmt: skip


def campaign(folder: Path, now: datetime) -> drafts.Draft:
    """The campaign that a folder describes. Days are counted from `now`. Raises FolderRefused."""
    found = read(folder, OWN, SHARED)
    opens_at, closes_at = found.moment("opens", now), found.moment("closes", now)
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise found.refuse("closes", "must come after “opens”")
    asks, own = _asks(found), questions.read(found)
    return drafts.Draft(
        slug=found.slug,
        first_language=found.first.language,
        texts={language: _text(file) for language, file in found.files.items()},
        terms=_terms(found, asks, own),
        colour=_colour(found),
        goals=tuple(sorted({found.number("goals", goal, 1, MOST_GOAL) for goal in found.strings("goals")})),
        time_zone=found.zone().key,
        opens_at=opens_at,
        closes_at=closes_at,
        asks=asks,
        outcome=_in_each(found, "outcome", text.paragraphs, LONGEST_OUTCOME),
        fields=own,
        picture=pictures.read(found),
        phrases=words(folder, found),
    )


def _text(file: File) -> drafts.Text:
    return drafts.Text(
        title=file.words("title", most=LONGEST_LINE, needed=True),
        addressee=file.words("to", most=LONGEST_LINE, needed=True),
        standfirst=file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
        source=file.body,
    )


def _in_each(folder: Folder, key: str, clean: Callable[..., str], most: int) -> dict[str, str]:
    said = {language: file.words(key, clean, most=most) for language, file in folder.files.items()}
    return {language: words for language, words in said.items() if words}


def _terms(folder: Folder, asks: Mapping[str, str], own: tuple[Field, ...]) -> drafts.Terms:
    responsible = folder.mapping("responsible", ("name", "address"))
    who, where = (
        folder.first.clean(f"responsible: {part}", responsible.get(part, ""), most=LONGEST_LINE, needed=False)
        for part in ("name", "address")
    )
    ground = folder.first.words("ground", most=LONGEST_LINE)
    if ground and ground not in GROUNDS:
        raise folder.refuse("ground", f"must be one of: {', '.join(GROUNDS)}")
    return drafts.Terms(
        responsible=who,
        responsible_address=where,
        handed_to=_in_each(folder, "handed_to", text.line, LONGEST_LINE),
        fields=_handed(folder, asks, own),
        months=folder.number("months", folder.value("months"), 1, MOST_MONTHS) if "months" in folder else 0,
        ground=ground,
    )


def _handed(folder: Folder, asks: Mapping[str, str], own: tuple[Field, ...]) -> list[str]:
    try:
        return drafts.handed(folder.strings("handed_fields"), asks, own)
    except NotAsked as error:
        if error.known:
            raise folder.refuse("handed_fields", f"names “{error.name}”, which “asks” does not ask for") from None
        known = ", ".join((*HANDABLE, *(one.name for one in own)))
        raise folder.refuse("handed_fields", f"does not know “{error.name}”, only {known}") from None


def _asks(folder: Folder) -> dict[str, str]:
    asks = folder.mapping("asks", ASKABLE)
    for name, need in asks.items():
        if need not in ("required", "optional"):
            raise folder.refuse("asks", f"must say “required” or “optional” for “{name}”")
    return asks


def _colour(folder: Folder) -> str:
    try:
        chosen = colour.parse(str(folder.value("colour", HOUSE_COLOUR)))
        colour.check(chosen)
    except colour.ColourRefused as error:
        why = f"is too pale to read; {error.suggestion.hex.lower()} can be read"
        raise folder.refuse("colour", why) from None
    except ValueError:
        raise folder.refuse("colour", "must be six hexadecimal digits, such as b3201b") from None
    return chosen.hex.lower()
