"""The forms in which a list is written out: CSV, JSON lines, and workbooks (XLSX)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

import orjson

from petition.base.workbook import Workbook

Format = Literal["csv", "jsonl", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "xlsx")
#: What each is called where programs meet.
MIME = {
    "csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
#: The mark in front tells spreadsheets that this is UTF-8.
BOM = b"\xef\xbb\xbf"


class Writer(Protocol):
    """Turns the rows of a list into bytes, some at a time, in this order. What a list says of itself is its `facts`."""

    def head(self) -> bytes:
        """What stands above the rows."""

    def lines(self, rows: Iterable[Sequence[object]]) -> bytes:
        """Rows."""

    def tail(self, facts: Mapping[str, object]) -> bytes:
        """What stands below them."""


class _Csv:
    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return BOM + csv_lines(iter([self._columns]))

    def lines(self, rows: Iterable[Sequence[object]]) -> bytes:
        return csv_lines(rows)

    def tail(self, facts: Mapping[str, object]) -> bytes:
        return b""


class _JsonLines:
    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return b""

    def lines(self, rows: Iterable[Sequence[object]]) -> bytes:
        dumps, names = orjson.dumps, self._columns
        return b"".join([dumps(dict(zip(names, line, strict=True))) + b"\n" for line in rows])

    def tail(self, facts: Mapping[str, object]) -> bytes:
        return b""


class _Sheets:
    """The list on the first sheet, what it is on the second: there is no room for it above the rows."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._book = Workbook(("list", "about"))

    def head(self) -> bytes:
        return self._book.begin(self._columns)

    def lines(self, rows: Iterable[Sequence[object]]) -> bytes:
        return self._book.rows(rows)

    def tail(self, facts: Mapping[str, object]) -> bytes:
        about = self._book.begin(("what", "value"))
        return about + self._book.rows(_told(facts)) + self._book.end()


def _told(facts: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in facts.items():
        yield name, value if isinstance(value, (int, str)) else orjson.dumps(value).decode()


_WRITERS: dict[Format, type[_Csv | _JsonLines | _Sheets]] = {"csv": _Csv, "jsonl": _JsonLines, "xlsx": _Sheets}


def writer(form: Format, columns: tuple[str, ...]) -> Writer:
    """Writes one list."""
    return _WRITERS[form](columns)


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV, every cell in quotes."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def json_document(document: Mapping[str, object]) -> bytes:
    """A document for people and programs to read."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
