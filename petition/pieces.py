"""What the site's own pieces (articles, topics, events) have in common: a slug for ever, and a text per language."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Index, delete, func, or_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from petition.base import db

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
Piece = TypeVar("Piece", bound=db.Base)
#: The column that says whose a slug or a text is, such as `EventSlug.event_id`; with it comes its table.
Owner = InstrumentedAttribute[int]


@dataclass(frozen=True, slots=True)
class Sought:
    """What an editor looks for: "" and None mean everything. `before` is the id of the row above the page."""

    state: str = ""
    topic_id: int | None = None
    language: str = ""
    title: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A piece as an editor's list shows it: its text in the language asked for or its first one, all its languages,
    and those of them that may be out of date."""

    piece: Any
    text: Any
    languages: tuple[str, ...]
    stale: frozenset[str]


class SlugRefused(ValueError):
    """A slug that cannot be had, in a sentence that names it, without its full stop."""


def trash_index(table: str) -> Index:
    """What finds the few pieces of a table that are in the trash."""
    is_trashed = text("trashed_at IS NOT NULL")
    return Index(f"{table}_trash", "trashed_at", postgresql_where=is_trashed, sqlite_where=is_trashed)


def by_slug(piece: type[Piece], owner: Owner, slug: str) -> Piece | None:
    """The piece that has, or ever had, a slug, public or not."""
    whose = select(owner).where(owner.class_.slug == slug).scalar_subquery()
    return db.session.scalar(select(piece).where(_id(piece) == whose))


def enter(piece: db.Base, owner: Owner, slug: str, reserved: Collection[str] = ()) -> None:
    """Write a new piece down under a slug that none has had. Raises SlugRefused."""
    _refuse(slug, reserved)
    db.session.add(piece)
    db.session.flush()
    _add_slug(piece, owner, slug)


def rename(piece: Any, owner: Owner, slug: str, reserved: Collection[str] = ()) -> str:
    """Give a piece another slug; what to say of it in the journal. The old ones lead to it, and the new one may be an
    old one of its own. Raises SlugRefused."""
    has = by_slug(type(piece), owner, slug)
    if has is not None and (_id(has) != piece.id or slug == piece.slug):
        raise SlugRefused(f"“{slug}” is an address already, or was")
    _refuse(slug, reserved)
    if has is None:
        _add_slug(piece, owner, slug)
    said = f"{piece.slug} → {slug}"
    piece.slug = slug
    return said


def _id(piece: Any) -> Any:
    return piece.id


def _add_slug(piece: db.Base, owner: Owner, slug: str) -> None:
    table: Any = owner.class_
    db.session.add(table(**{"slug": slug, owner.key: _id(piece)}))
    db.session.flush()


def _refuse(slug: str, reserved: Collection[str]) -> None:
    if not _SLUG.fullmatch(slug):
        raise SlugRefused(f"“{slug}” cannot be an address: it takes a-z, 0-9 and “-”, at most 80 characters")
    if slug in reserved:
        raise SlugRefused(f"“{slug}” is the address of another page; choose another name")


def write(owner: Owner, owner_id: int, texts: Mapping[str, Mapping[str, Any]], looked_at: Collection[str] = ()) -> bool:
    """Bring a piece's texts up to those given per language, which are all; whether any changed. Those of `looked_at`
    say the same as the first one by now, as somebody has seen, and count as changed just now."""
    table: Any = owner.class_
    changed = db.count(delete(table).where(owner == owner_id, table.language.not_in(texts))) > 0
    known, at = texts_of(owner, [owner_id])[owner_id], db.now()
    for language, values in texts.items():
        if language not in known:
            db.session.add(table(**{owner.key: owner_id, "language": language, "changed_at": at, **values}))
            changed = True
        elif known[language].change(values) or language in looked_at:
            known[language].changed_at = at
            changed = True
    db.session.flush()
    return changed


def texts_of(owner: Owner, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The texts of some pieces: by the piece's id, by language."""
    table: Any = owner.class_
    found: dict[int, dict[str, Any]] = {key: {} for key in ids}
    for written in db.session.scalars(select(table).where(owner.in_(found))) if found else ():
        found[getattr(written, owner.key)][written.language] = written
    return found


def stale(texts: Mapping[str, Any], first: str) -> set[str]:
    """The languages whose text is older than a change of the first one's."""
    since = texts[first].changed_at if first in texts else None
    return {
        language for language, written in texts.items()
        if since is not None and (written.changed_at is None or written.changed_at < since)
    }  # fmt: skip


def in_order(languages: Iterable[str], first: str) -> tuple[str, ...]:
    """The languages of a piece's texts, its first one first."""
    return tuple(sorted(languages, key=lambda code: (code != first, code)))


def sought(owner: Owner, piece: Any, what: Sought, order: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
    """The conditions of what an editor looks for, but for its state; `order` is the column that the list goes down."""
    table: Any = owner.class_
    found = [piece.trashed_at.is_(None)]
    if what.topic_id is not None:
        found.append(piece.topic_id == what.topic_id)
    of_piece = select(owner).where(owner == piece.id)
    if what.language:
        found.append(of_piece.where(table.language == what.language).exists())
    if what.title:
        lower = func.lower(table.title).contains(what.title.lower(), autoescape=True)
        # SQLite knows the small letters of plain ones alone.
        as_typed = table.title.contains(what.title, autoescape=True)
        found.append(of_piece.where(or_(lower, as_typed)).exists())
    if what.before is not None:
        place = select(order, piece.id).where(piece.id == what.before).subquery()
        found.append(tuple_(order, piece.id) < select(place).scalar_subquery())
    return found


def rows(owner: Owner, pieces: Sequence[Any], language: str) -> list[Row]:
    """Pieces for an editor's list, with one query for all their texts."""
    texts = texts_of(owner, [one.id for one in pieces])
    found = []
    for one in pieces:
        mine, first = texts[one.id], one.first_language
        shown = mine.get(language) or mine[first]
        found.append(Row(one, shown, in_order(mine, first), frozenset(stale(mine, first))))
    return found
