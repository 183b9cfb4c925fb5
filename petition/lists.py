"""What every list that is written out has in common: harmless cells, chunks, a checksum, a complete end.

A list is read from one snapshot of the database. Rows are opened in batches, so that a million of them take no more
memory than five thousand.
"""

import csv
import hashlib
import io
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, CursorResult, Row, Select

from petition.base import db

BATCH = 5000
Format = Literal["csv", "jsonl"]


class ExportRefused(Exception):
    """There is no list to give; one sentence for whoever asked."""


class Disagrees(ExportRefused):
    """What must agree does not: rows, the total, its parts. Nobody may hand over such a list."""


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


def csv_lines(rows: Iterator[tuple[object, ...]]) -> bytes:
    """Rows as CSV, every cell in quotes."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def head(columns: tuple[str, ...], form: Format) -> bytes:
    """What stands above the rows. The mark in front tells spreadsheets that this is UTF-8."""
    return b"\xef\xbb\xbf" + csv_lines(iter([columns])) if form == "csv" else b""


def json_document(document: dict[str, object]) -> bytes:
    """A document for people and programs to read."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


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
    def batch(self, rows: Sequence[Row[Any]], first: int) -> bytes:
        """A batch of rows as bytes; `first` is the place of its first one, from 1."""

    def chunks(self) -> Iterator[bytes]:
        """The list in pieces of some hundred kilobytes. Needs the application context, for the keys.

        Write and commit its line in the journal first. Raises crypto.Unsealable where a row does not open.
        """
        yield self._digested(head(self._columns, self._form))
        self._result = self._connection.execute(self.query(), execution_options={"yield_per": BATCH})
        for rows in self._result.partitions(BATCH):
            chunk = self._digested(self.batch(rows, self.done + 1))
            self.done += len(rows)
            yield chunk
        if self.done != self.rows:
            raise Disagrees(f"The list has {self.done} rows, but {self.rows} were counted; it is not complete.")
        self._complete = True

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

    @abstractmethod
    def manifest(self) -> bytes:
        """What the list is, as JSON, with its checksum."""

    def close(self) -> None:
        """Let the database's cursor go, also where nobody has taken the last chunk."""
        if self._result is not None:
            self._result.close()
