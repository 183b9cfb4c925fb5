"""Pairs of rows that live or die together, such as a pending signature and the letter about it."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from petition.base import db


class Pair(NamedTuple):
    """A row for each of two tables, to live or die together. For the same two tables always the same columns; plain
    values only: numbers, words, bytes, moments."""

    first: Table
    one: dict[str, Any]
    second: Table
    other: dict[str, Any]


#: What stores a pair: `put` in the transaction at hand, `together.put` in a commit that several requests share.
Put = Callable[[Pair], None]


def put(pair: Pair) -> None:
    """Insert both rows of a pair in the transaction at hand."""
    insert(db.session.connection(), [pair])


def insert(connection: Connection, pairs: Sequence[Pair]) -> None:
    """Insert pairs for the same two tables: where the database can as one statement, which is the same however many
    there are, so that all live or die together even without a transaction around them."""
    first, second = pairs[0].first, pairs[0].second
    ones, others = [pair.one for pair in pairs], [pair.other for pair in pairs]
    if db.is_sqlite():
        connection.execute(first.insert(), ones)
        connection.execute(second.insert(), others)
        return
    ones, others = [_defaults(first) | row for row in ones], [_defaults(second) | row for row in others]
    statement = _both(first, tuple(ones[0]), second, tuple(others[0]))
    connection.exec_driver_sql(statement, (_as_json(ones), _as_json(others)))


@cache
def _defaults(table: Table) -> dict[str, Any]:
    """What a table's columns are unless something else is said; a statement of our own does not bring it along."""
    scalars = [(column.name, column.default) for column in table.c]
    return {name: default.arg for name, default in scalars if isinstance(default, ScalarElementColumnDefault)}


@lru_cache(maxsize=16)
def _both(first: Table, ones: tuple[str, ...], second: Table, others: tuple[str, ...]) -> str:
    """All rows of a table come as one JSON array, which Python hands over sooner than a parameter for each value; the
    database reads a value as it reads the text of the column's type."""
    inserts = [
        f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(columns)}"  # noqa: S608  # names of ours
        f" FROM json_populate_recordset(NULL::{table.name}, %s::json)"
        for table, columns in ((first, ones), (second, others))
    ]
    return f"WITH first_rows AS ({inserts[0]}) {inserts[1]}"


def _as_json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=_bytes_as_text).decode()


def _bytes_as_text(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)
