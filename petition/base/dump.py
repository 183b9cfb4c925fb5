"""All rows of a database in one file, in a form that either kind of database takes back.

The file is gzip over the text form of PostgreSQL's COPY, table after table, the ones that others point to first: a
row a line, columns between tabs, `\\N` for nothing, bytes as hexadecimal. The first line names the form and the
database's step, the last one counts the rows: a file that ends before it is not whole, and is refused. Rows stream
through; nothing is held that grows with them.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    select,
    text,
)
from sqlalchemy.exc import DataError, IntegrityError

FORM = 1
_HEAD, _END = "-- petition data ", "-- whole, rows: "
_TABLE = re.compile(r'COPY "(\w+)" \(([^)]*)\) FROM stdin;\n')
#: Rows written or read at once.
BATCH = 5000
#: What an embedded database says when somebody else is at it.
_BUSY = (5, 6)
#: Bytes handed to a server at once.
BLOCK = 1 << 18


class DumpRefused(ValueError):
    """A file that is no dump, not whole, or of a form that this program does not know; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a dump says of itself: its form, the step of its database, its moment, and the program that wrote it."""

    form: int
    step: str
    at: datetime
    program: str


def write(file: IO[bytes], connection: Connection, head: Head, leaving_out: Collection[str] = ()) -> int:
    """Write every row that a connection sees, from one moment (`db.snapshot`); how many. Raises OSError."""
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed:
        said = asdict(head) | {"at": head.at.isoformat()}
        packed.write(f"{_HEAD}{json.dumps(said)}\n".encode())
        rows = 0
        for table in _tables(connection):
            if table.name not in leaving_out:
                names = ", ".join(_quoted(column.name) for column in table.columns)
                packed.write(f"COPY {_quoted(table.name)} ({names}) FROM stdin;\n".encode())
                rows += _write_rows(cast(IO[bytes], packed), connection, table)
                packed.write(b"\\.\n")
        packed.write(f"{_END}{rows}\n".encode())
    return rows


def _tables(connection: Connection) -> list[Table]:
    """What stands in the database, whatever its step: the ones that others point to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _write_rows(packed: IO[bytes], connection: Connection, table: Table) -> int:
    rows = 0
    if not _copies(connection):
        # As it is stored, and not as Python would have it.
        found = connection.execution_options(yield_per=BATCH).execute(_as_stored(table))
        for batch in found.partitions(BATCH):
            packed.write(b"".join(map(_line, batch)))
            rows += len(batch)
        return rows
    connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
    with _cursor(connection).copy(f"COPY {_quoted(table.name)} ({_columns(table)}) TO STDOUT") as copying:
        for block in copying:
            packed.write(block)
            rows += bytes(block).count(b"\n")
    return rows


def _copies(connection: Connection) -> bool:
    return hasattr(_cursor(connection), "copy")


def _cursor(connection: Connection) -> Any:
    return cast(Any, connection.connection.cursor())


def _columns(table: Table) -> str:
    return ", ".join(_quoted(column.name) for column in table.columns)


