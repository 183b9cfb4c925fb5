"""Faults of the database for a while, on both kinds; what is broken is mended at the end."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Engine, event, text

from petition.base import db


@contextlib.contextmanager
def every_connection(pragma: str) -> Iterator[None]:
    """Every new connection to a file has this said to it."""

    def say(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    event.listen(Engine, "connect", say)
    try:
        yield
    finally:
        event.remove(Engine, "connect", say)


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """New connections can only read."""
    db.session.remove()
    db.database().dispose()
    if db.is_sqlite():
        with every_connection("query_only = on"):
            yield
        db.database().dispose()
        return
    change = f"ALTER DATABASE {db.database().engine.url.database} {{}}"
    with db.database().engine.begin() as connection:
        connection.execute(text(change.format("SET default_transaction_read_only = on")))
    db.database().dispose()
    try:
        yield
    finally:
        with db.database().engine.begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(change.format("RESET default_transaction_read_only")))
        db.database().dispose()


@contextlib.contextmanager
def not_migrated() -> Iterator[None]:
    """The database says that it has the first step alone."""
    db.session.remove()
    with db.database().engine.begin() as connection:
        (head,) = connection.execute(text("SELECT version_num FROM alembic_version")).one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        yield
    finally:
        with db.database().engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
