"""What the site's own pieces (articles, topics, events) have in common: a slug for ever, and a text per language."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from petition.base import db

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
Piece = TypeVar("Piece", bound=db.Base)
#: The column that says whose a slug or a text is, such as `EventSlug.event_id`; with it comes its table.
Owner = InstrumentedAttribute[int]


class SlugRefused(ValueError):
    """A slug that cannot be had, in a sentence that names it, without its full stop."""


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


def write(owner: Owner, owner_id: int, texts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Bring a piece's texts up to those given per language, which are all; whether any changed."""
    table: Any = owner.class_
    changed = db.count(delete(table).where(owner == owner_id, table.language.not_in(texts))) > 0
    known = {row.language: row for row in db.session.scalars(select(table).where(owner == owner_id))}
    for language, values in texts.items():
        if language not in known:
            db.session.add(table(**{owner.key: owner_id, "language": language, **values}))
            changed = True
        else:
            changed = known[language].change(values) or changed
    db.session.flush()
    return changed


def in_order(languages: Iterable[str], first: str) -> tuple[str, ...]:
    """The languages of a piece's texts, its first one first."""
    return tuple(sorted(languages, key=lambda code: (code != first, code)))
