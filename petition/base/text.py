"""What people write: checking a line, a name, paragraphs; names folded and shortened.

Pure functions. Text is refused, never silently mangled: what is kept is what was typed, stripped,
in NFC.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

Why = Literal[
    "empty", "too_long", "control", "hidden", "combining", "web_address", "line_break", "day", "postcode"
]  # fmt: skip

LONGEST_NAME = 120  # S31

_JOINERS = "\u200c\u200d"  # ZWNJ and ZWJ: part of Persian and Indic spelling and of emoji families
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# Letters and symbols by category, yet nothing is seen of them: a name made of them would look empty.
_BLANK_LOOKING = "\u115f\u1160\u3164\uffa0\u2800"
# Marks that belong to no script and pile up on anything; the others are a script's own spelling.
_PILING = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
_MOST_PILING = 2
# Hebrew, Tibetan and Burmese spell ordinary names with three (သို့, སྒྲོལ): two would refuse real people.
_MOST_OF_A_SCRIPT = 4


class TextRefused(ValueError):
    """Text that is not taken. `why` says which rule; the message holds nothing of what was typed."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


def line(value: str, *, most: int) -> str:
    """One line of a person's text: stripped, in NFC, at most `most` characters.

    Empty is allowed (whether a field is required is the form's business). Refuses (security.md D14, D15) line
    breaks, control characters, lone surrogates, private and unassigned characters, direction overrides and
    zero-width characters; ZWJ and ZWNJ are taken between letters and between emoji, so an emoji family passes
    whole. More than two free combining marks in a row are refused, more than four of a script's own.
    """
    text = value.strip()
    if len(text) > 4 * most:  # not worth normalising: NFC shortens to a third at the very most
        raise TextRefused("too_long")
    if text.isascii() and text.isprintable():
        if len(text) > most:
            raise TextRefused("too_long")
        return text
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        _refuse_unprintable(text)
    if max(text) > "\u02ff":
        _refuse_piles(text)
    if len(text) > most:
        raise TextRefused("too_long")
    return text


def _refuse_unprintable(text: str) -> None:
    for at, character in enumerate(text):
        if character.isprintable():
            continue
        category = unicodedata.category(character)
        if character in _LINE_BREAKS:
            raise TextRefused("line_break")
        if category == "Zs":  # no-break and ideographic spaces: ordinary in French and Japanese names
            continue
        if character in _JOINERS and _joins(text, at):
            continue
        raise TextRefused("hidden" if category == "Cf" else "control")


def _joins(text: str, at: int) -> bool:
    """Whether the joiner at this place stands between two letters or two emoji."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if not before or not after:
        return False
    return unicodedata.category(before)[0] in "LMS" and unicodedata.category(after)[0] in "LS"


def _refuse_piles(text: str) -> None:
    piling = of_a_script = 0
    for character in text:
        if character in _BLANK_LOOKING:
            raise TextRefused("hidden")
        if unicodedata.category(character) not in ("Mn", "Me"):
            piling = of_a_script = 0
        elif _PILING.match(character):
            piling += 1
        else:
            of_a_script += 1
        if piling > _MOST_PILING or of_a_script > _MOST_OF_A_SCRIPT:
            raise TextRefused("combining")


def name(value: str, *, most: int = LONGEST_NAME) -> str:
    """A person's name: a `line` without a web address (`://` or `www.`, full-width forms too).

    A name is shown in letters, so it must not carry a link (security.md A7). "Dr: Smith" is fine.
    """
    text = line(value, most=most)
    seen = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if "://" in seen or "www." in seen.lower():
        raise TextRefused("web_address")
    return text


def paragraphs(value: str, *, most: int) -> str:
    """Several lines of a person's text (a comment), broken by `\\n` alone; each line by the rules of `line`.

    A pasted tab becomes a blank. `most` counts all characters, breaks included.
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    if len(text) > 4 * most:
        raise TextRefused("too_long")
    # Only the ends of a line are stripped by `line`; an indent at its start is not worth keeping.
    text = "\n".join(line(part, most=most) for part in text.split("\n"))
    if len(text) > most:
        raise TextRefused("too_long")
    return text


# Letters that Unicode does not take apart but that people type as their plain neighbours.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
# Scripts whose marks are often left out in typing; elsewhere (Indic, Thai, kana, й) they make other letters.
_MARKS_LEFT_OUT = ("LATIN", "GREEK", "ARABIC", "HEBREW")


def folded_name(value: str) -> str:
    """A name folded for finding doubles (S24): never shown, never stored in clear.

    Case, width, accents of Latin and Greek, vowel points of Arabic and Hebrew, apostrophes, hyphens, other
    punctuation, and blanks are evened out. Different scripts never become equal; a name of nothing but
    punctuation stays itself.
    """
    whole = text = unicodedata.normalize("NFKC", value).casefold()
    if not text.isascii():
        text = "".join(_without_left_out_marks(unicodedata.normalize("NFKD", text)))
        text = unicodedata.normalize("NFC", text.translate(_PLAIN))
    kept = "".join(_kept_in_folding(character) for character in text)
    return " ".join(kept.split()) or whole.strip()


def _without_left_out_marks(text: str) -> Iterator[str]:
    drop = False
    for character in text:
        if not _kept_in_folding(character):
            continue  # what vanishes stands between no letter and its marks
        category = unicodedata.category(character)
        if category[0] != "M":
            drop = unicodedata.name(character, "").startswith(_MARKS_LEFT_OUT)
        elif drop and category == "Mn":
            continue
        yield character


# O'Brien is OBrien; some of these count as letters for Unicode. The tatweel only stretches a word.
_NOTHING = frozenset("'`´’‘ʼʻʹ′ـ")


def _kept_in_folding(character: str) -> str:
    if character in _NOTHING:
        return ""
    if character.isalnum():
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category[0] in "PZC" else character


_CIRCLE = "○"


def short_name(name: str) -> str:
    """The short public form suggested for a name; its owner may edit it (S52). Never longer than the name.

    The first word and the initial of the last ("Ngũgĩ wa Thiong'o" → "Ngũgĩ T."); a name of one word becomes
    its initial ("Sukarno" → "S."). Chinese, Japanese and Korean names keep what stands first, the family's
    name, and hide the rest as those languages do ("김민준" → "김○○").
    """
    words = name.split()
    if not words:
        return ""
    if _is_east_asian(name):
        return _east_asian_short(words)
    short = _initial(words[-1]) + "."
    if len(words) > 1:
        short = f"{words[0]} {short}"
    if len(short) <= len(name):
        return short
    return words[0] if len(words) > 1 else _initial(words[0])


def _is_east_asian(name: str) -> bool:
    first = unicodedata.name(name.lstrip()[0], "")
    return first.startswith(("CJK UNIFIED", "HANGUL", "HIRAGANA", "KATAKANA"))


def _east_asian_short(words: list[str]) -> str:
    if len(words) > 1:
        return words[0] + " " + _CIRCLE * min(2, len("".join(words[1:])))
    return words[0][0] + _CIRCLE * min(2, len(words[0]) - 1)


def _initial(word: str) -> str:
    """The first letter with the marks that belong to it, as a title would begin with it."""
    at = next((at for at, character in enumerate(word) if character.isalnum()), 0)
    end = at + 1
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    first = word[at].title()
    return (first if len(first) == 1 else word[at]) + word[at + 1 : end]