def _as_stored(table: Table) -> Any:
    return text(f"SELECT {_columns(table)} FROM {_quoted(table.name)}")  # noqa: S608  # names of the database's own


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"})
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _line(row: Iterable[object]) -> bytes:
    return ("\t".join(map(_field, row)) + "\n").encode()


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value).translate(_ESCAPES)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Head, IO[bytes]]]:
    """A dump's head, and its rows for `load`. Raises DumpRefused, also when what is read turns out to be broken."""
    try:
        with gzip.open(path, "rb") as file:
            yield _head(path, file.readline()), cast(IO[bytes], file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DumpRefused(f"{path} is no backup of this program, or not whole ({error}).") from None


def _head(path: Path, line: bytes) -> Head:
    try:
        said = json.loads(line.decode().removeprefix(_HEAD))
        head = Head(int(said["form"]), str(said["step"]), datetime.fromisoformat(said["at"]), str(said["program"]))
    except (ValueError, LookupError, TypeError):
        raise DumpRefused(f"{path} is no backup of this program.") from None
    if head.form != FORM:
        raise DumpRefused(f"{path} has form {head.form}; this program knows {FORM}: restore it with a newer one.")
    return head


def check(path: Path) -> Head:
    """Read a dump to its end before anything is done with it; its head. Raises DumpRefused where it is not whole."""
    with opened(path) as (head, file):
        rows, last = 0, b""
        for last in file:
            if last.startswith(b"COPY "):
                rows += sum(1 for _line in _lines(file))
        if last.decode() != f"{_END}{rows}\n":
            raise DumpRefused(f"{path} is not whole: it ends before its last line, or rows of it are missing.")
    return head


def load(file: IO[bytes], connection: Connection) -> int:
    """Put every row into the empty tables of a database at the dump's step, in the connection's transaction; how many.
    Raises DumpRefused where the file is not whole: then nothing may be committed."""
    _take_long(connection)
    driver = connection.dialect.loaded_dbapi
    try:
        return _load(file, connection, {table.name: table for table in _tables(connection)})
    except (driver.DataError, driver.IntegrityError, driver.ProgrammingError, DataError, IntegrityError) as error:
        # Its text may repeat what is stored.
        raise DumpRefused(f"The backup is not whole, or nothing for this database ({type(error).__name__}).") from None


def _load(file: IO[bytes], connection: Connection, tables: dict[str, Table]) -> int:
    rows = 0
    for line in file:
        said = line.decode()
        if said == f"{_END}{rows}\n":
            _number_on(connection, tables.values())
            return rows
        match = _TABLE.fullmatch(said)
        if match is None or match[1] not in tables:
            break
        rows += _load_rows(file, connection, tables[match[1]], re.findall(r"\w+", match[2]))
    raise DumpRefused("The backup is not whole: it ends, or is broken, before its last line.")


def _take_long(connection: Connection) -> None:
    if _copies(connection):
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
    else:
        # A row may point to one that comes later in its own table.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")


def _load_rows(file: IO[bytes], connection: Connection, table: Table, names: list[str]) -> int:
    if _copies(connection):
        return _copy_in(file, connection, table, names)
    read = [_reader(table.columns[name]) for name in names]
    into = f"{_quoted(table.name)} ({', '.join(map(_quoted, names))})"
    statement = f"INSERT INTO {into} VALUES ({', '.join('?' for _ in names)})"  # noqa: S608  # likewise
    rows = 0
    lines = _lines(file)
    while batch := [_row(line, read) for line in islice(lines, BATCH)]:
        connection.exec_driver_sql(statement, batch)
        rows += len(batch)
    return rows


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The rows of one table."""
    for line in file:
        if line == b"\\.\n":
            return
        yield line


def _copy_in(file: IO[bytes], connection: Connection, table: Table, names: list[str]) -> int:
    rows, block = 0, bytearray()
    into = f"{_quoted(table.name)} ({', '.join(map(_quoted, names))})"
    with _cursor(connection).copy(f"COPY {into} FROM STDIN") as copying:
        for line in _lines(file):
            block += line
            rows += 1
            if len(block) >= BLOCK:
                copying.write(bytes(block))
                block.clear()
        copying.write(bytes(block))
    return rows


def _row(line: bytes, read: list[Callable[[str], object]]) -> tuple[object, ...]:
    fields = line.decode().removesuffix("\n").split("\t")
    return tuple(
        None if field == "\\N" else one(_ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), field))
        for one, field in zip(read, fields, strict=True)
    )


def _reader(column: Column[Any]) -> Callable[[str], object]:
    """From the common form to what an embedded database stores for a column of its type."""
    kinds: tuple[tuple[type | tuple[type, ...], Callable[[str], object]], ...] = (
        (LargeBinary, lambda field: bytes.fromhex(field.removeprefix("\\x"))),
        (Boolean, lambda field: int(field in ("t", "1", "true"))),
        (DateTime, _moment),
        (Date, str),
        ((Uuid, CHAR), lambda field: field.replace("-", "")),
        (Integer, int),
    )
    return next((read for kind, read in kinds if isinstance(column.type, kind)), str)


def _moment(field: str) -> str:
    """`2030-05-01 18:00:00+00`, or with a fraction, as the other database's text in UTC, which is of one length."""
    seconds, _, fraction = field.removesuffix("+00").partition(".")
    return f"{seconds}.{fraction:0<6}"


def _number_on(connection: Connection, tables: Iterable[Table]) -> None:
    """A server's own counters go on after the highest number; an embedded database looks for itself."""
    if not _copies(connection):
        return
    for table in tables:
        for column in table.primary_key.columns:
            named = {"table": _quoted(table.name), "column": column.name}
            counter = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), named)
            if counter:
                highest = connection.scalar(select(column).order_by(column.desc()).limit(1))
                continued = {"counter": counter, "highest": highest or 1, "used": highest is not None}
                connection.execute(text("SELECT setval(:counter, :highest, :used)"), continued)


def is_empty(connection: Connection) -> bool:
    """Whether there is no row at all."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in _tables(connection))


def others(connection: Connection) -> int:
    """How many others are connected to a server's database; 0 for an embedded one."""
    if not _copies(connection):
        return 0
    beside = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return int(connection.scalar(text(f"SELECT count(*) {beside} AND backend_type = 'client backend'")) or 0)


def is_alone(engine: Engine) -> bool:
    """Whether nobody else has an embedded database's file open; its log is folded into it. What is no database, or a
    broken one, nobody can use."""
    try:
        with closing(engine.raw_connection()) as connection:
            return bool(connection.cursor().execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",))
    except engine.dialect.loaded_dbapi.Error as error:
        return (error.sqlite_errorcode & 0xFF) not in _BUSY
    finally:
        engine.dispose()
