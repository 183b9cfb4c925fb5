"""What every list that is written out has in common: harmless cells, chunks, a checksum, a complete end.

A list is read from one snapshot of the database. Rows are opened in batches, so that a million of them take no more
memory than five thousand.
"""

import hashlib
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, Select

from petition import formats
from petition.base import db
from petition.base.workbook import MOST_ROWS, TooLarge
from petition.formats import Format, json_document

BATCH = 5000


class ExportRefused(Exception):
    """There is no list to give; one sentence for whoever asked."""


class Disagrees(ExportRefused):
    """What must agree does not: rows, the total, its parts. Nobody may hand over such a list."""


class TooLong(ExportRefused):
    """More than a spreadsheet takes."""

    def __init__(self) -> None:
        super().__init__("A spreadsheet cannot hold this list; take it as CSV.")


_FORMULA = frozenset("=+-@|%")
_AT_THE_START = ("\t", "\r", "\n", "\0")


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: what might start one gets an apostrophe in front (S33).

    Blanks and invisible characters in front are looked through, full-width and other compatible forms count as what
    they stand for. A number such as -5 or +49… gets its apostrophe too: nothing tells it from a formula.
    """
    # A letter or digit starts nearly every cell, and no form of one stands for any of these signs.
    if not text or text[0].isalnum():
        return text
    if text[0] in _AT_THE_START:
        return "'" + text
    for character in text:
        if character.isspace() or unicodedata.category(character) == "Cf":
            continue
        return "'" + text if unicodedata.normalize("NFKC", character)[0] in _FORMULA else text
    return text


def check_columns(columns: Sequence[str], known: Sequence[str]) -> None:
    """Raises ExportRefused for columns that a list cannot have."""
    for name in columns:
        if name not in known:
            raise ExportRefused(f"There is no column “{name}”; the columns are {', '.join(known)}.")
    if not columns or len(set(columns)) < len(columns):
        raise ExportRefused("A list needs columns, each of them once.")


class Leaving(ABC):
    """A list about to leave: how long it is, and its bytes in chunks, which can be had once."""

    def __init__(self, connection: Connection, columns: tuple[str, ...], form: Format) -> None:
        self._connection, self._columns, self._form = connection, columns, form
        self._writer = formats.writer(form, columns)
        self._digest = hashlib.sha256()
        self._complete = False
        self._result: CursorResult[Any] | None = None
        #: The moment of the snapshot, UTC.
        self.at = db.now()
        #: How many rows there are to read, and how many have been.
        self.rows = 0
        self.done = 0

    @abstractmethod
    def query(self) -> Select[Any]:
        """The rows, in the order of the list."""

    @abstractmethod
    def batch(self, rows: Sequence[Row[Any]], first: int) -> Iterator[tuple[object, ...]]:
        """A batch of rows as they stand in the list; `first` is the place of its first one, from 1."""

    @abstractmethod
    def facts(self) -> dict[str, object]:
        """What the list is: of what, of when, which rows, how many. Names nobody."""

    def chunks(self) -> Iterator[bytes]:
        """The list in pieces of some hundred kilobytes. Needs the application context, for the keys.

        Write and commit its line in the journal first. Raises crypto.Unsealable where a row does not open,
        ExportRefused where a spreadsheet cannot take it.
        """
        if self._form == "xlsx" and self.rows >= MOST_ROWS:
            raise TooLong
        yield self._digested(self._writer.head())
        self._result = self._connection.execute(self.query(), execution_options={"yield_per": BATCH})
        for rows in self._result.partitions(BATCH):
            chunk = self._digested(self._written(rows))
            self.done += len(rows)
            yield chunk
        if self.done != self.rows:
            raise Disagrees(f"The list has {self.done} rows, but {self.rows} were counted; it is not complete.")
        yield self._digested(self._writer.tail(self.facts()))
        self._complete = True

    def _written(self, rows: Sequence[Row[Any]]) -> bytes:
        try:
            return self._writer.lines(self.batch(rows, self.done + 1))
        except TooLarge:
            raise TooLong from None

    def _digested(self, chunk: bytes) -> bytes:
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        """The checksum of its bytes; only once the last chunk has been taken."""
        if not self._complete:
            raise ExportRefused("The list is not complete.")
        return self._digest.hexdigest()

    @abstractmethod
    def record(self, actor: str, reason: str) -> None:
        """The journal's line about who takes this list and why (S41). Commit it before the first row leaves."""

    def manifest(self) -> bytes:
        """What the list is, as JSON, with the SHA-256 of its bytes; only once the last chunk has been taken."""
        return json_document({**self.facts(), "sha256": self.sha256()})

    def close(self) -> None:
        """Let the database's cursor go, also where nobody has taken the last chunk."""
        if self._result is not None:
            self._result.close()
