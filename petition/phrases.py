"""A campaign's words for its form, consent and letters, in a language that the interface does not speak.

`sentences` is the closed list of what a signer meets. Words for them are typed in or come as a gettext file (.po),
which translators know; its plurals are told apart by CLDR. They are used once none is missing, and are text: HTML in
them is shown, not obeyed.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from babel import Locale
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po
from babel.plural import PluralRule, to_gettext
from sqlalchemy import select

from petition import journal, translations
from petition.base import db, text
from petition.base.text import TextRefused
from petition.campaigns import Campaign, Phrases, Wording
from petition.translations import Catalogue, forms, placeholders

#: What is said for each sentence: its words, or its words by CLDR category where it has a plural.
Said = Mapping[str, str | Mapping[str, str]]

#: Of so many letters a word of a title tells of its campaign.
TELLING = 4
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")
#: Among so many numbers every category of every language turns up that a count of people can have.
_NUMBERS = range(1001)
_TAG = re.compile(r"</?[a-z][^>]*>")
_COMMENT = "# What is not translated here is said in another language: please translate every sentence."


class PhraseRefused(ValueError):
    """Words that cannot stand for their sentence; one sentence names it and says why."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the interface that a signer meets. `plural` is "" where it has none."""

    words: str
    plural: str
    is_subject: bool

    @property
    def most(self) -> int:
        """How long what stands for it may be, in characters."""
        return 60 + 3 * len(self.words)


class _TypedIn(Catalogue):
    """A catalogue whose plurals are those that CLDR has for a count."""

    @property
    def num_plurals(self) -> int:
        return len(categories(str(self.locale)))

    @property
    def plural_expr(self) -> str:
        rule = _rule(str(self.locale))
        # What is left over is the last one's, and needs no rule.
        used = {category: rule.rules[category] for category in categories(str(self.locale))[:-1]}
        return to_gettext(used).partition("plural=")[2].removesuffix(";")


@lru_cache(maxsize=1)
def sentences() -> tuple[Sentence, ...]:
    """The closed list: everything that a signer of a campaign meets, in a language of the interface."""
    with translations.template().open("rb") as file:
        found = [message for message in read_po(file) if message.id]
    return tuple(
        Sentence(forms(one.id)[0], "".join(forms(one.id)[1:]), translations.SUBJECT in one.auto_comments)
        for one in found
    )


def _rule(language: str) -> PluralRule:
    return Locale.parse(language.replace("-", "_")).plural_form


@lru_cache(maxsize=64)
def categories(language: str) -> tuple[str, ...]:
    """The CLDR categories that a whole number can have in a language, in CLDR's order."""
    rule = _rule(language)
    used = {rule(number) for number in _NUMBERS}
    return tuple(category for category in _CATEGORIES if category in used)


def missing(language: str, said: Said) -> list[str]:
    """The sentences without words, or without words for every plural."""
    return [one.words for one in sentences() if not _is_whole(one, said.get(one.words, ""), categories(language))]


def _is_whole(sentence: Sentence, found: str | Mapping[str, str], needed: tuple[str, ...]) -> bool:
    if not sentence.plural:
        return isinstance(found, str) and bool(found)
    return isinstance(found, Mapping) and all(found.get(category) for category in needed)


def checked(language: str, said: Said) -> dict[str, str | dict[str, str]]:
    """The words as they are kept: cleaned, what is empty or stands for no sentence of the list left out.

    Raises PhraseRefused.
    """
    kept: dict[str, str | dict[str, str]] = {}
    for sentence in sentences():
        found = said.get(sentence.words, "")
        if isinstance(found, str) == bool(sentence.plural) and found:
            raise _refused(sentence, "needs words for each plural" if sentence.plural else "has no plural")
        if isinstance(found, str):
            words: str | dict[str, str] = _cleaned(sentence, found)
        else:
            named = {category: found.get(category, "") for category in categories(language)}
            words = {category: clean for category, one in named.items() if (clean := _cleaned(sentence, one))}
        if words:
            kept[sentence.words] = words
    return kept


def _cleaned(sentence: Sentence, said: str) -> str:
    try:
        words = text.line(said, most=sentence.most)
    except TextRefused as refused:
        limit = f" (at most {sentence.most} characters)" if refused.why == "too_long" else ""
        raise _refused(sentence, _WHY[refused.why] + limit) from None
    if not words:
        return ""
    wanted = placeholders(sentence.words)
    if placeholders(words) != wanted:
        raise _refused(sentence, f"does not have the placeholders of its sentence: {', '.join(wanted) or 'none'}")
    if words.count("%") != sum(one.count("%") for one in wanted):
        raise _refused(sentence, "has a % that belongs to no placeholder")
    tags = _TAG.findall(sentence.words)
    if [tag for tag in _TAG.findall(words) if tag in tags] != tags:
        raise _refused(sentence, f"does not have the tags of its sentence: {' '.join(tags)}")
    return _with_edges(sentence.words, words)


