"""The versions of a campaign's text, and what differs between one and the one before it (S42). Public."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal, NamedTuple

from sqlalchemy import bindparam, select

from petition.base import db
from petition.campaigns import Wording

Kind = Literal["same", "gone", "new"]
#: Words or paragraphs of a text that are compared one by one; comparing more takes too long for a page.
MOST_COMPARED = 3000
#: Below this likeness two passages are shown one after the other: words in turns could not be read.
ALIKE = 0.4
#: A word or a sign with the blanks behind it; where words are not parted by blanks, a character.
_WORD = re.compile(r"(?:[\u3040-\u30ff\u3400-\u9fff]|\w+|[^\w\s])\s*")
_BETWEEN = re.compile(r"\n\s*\n")


class Version(NamedTuple):
    """A version as lists name it."""

    language: str
    version: int
    created_at: datetime


class Piece(NamedTuple):
    """Words that stayed, went or came."""

    kind: Kind
    text: str


Paragraph = list[Piece]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of each part of a text; a part that stayed as it was is one paragraph of one piece."""

    title: Paragraph
    addressee: Paragraph
    standfirst: Paragraph
    text: list[Paragraph]


def versions(campaign_id: int) -> list[Version]:
    """Every version of a campaign's text, by language, the newest of each first."""
    query = select(Wording.language, Wording.version, Wording.created_at).where(Wording.campaign_id == campaign_id)
    rows = db.session.execute(query.order_by(Wording.language, Wording.version.desc()))
    return [Version(*row) for row in rows]


def exists(wording_id: int) -> bool:
    """Whether this text is still kept."""
    # Asked of the database: the session may remember one that is gone by now.
    return db.session.scalar(select(Wording.id).where(Wording.id == wording_id)) is not None


def read(campaign_id: int, language: str, version: int) -> tuple[Wording, Wording | None] | None:
    """A version and the one before it, if there is one; None where there is no such version."""
    query = select(Wording).where(
        Wording.campaign_id == campaign_id, Wording.language == language, Wording.version.in_((version, version - 1))
    )
    found = {wording.version: wording for wording in db.session.scalars(query)}
    return (found[version], found.get(version - 1)) if version in found else None


_SEEN = select(Wording.id, Wording.language, Wording.version, Wording.created_at).where(
    Wording.id.in_(bindparam("i", expanding=True))
)


def seen(wording_ids: Iterable[int]) -> dict[int, Version]:
    """The versions with these ids."""
    rows = db.session.execute(_SEEN, {"i": list(set(wording_ids))})
    return {wording_id: Version(language, version, made) for wording_id, language, version, made in rows}


def change(before: Wording, after: Wording) -> Change:
    """What differs between two versions, word by word, in their Markdown."""
    return _change(*((one.title, one.addressee, one.standfirst, one.source) for one in (before, after)))


@lru_cache(maxsize=32)
def _change(before: tuple[str, str, str, str], after: tuple[str, str, str, str]) -> Change:
    title, addressee, standfirst = (_words(old, new) for old, new in zip(before[:3], after[:3], strict=True))
    return Change(title, addressee, standfirst, list(_paragraphs(before[3], after[3])))


def _paragraphs(before: str, after: str) -> Iterator[Paragraph]:
    old, new = (_BETWEEN.split(text.strip()) for text in (before, after))
    for kind, i, j, k, m in _compared(old, new):
        if kind == "equal":
            yield from ([Piece("same", paragraph)] for paragraph in old[i:j])
        elif kind == "replace":
            yield from _broken(_words("\n\n".join(old[i:j]), "\n\n".join(new[k:m])))
        else:
            yield from ([Piece("gone", paragraph)] for paragraph in old[i:j])
            yield from ([Piece("new", paragraph)] for paragraph in new[k:m])


def _words(before: str, after: str) -> Paragraph:
    if before == after:
        return [Piece("same", before)]
    old, new = _WORD.findall(before), _WORD.findall(after)
    steps = _compared(old, new)
    kept = sum(j - i for kind, i, j, _, _ in steps if kind == "equal")
    if 2 * kept < ALIKE * (len(old) + len(new)):
        steps = [("replace", 0, len(old), 0, len(new))]
    found = []
    for kind, i, j, k, m in steps:
        if kind == "equal":
            found.append(Piece("same", "".join(new[k:m])))
            continue
        found += _changed("gone", "".join(old[i:j]))
        found += _changed("new", "".join(new[k:m]))
    return found


def _changed(kind: Kind, text: str) -> Paragraph:
    """Words that went or came, and behind them the blanks, which are not struck through or underlined."""
    words = text.rstrip()
    return [piece for piece in (Piece(kind, words), Piece("same", text[len(words) :])) if piece.text]


def _compared(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """The steps from one sequence to the other, as difflib gives them; blanks make no difference."""
    if max(len(old), len(new)) > MOST_COMPARED:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, [part.strip() for part in old], [part.strip() for part in new]).get_opcodes()


def _broken(pieces: Paragraph) -> Iterator[Paragraph]:
    """Pieces that run over several paragraphs, paragraph by paragraph."""
    paragraph: Paragraph = []
    for kind, text in pieces:
        first, *others = _BETWEEN.split(text)
        paragraph.append(Piece(kind, first))
        for other in others:
            yield paragraph
            paragraph = [Piece(kind, other)]
    yield [piece for piece in paragraph if piece.text]
