"""Engine, session, clock and SQLite's transactions. The only place that names a dialect.

The session belongs to the application context and ends with it. Verbs of the domain use `db.session` and never
commit; whoever called them does. On SQLite a transaction takes the write lock at its beginning, because one
that starts reading and then writes loses against others (607 of 800 were refused when measured); contexts that
only read say so with `reading()`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

import psycopg
from flask import Flask, current_app
from flask.globals import app_ctx
from psycopg import conninfo
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, scoped_session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from petition.base.settings import Settings, SettingsError

_key = "petition.db"
POOL_WAIT = 2
PING_AFTER = 1.0
STATEMENT_LIMIT_MS = 10_000


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive value is a mistake of ours."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives naive values back; they are UTC."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


#: A 64-bit key that SQLite can number by itself.
BigKey = BigInteger().with_variant(Integer, "sqlite")

#: Up to 500 characters compared byte by byte on both databases, so that an index serves order and pages.
Folded = String(500).with_variant(String(500, collation="C"), "postgresql")


class Base(DeclarativeBase):
    """What all tables share."""

    # Named constraints, so that later migrations can name what they change on both databases.
    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    if TYPE_CHECKING:
        # SQLAlchemy calls it what could also be a view.
        __table__: ClassVar[Table]
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment, int: BigKey}

    def change(self, values: Mapping[str, Any]) -> bool:
        """Set columns; whether any of them was another before."""
        changed = [name for name, value in values.items() if getattr(self, name) != value]
        for name in changed:
            setattr(self, name, values[name])
        return bool(changed)


class Database:
    """One engine for one application; `reader` shares its pool and takes no write lock on SQLite."""

    def __init__(self, settings: Settings) -> None:
        self.engine = _engine(settings)
        self.reader = self.engine.execution_options(petition_reading=True)
        #: For `together`, which sends single statements; None on SQLite, where every write is a transaction.
        self.alone: Engine | None = None
        if self.engine.dialect.name != "sqlite":
            # A connection of its own: switching one to and fro costs as much as the statement.
            self.alone = _engine(settings, pool_size=1, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)

    def dispose(self) -> None:
        """Close every idle connection."""
        self.engine.dispose()
        if self.alone is not None:
            self.alone.dispose()


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its database. Opens no connection."""
    share(app, Database(settings))


def share(app: Flask, database: Database) -> None:
    """Give the application a database that another one has already: one pool of connections for both."""
    app.extensions[_key] = database
    app.teardown_appcontext(_end)


def _engine(settings: Settings, **options: Any) -> Engine:
    url = settings.database_url
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT,
            connect_args={"timeout": 5, "isolation_level": None, "check_same_thread": False},
            hide_parameters=True,
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    try:
        conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Its own words may repeat a piece of the password.
        raise SettingsError("DATABASE_URL must say after its ? what PostgreSQL knows, and nothing else.") from None
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        # What was typed must not stand in an error's text.
        hide_parameters=True,
        max_overflow=0,
        pool_timeout=POOL_WAIT,
        connect_args={
            "connect_timeout": 3,
            "options": f"-c statement_timeout={STATEMENT_LIMIT_MS} -c idle_in_transaction_session_timeout=60000",
        },
        **{"pool_size": settings.pool_size} | options,
    )
    event.listen(engine, "checkin", _remember_idle)
    event.listen(engine, "checkout", partial(_ping_idle, engine))
    return engine


