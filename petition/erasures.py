"""What was erased or silenced at somebody's own wish, so that a restored backup does not bring it back (E3).

Written in the deed's own transaction. It names nobody: the link that the deed was done by and the random ids of the
rows that went. After a withdrawal that link's id is dead, and nothing in the database leads from these to a mailbox;
only a backup from before still knows whose they were. The worker writes every one into a small file outside the
database as well (`Book`), because what is lost with the database must not be lost with it.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, String, Uuid, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db

#: For so long an erasure is remembered: a backup must not be restored when it is older.
KEPT = timedelta(days=100)
#: The file forgets a little before the table does, so that what the file holds and a backup's table does not was
#: erased after that backup.
SOONER = timedelta(days=2)
#: A transaction may commit so long after its moment; clocks differ by a minute.
LATE = timedelta(minutes=10)
#: A mailbox has seldom more than one row waiting; a flood of them goes by the link.
MOST_ROWS = 1000

WITHDRAWN, DISOWNED = "withdrawn", "disowned"
WISH_ENDED, WISH_DISOWNED = "wish ended", "wish disowned"
ENDORSEMENT_WITHDRAWN = "endorsement gone"
SUPPRESSED, ALLOWED = "suppressed", "allowed"
ACCOUNT_REMOVED = "account removed"


class Erasure(db.Base):
    """One deed that a restored backup must see done again."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    deed: Mapped[str] = mapped_column(String(40))
    #: The id that the link had then; None where it was not done by a link.
    link: Mapped[UUID | None] = mapped_column(Uuid)
    #: The ids of the rows that went.
    rows: Mapped[list[int]] = mapped_column(JSON)
    #: For a suppression, which holds the same: the site's hash of the mailbox.
    mailbox: Mapped[bytes | None] = mapped_column(LargeBinary(32))


_table = Erasure.__table__


@dataclass(frozen=True, slots=True)
class Deed:
    """An erasure as the file has it."""

    id: int
    at: datetime
    deed: str
    link: UUID | None
    rows: tuple[int, ...]
    mailbox: bytes | None

    def line(self) -> str:
        """One line of JSON."""
        found: dict[str, Any] = {"id": self.id, "at": self.at.isoformat(), "deed": self.deed, "rows": self.rows}
        found |= {"link": self.link.hex} if self.link else {}
        found |= {"mailbox": self.mailbox.hex()} if self.mailbox else {}
        return json.dumps(found) + "\n"


class BookRefused(ValueError):
    """A file that is no book of erasures; the text is one sentence."""


def note(
    deed: str, at: datetime, *, link: UUID | None = None, rows: Iterable[int] = (), mailbox: bytes | None = None
) -> None:
    """Remember a deed in the caller's transaction."""
    row = {
        "id": secrets.randbits(63), "at": at, "deed": deed, "link": link, "rows": list(rows)[:MOST_ROWS],
        "mailbox": mailbox,
    }  # fmt: skip
    db.session.execute(insert(_table), row)


def since(at: datetime | None) -> Iterator[Deed]:
    """What the database remembers, in order; from a moment on, or all of it."""
    query = select(*_table.c).order_by(Erasure.at, Erasure.id)
    query = query if at is None else query.where(Erasure.at >= at)
    for row in db.session.execute(query).mappings():
        yield Deed(**{**row, "rows": tuple(row["rows"])})


def unknown(deeds: Sequence[Deed]) -> list[Deed]:
    """Those of which the database knows nothing, in the order in which they were done."""
    known = set(db.session.scalars(select(Erasure.id)))
    return sorted((one for one in deeds if one.id not in known), key=lambda one: (one.at, one.id))


def remember(deed: Deed) -> None:
    """Keep a deed of a book in the database as well."""
    row = {name: getattr(deed, name) for name in Deed.__slots__} | {"rows": list(deed.rows)}
    db.session.execute(insert(_table), row)


def read(path: Path) -> list[Deed]:
    """What stands in a book; an unfinished last line is left out. Raises BookRefused, and OSError where it is not."""
    return [_deed(path, line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _deed(path: Path, line: str) -> Deed:
    try:
        found = json.loads(line)
        link, mailbox = found.get("link"), found.get("mailbox")
        return Deed(
            int(found["id"]), datetime.fromisoformat(found["at"]), str(found["deed"]), UUID(link) if link else None,
            tuple(int(row) for row in found["rows"]), bytes.fromhex(mailbox) if mailbox else None,
        )  # fmt: skip
    except (ValueError, LookupError, TypeError, AttributeError):
        raise BookRefused(f"{path} is no list of erasures, or a broken one.") from None


class Book:
    """The file beside the database, as one worker keeps it. Every worker of every machine writes all erasures into the
    file of its machine, whoever erased; workers of one machine share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = -1
        self._deeds: list[Deed] = []
        self._known: set[int] = set()

    def keep_up(self) -> int:
        """Write down what the database knows and the file does not; how many. Reads alone; may raise OSError."""
        with self._locked():
            self._look()
            last = max((one.at for one in self._deeds), default=None)
            new = [one for one in since(last and last - LATE) if one.id not in self._known]
            if new or not self.path.exists():
                # An empty one says that nothing was erased; a missing one, that it was lost.
                self._append(new)
        return len(new)

    def forget(self, at: datetime) -> None:
        """Leave out what is too old to matter, and what was taken back: a suppression that was lifted."""
        with self._locked():
            self._look()
            lifted = {one.link: one.at for one in self._deeds if one.deed == ALLOWED}
            kept = [one for one in self._deeds if one.at > at - (KEPT - SOONER) and not _is_lifted(one, lifted)]
            if len(kept) < len(self._deeds):
                draft = self.path.with_name(self.path.name + ".new")
                draft.unlink(missing_ok=True)
                _write(draft, kept)
                draft.replace(self.path)
                self._size = -1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _look(self) -> None:
        """Read the file if another worker has written it."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size != self._size:
            self._deeds = read(self.path) if size else []
            self._known = {one.id for one in self._deeds}
            self._size = size

    def _append(self, new: list[Deed]) -> None:
        self._mend()
        _write(self.path, new)
        self._deeds += new
        self._known |= {one.id for one in new}
        self._size = self.path.stat().st_size

    def _mend(self) -> None:
        """A line that was cut off when the disk was full is written again as a whole."""
        if self.path.exists() and self.path.stat().st_size:
            with self.path.open("rb+") as file:
                whole = file.read().rfind(b"\n") + 1
                file.truncate(whole)


def _is_lifted(deed: Deed, lifted: Mapping[UUID | None, datetime]) -> bool:
    return deed.deed == SUPPRESSED and deed.link in lifted and lifted[deed.link] >= deed.at


def _write(path: Path, deeds: Iterable[Deed]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(one.line() for one in deeds)
        file.flush()
        os.fsync(file.fileno())
