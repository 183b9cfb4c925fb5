"""Files in the database, in chunks: sealed where they name people, with an end where they are not to stay.

A file has a name, which says what it is and is never used for anything else. In the database they go with its
backups, and are there for every process at once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db

CHUNK = 256 * 1024


class Broken(Exception):
    """A file whose chunks are not all there."""


class File(db.Base):
    """A file; what is in it stands in its chunks."""

    __tablename__ = "file"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    #: In bytes, before sealing.
    size: Mapped[int]
    is_sealed: Mapped[bool]
    #: When retention deletes it, whatever becomes of what it belongs to.
    ends_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime]


class FileChunk(db.Base):
    """A piece of a file."""

    __tablename__ = "file_chunk"

    name: Mapped[str] = mapped_column(ForeignKey(File.name, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


def keep(name: str, data: Iterable[bytes], *, sealed: bool, ends_at: datetime | None = None) -> None:
    """Store a file that comes in pieces of any size. One of this name that is there already stays as it is."""
    row = {"name": name, "size": 0, "is_sealed": sealed, "ends_at": ends_at, "created_at": db.now()}
    if not db.session.execute(
        db.insert(File.__table__).values(row).on_conflict_do_nothing().returning(File.__table__.c.name)
    ).first():
        return
    size = 0
    for number, chunk in enumerate(_chunks(data)):
        size += len(chunk)
        stored = crypto.seal("file", f"{name} {number}", chunk) if sealed else chunk
        db.session.execute(db.insert(FileChunk).values(name=name, number=number, data=stored))
    db.session.execute(File.__table__.update().where(File.name == name).values(size=size))  # type: ignore[attr-defined]


def _chunks(data: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for piece in data:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield waiting[:CHUNK]
            waiting = waiting[CHUNK:]
    if waiting:
        yield waiting


def read(name: str) -> Iterator[bytes]:
    """A file, chunk by chunk. Raises LookupError where there is none, Broken where a chunk is missing,
    crypto.Unsealable where one does not open."""
    about = db.session.execute(select(File.size, File.is_sealed).where(File.name == name)).one_or_none()
    if about is None:
        raise LookupError(name)
    left = about.size
    number = 0
    while left > 0:
        query = select(FileChunk.data).where(FileChunk.name == name, FileChunk.number == number)
        stored = db.session.scalar(query)
        if stored is None:
            raise Broken(name)
        chunk = crypto.unseal("file", f"{name} {number}", stored) if about.is_sealed else stored
        left -= len(chunk)
        number += 1
        yield chunk


def drop(names: Iterable[str]) -> None:
    """Delete files; their chunks go with them."""
    db.session.execute(delete(File).where(File.name.in_(list(names))))