def _remember_idle(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


def _ping_idle(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that has been idle may lead to a server that was restarted: ask it before anybody relies on it."""
    if time.monotonic() - record.info.get("idle_since", float("inf")) < PING_AFTER:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        # The pool answers this with a fresh connection.
        raise DisconnectionError from None


def _sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    # FULL, because an answered signature must survive a power cut; secure_delete, because what is erased is gone.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("petition_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def database() -> Database:
    """The database of the application we run in."""
    found: Database = current_app.extensions[_key]
    return found


def _scope() -> int:
    return id(app_ctx._get_current_object())  # type: ignore[attr-defined]  # a proxy at run time


def _session(bind: Engine | None = None) -> Session:
    return Session(bind or database().engine, expire_on_commit=False)


session: scoped_session[Session] = scoped_session(cast("sessionmaker[Session]", _session), scopefunc=_scope)


def one_commit() -> AbstractContextManager[Connection]:
    """A connection whose work is committed when it ends: as one transaction on SQLite, elsewhere each statement by
    itself, so that a single one costs a single round trip."""
    which = database()
    return which.engine.begin() if which.alone is None else which.alone.connect()


def reading() -> None:
    """This application context only reads: take no write lock. Call it before the session is first used."""
    session(bind=database().reader)


def one_moment() -> None:
    """This application context only reads, all its reads see one moment, and they may take long. Call it before the
    session is first used."""
    if is_sqlite():
        reading()
        return
    session(bind=database().reader.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))
    session.connection().exec_driver_sql("SET LOCAL statement_timeout = 0")


def _end(_error: BaseException | None) -> None:
    try:
        session.remove()
    except SQLAlchemyError as error:
        # What was read or committed stands; there is nobody left to roll the rest back.
        if not is_unavailable(error):
            raise
        session().invalidate()
        session.registry.clear()


def now() -> datetime:
    """The moment, in UTC, by this machine's clock. The only clock there is."""
    return datetime.now(UTC)


def clock() -> datetime:
    """The moment at which the transaction at hand began by the database's own clock. Nothing stored rests on it."""
    found: datetime = session.execute(select(type_coerce(func.current_timestamp(), Moment))).scalar_one()
    return found


def lazily() -> None:
    """The transaction at hand need not survive a power cut by itself: its commit does not wait for the disk. Nothing
    that somebody is told may rest on it. It is on disk at the latest with the next commit that waits, whoever makes
    it, for PostgreSQL writes its log in one sequence. SQLite always waits."""
    if not is_sqlite():
        session.connection().exec_driver_sql("SET LOCAL synchronous_commit = off")


def insert_for(connection: Session | scoped_session[Session]) -> Callable[..., Any]:
    """The dialect's INSERT, the one that knows ON CONFLICT."""
    name = connection.get_bind().dialect.name
    return sqlite.insert if name == "sqlite" else postgresql.insert


def insert(table: Any) -> Any:
    """An INSERT into a table that knows ON CONFLICT, for the database of this application."""
    return insert_for(session)(table)


def is_sqlite() -> bool:
    """Whether this application runs on SQLite (for what has no common form)."""
    return database().engine.dialect.name == "sqlite"


class Among(FunctionElement[bool]):
    """Whether a column is one of the values of a list, which is the parameter `name`.

    A list with a parameter for each value is a new text for each length: SQLAlchemy writes it anew each time, and the
    driver takes it apart.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> None:
        super().__init__(column, bindparam(name, expanding=True, type_=column.type))


@compiles(Among)
def _one_by_one(among: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = among.clauses
    return compiler.process(column.in_(values), **options)


@compiles(Among, "postgresql")
def _as_array(among: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = among.clauses
    array = bindparam(values.key, type_=ARRAY(column.type))
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(array, **options)})"


def hour(column: ColumnElement[datetime] | InstrumentedAttribute[datetime]) -> ColumnElement[str]:
    """The UTC hour of a stored moment, as 2030-05-01T18, for grouping."""
    if is_sqlite():
        return func.strftime("%Y-%m-%dT%H", type_coerce(column, String))
    return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24')


def count(statement: Executable) -> int:
    """Do an UPDATE or DELETE in the session; how many rows it touched."""
    result: CursorResult[Any] = cast(CursorResult[Any], session.execute(statement))
    return result.rowcount


class NotNow(SQLAlchemyError):
    """Not stored, or nobody knows: the database is away or full, or whoever stored for several was stopped."""


#: What SQLite says for "not now"; its other operational errors, such as a missing table, are mistakes of ours.
_NOT_NOW = frozenset(
    (
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    )
)  # fmt: skip


def is_unavailable(error: BaseException) -> bool:
    """Whether an error of the database means "not now" rather than a mistake of ours.

    Connection lost (also while committing: the outcome is then unknown and must be answered as a failure), no
    free connection within two seconds, a lock not had in time, a statement over its limit, disk full, shutting
    down, whoever stored for several stopped.
    """
    if isinstance(error, (NotNow, NoFreeConnection)):
        return True
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF in _NOT_NOW
    if isinstance(error, OperationalError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    return isinstance(error.orig, (psycopg.errors.InsufficientResources, psycopg.errors.OperatorIntervention))


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection of its own whose reads all see one moment; streams with `yield_per`. Ends by rolling back."""
    reader = database().reader
    options: dict[str, Any] = {} if is_sqlite() else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with reader.connect().execution_options(**options) as connection:
        if not is_sqlite():
            # An export may take longer than a page may, and whoever reads it may pause.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection
        connection.rollback()