_WHY = {
    "too_long": "is too long",
    "control": "holds a control character",
    "hidden": "holds a character that is not seen, such as one that turns the direction of writing",
    "combining": "piles up marks on one letter",
    "line_break": "has a line break",
}


def _with_edges(sentence: str, words: str) -> str:
    """The words with the blanks that stand before and after their sentence."""
    before = sentence[: len(sentence) - len(sentence.lstrip())]
    return before + words + sentence[len(sentence.rstrip()) :]


def _refused(sentence: Sentence, why: str) -> PhraseRefused:
    return PhraseRefused(f"What stands for “{sentence.words}” {why}.")


def refuse_telling(said: Said, title: str) -> None:
    """Refuse subjects of letters that tell of the campaign (C13): they are read over shoulders.

    Raises PhraseRefused where one has a word of the title, of four letters at least, whatever marks it bears.
    """
    told = [word for word in text.folded_name(title).split() if len(word) >= TELLING]
    for sentence in sentences():
        found = said.get(sentence.words, "")
        if not sentence.is_subject or not isinstance(found, str):
            continue
        word = next((word for word in told if word in text.folded_name(found)), None)
        if word is not None:
            raise _refused(sentence, f"is the subject of a letter and names the campaign: “{word}” is in its title")


def save(campaign: Campaign, language: str, said: Said, actor: str) -> list[str]:
    """Keep a campaign's words in a language; they are used once none is missing. Returns the missing sentences.

    Words equal to those kept change nothing. Raises PhraseRefused.
    """
    words = checked(language, said)
    title = db.session.scalar(
        select(Wording.title)
        .where(Wording.campaign_id == campaign.id, Wording.language == language)
        .order_by(Wording.version.desc())
        .limit(1)
    )
    refuse_telling(words, title or "")
    lacking = missing(language, words)
    row = db.session.get(Phrases, (campaign.id, language))
    if row is None and not words:
        return lacking
    if row is None:
        row = Phrases(campaign_id=campaign.id, language=language, said={}, whole=False)
        db.session.add(row)
    if (row.said, row.whole) != (words, not lacking):
        row.said, row.whole = words, not lacking
        journal.write(actor, "phrases edited", campaign_id=campaign.id, reason=language)
    return lacking


def kept(campaign_id: int) -> dict[str, Said]:
    """The words kept for a campaign by language, whole or not. Copies: saving changes rows in place."""
    found = db.session.scalars(select(Phrases).where(Phrases.campaign_id == campaign_id))
    return {row.language: dict(row.said) for row in found}


def as_po(language: str, said: Said) -> bytes:
    """The list as a gettext file, with the words that there are."""
    made = _TypedIn(language.replace("-", "_"), header_comment=_COMMENT, fuzzy=False)
    for sentence in sentences():
        found = said.get(sentence.words, "")
        notes = [translations.SUBJECT] if sentence.is_subject else []
        if sentence.plural:
            by = found if isinstance(found, Mapping) else {}
            words = tuple(by.get(category, "") for category in categories(language))
            notes.append(f"Its plurals in this order: {', '.join(categories(language))}.")
            made.add((sentence.words, sentence.plural), words, auto_comments=notes)
        else:
            made.add(sentence.words, found if isinstance(found, str) else "", auto_comments=notes)
    return translations.as_po(made)


def from_po(language: str, data: bytes) -> dict[str, str | dict[str, str]]:
    """What a gettext file says for the sentences of the list; guesses ("fuzzy") count as missing.

    Raises PhraseRefused where it is no such file, or what `checked` raises.
    """
    try:
        catalogue = read_po(BytesIO(data), locale=language.replace("-", "_"), charset="utf-8", abort_invalid=True)
        place = gettext.c2py(catalogue.plural_expr)
    except (PoFileError, ValueError):
        raise PhraseRefused("This is not a gettext file (.po) in UTF-8.") from None
    said: dict[str, str | dict[str, str]] = {}
    for sentence in sentences():
        message = catalogue.get(sentence.words)
        if message is None or message.fuzzy:
            continue
        said[sentence.words] = _by_category(language, message, place) if sentence.plural else forms(message.string)[0]
    return checked(language, said)


def _by_category(language: str, message: Message, place: Callable[[int], int]) -> dict[str, str]:
    """The plurals of a message, whatever order its file has them in, by the category of the numbers they are for."""
    rule, words = _rule(language), forms(message.string)
    first = {category: next(n for n in _NUMBERS if rule(n) == category) for category in categories(language)}
    return {category: words[place(n)] for category, n in first.items() if place(n) < len(words)}
