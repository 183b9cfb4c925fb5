"""Files in the database, in chunks: sealed where they name people, with an end where they are not to stay.

A file has a name, which says what it is and is never used for anything else. In the database they go with its
backups, and are there for every process at once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, String, delete, exists, select, tuple_, update
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db

CHUNK = 256 * 1024
#: So many chunks are deleted in one transaction: on SQLite their pages are overwritten while everybody waits.
BATCH = 40
#: The size of a file that is not whole yet.
_UNFINISHED = -1


class Broken(Exception):
    """A file whose chunks are not all there."""


class File(db.Base):
    """A file; what is in it stands in its chunks."""

    __tablename__ = "file"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    #: In bytes, before sealing; below 0 while it is not whole.
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
        _store(name, number, chunk, sealed)
    db.session.execute(File.__table__.update().where(File.name == name).values(size=size))


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
    if about.size == _UNFINISHED:
        raise Broken(name)
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


class Draft:
    """A file that is written over many transactions, such as a list longer than one may take. Nobody can read it
    before it is whole; `ends_at` is when retention deletes what is left of it where nobody finishes it."""

    def __init__(self, name: str, *, sealed: bool, ends_at: datetime) -> None:
        self.name, self._sealed = name, sealed
        self._waiting, self._number, self._size = b"", 0, 0
        db.session.add(File(name=name, size=_UNFINISHED, is_sealed=sealed, ends_at=ends_at, created_at=db.now()))
        db.session.flush()

    def add(self, data: bytes, ends_at: datetime) -> None:
        """Store more of it in the caller's transaction, and put off its end."""
        pieces = list(_chunks((self._waiting, data)))
        self._waiting = pieces.pop() if pieces and len(pieces[-1]) < CHUNK else b""
        self._store(pieces)
        self._change(ends_at=ends_at)

    def finish(self, ends_at: datetime) -> None:
        """It is whole, and is kept until then."""
        self._store([self._waiting] if self._waiting else [])
        self._change(size=self._size, ends_at=ends_at)

    def _store(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            _store(self.name, self._number, piece, self._sealed)
            self._number, self._size = self._number + 1, self._size + len(piece)

    def _change(self, **values: object) -> None:
        db.session.execute(update(File).where(File.name == self.name).values(**values))


def _store(name: str, number: int, chunk: bytes, sealed: bool) -> None:
    stored = crypto.seal("file", f"{name} {number}", chunk) if sealed else chunk
    db.session.execute(db.insert(FileChunk).values(name=name, number=number, data=stored))


def size(name: str, at: datetime) -> int | None:
    """How many bytes a file has; None where there is none, it is not whole, or its end has come."""
    found = db.session.execute(select(File.size, File.ends_at).where(File.name == name)).one_or_none()
    there = found is not None and found.size >= 0 and (found.ends_at is None or found.ends_at > at)
    return found.size if found is not None and there else None


def end(name: str, at: datetime) -> None:
    """Let a file end at a moment; `sweep` deletes it."""
    db.session.execute(update(File).where(File.name == name).values(ends_at=at))


def sweep(at: datetime) -> tuple[int, bool]:
    """Delete some of what belongs to files whose end has come, in the caller's transaction: how many rows, and whether
    there may be more."""
    ended = select(File.name).where(File.ends_at <= at)
    key = tuple_(FileChunk.name, FileChunk.number)
    pieces = select(FileChunk.name, FileChunk.number).where(FileChunk.name.in_(ended)).limit(BATCH)
    rows = db.count(delete(FileChunk).where(key.in_(pieces)))
    if rows:
        return rows, True
    empty = ~exists().where(FileChunk.name == File.name)
    return db.count(delete(File).where(File.ends_at <= at, empty)), False


def drop(names: Iterable[str]) -> None:
    """Delete files; their chunks go with them."""
    db.session.execute(delete(File).where(File.name.in_(list(names))))
