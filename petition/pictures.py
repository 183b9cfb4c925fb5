"""Pictures that organisers choose: one for a campaign, any for what is written in Markdown, logos.

They are public and lie in `files` as they are shown, at addresses that hold a hash of their content and their size.
What they show is said where they stand, in the language of the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ColumnElement, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal
from petition.base import db, files, urls
from petition.base.urls import PICTURE

if TYPE_CHECKING:
    # It loads Pillow, which showing pictures does without.
    from petition.base.images import Scaled

#: A picture that nothing uses is deleted after so long. A text in the trash uses its pictures.
UNUSED = timedelta(days=30)
LONGEST_ALT = 500
#: Characters of a picture's name.
NAME = 32


class Picture(db.Base):
    """A picture; `width` and `height` are those of its largest size."""

    __tablename__ = "picture"

    name: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    #: Since when nothing uses it, as far as was looked.
    unused_since: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def path(self) -> str:
        """The path of its largest size, as it stands in Markdown."""
        return urls.picture(self.name, self.width, self.height)


class CampaignPicture(db.Base):
    """The picture of a campaign; `alt` says by language what it shows."""

    __tablename__ = "campaign_picture"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    picture: Mapped[str] = mapped_column(ForeignKey(Picture.name), index=True)
    alt: Mapped[dict[str, str]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A picture for a campaign, and by language what it shows."""

    scaled: "Scaled"
    alt: dict[str, str]


def add(scaled: "Scaled", actor: str) -> Picture:
    """Store a picture, or find it stored. Decode it before the transaction begins (`base.images.scaled`)."""
    known = db.session.get(Picture, scaled.name)
    if known is not None:
        known.unused_since = None
        return known
    width, height, _ = scaled.sizes[0]
    made = Picture(name=scaled.name, width=width, height=height, created_at=db.now())
    db.session.add(made)
    db.session.flush()
    for width, height, jpeg in scaled.sizes:
        files.keep(_file(scaled.name, width, height), [jpeg], sealed=False)
    journal.write(actor, "picture added", reason=made.path)
    return made


def show(campaign_id: int, chosen: Chosen | None, actor: str) -> None:
    """Make this a campaign's picture, or leave it without one. `alt` must not be empty in any language."""
    if chosen is not None and not (chosen.alt and all(chosen.alt.values())):
        raise ValueError("a picture says in words what it shows")
    row = db.session.get(CampaignPicture, campaign_id)
    if chosen is None:
        if row is not None:
            db.session.delete(row)
            journal.write(actor, "picture taken away", campaign_id=campaign_id)
        return
    name, alt = add(chosen.scaled, actor).name, dict(chosen.alt)
    if row is not None and (row.picture, row.alt) == (name, alt):
        return
    if row is None:
        row = CampaignPicture(campaign_id=campaign_id)
        db.session.add(row)
    row.picture, row.alt = name, alt
    journal.write(actor, "picture chosen", campaign_id=campaign_id, reason=name)


def describe(campaign_id: int, alt: dict[str, str], actor: str) -> bool:
    """Say by language what a campaign's picture shows; False where it has none or nothing differs."""
    row = db.session.get(CampaignPicture, campaign_id)
    if row is None or row.alt == alt:
        return False
    if not (alt and all(alt.values())):
        raise ValueError("a picture says in words what it shows")
    row.alt = dict(alt)
    journal.write(actor, "picture described", campaign_id=campaign_id)
    return True


def of_campaign(campaign_id: int) -> tuple[Picture, dict[str, str]] | None:
    """A campaign's picture, and by language what it shows."""
    query = select(Picture, CampaignPicture.alt).join(CampaignPicture, CampaignPicture.picture == Picture.name)
    found = db.session.execute(query.where(CampaignPicture.campaign_id == campaign_id)).one_or_none()
    return (found[0], found[1]) if found else None


def jpeg(name: str, width: int, height: int) -> bytes | None:
    """A picture at one of its sizes; None where there is none."""
    try:
        return b"".join(files.read(_file(name, width, height)))
    except LookupError:
        return None


def _file(name: str, width: int, height: int) -> str:
    return f"picture {name} {width}x{height}"


def sweep(at: datetime) -> int:
    """Note which pictures nothing uses, and delete those of which it was noted long ago; how many rows it changed.

    One look through all texts that mention a picture at all, however many pictures there are.
    """
    known = {row.name: row for row in db.session.scalars(select(Picture).where(Picture.created_at <= at - UNUSED))}
    if not known:
        return 0
    used = known.keys() & set(_used())
    over = [row for name, row in known.items() if name not in used and _is_over(row, at)]
    changed = _note(used, Picture.unused_since.is_not(None), None)
    changed += _note(known.keys() - used, Picture.unused_since.is_(None), at)
    for row in over:
        files.drop(_file(row.name, *size) for size in urls.picture_sizes(row.width, row.height))
    return changed + db.count(delete(Picture).where(Picture.name.in_([row.name for row in over])))


def _is_over(row: Picture, at: datetime) -> bool:
    return row.unused_since is not None and row.unused_since <= at - UNUSED


def _note(names: Iterable[str], changed: ColumnElement[bool], since: datetime | None) -> int:
    statement = update(Picture).where(Picture.name.in_(list(names)), changed).values(unused_since=since)
    return db.count(statement.execution_options(synchronize_session=False))


def _used() -> Iterator[str]:
    """The pictures that any row names (of campaigns, and logos), and those that any text written in Markdown shows."""
    for table in db.Base.metadata.tables.values():
        for column in table.c:
            if any(key.column is Picture.__table__.c.name for key in column.foreign_keys):
                yield from db.session.scalars(select(column).where(column.is_not(None)))
        if {"source", "html"} <= set(table.c.keys()):
            for source in db.session.scalars(select(table.c.source).where(table.c.source.contains("/pictures/"))):
                yield from (found["name"] for found in PICTURE.finditer(source))


def newest(most: int) -> list[Picture]:
    """The pictures that were added last."""
    return list(db.session.scalars(select(Picture).order_by(Picture.created_at.desc(), Picture.name).limit(most)))


def markdown(path: str, alt: str) -> str:
    """A picture as it stands in a text in Markdown, saying what it shows."""
    said = re.sub(r"([\\\[\]*_`<&!])", r"\\\1", alt)
    return f"![{said}]({path})"
