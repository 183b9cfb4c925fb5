"""Many rows with one statement, which is the same text however many there are.

PostgreSQL gets all of them as one JSON array, which Python hands over sooner than a parameter for each value; it reads
a value as it reads the text of the column's type. (The driver's own way sends and waits for each row by itself.)
SQLite, which runs in this process, gets one after the other. Plain values only: numbers, words, bytes, moments, UUIDs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Connection,
    String,
    Table,
    TableValuedAlias,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)

from petition.base import db


def insert(table: Table, columns: Sequence[str]) -> Any:
    """An INSERT that knows ON CONFLICT, for rows with just these columns; run it with `handed`."""
    if db.is_sqlite():
        return db.insert(table)
    given = _given(table, columns)
    return db.insert(table).from_select(columns, select(*(given.c[name] for name in columns)))


def update(connection: Connection, table: Table, key: str, name: str, values: Mapping[Any, Any]) -> None:
    """Set one column of the rows with these keys to the value of each, in the transaction at hand."""
    if db.is_sqlite():
        one = table.update().where(table.c[key] == bindparam("k")).values({name: bindparam("v")})
        connection.execute(one, [{"k": k, "v": v} for k, v in values.items()])
        return
    given = _given(table, (key, name))
    all_of_them = table.update().where(table.c[key] == given.c[key]).values({name: given.c[name]})
    connection.execute(all_of_them, handed([{key: k, name: v} for k, v in values.items()]))


def _given(table: Table, columns: Sequence[str]) -> TableValuedAlias:
    array = cast(bindparam("rows", type_=String), JSON)
    read = func.json_populate_recordset(literal_column(f"NULL::{table.name}"), array)
    return read.table_valued(*(column(name, table.c[name].type) for name in columns), name="given")


def handed(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The parameters of what `insert` made, for these rows."""
    return rows if db.is_sqlite() else {"rows": as_json(rows)}


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a JSON array that PostgreSQL reads by the types of its columns."""
    return orjson.dumps(rows, default=_bytes_as_text).decode()


def _bytes_as_text(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)
