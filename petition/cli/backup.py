"""Data and keys, each written to a file of its own while the site runs, and put back. Never both into one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from petition import campaigns, checks, erasures, journal, migrated, migrating, replaying, retention, sightings
from petition.app import create_app
from petition.base import crypto, db, dump, settings
from petition.base.dump import Head
from petition.base.settings import Settings
from petition.cli.ground import Refused, Wrong, actor, application
from petition.cli.output import dying_cleanly, whole
from petition.erasures import Deed

#: Who is signed in, and which worker runs, stays where it was: a session that somebody ended must not come back.
LEFT_OUT = ("account_session", "guess", "sighting")
NAMED = "petition-*.data.gz"
#: Erasures done again in one transaction.
AT_ONCE = 200
_file = click.Path(path_type=Path, dir_okay=False)

APART = "Keep it apart from the {}: whoever has both can read everything."


@click.command()
@click.option("--data", type=_file, default=None, help="The file to write, if not a new one in BACKUPS_DIR.")
@click.option("--keys", type=_file, default=None, help="Write the key ring instead, or as well, elsewhere.")
@click.option("--keep", type=click.IntRange(1), default=None, help="Afterwards delete all but so many of BACKUPS_DIR.")
def backup(data: Path | None, keys: Path | None, keep: int | None) -> None:
    """Write data and keys, each to a file of its own, while the site runs.

    \b
    Example: petition backup --keep 7
    Example: petition backup --keys /media/stick/keys.json
    """
    read = settings.read()
    if data is None and (keys is None or keep is not None):
        data = read.backups_dir / f"petition-{db.now():%Y%m%d-%H%M%S}.data.gz"
    _refuse_together(read, data, keys)
    if keys is not None:
        _write_keys(read, keys)
    if data is not None:
        with application():
            rows = write_data(data)
            if migrated.is_at_head():
                sightings.backed_up(db.now())
                db.session.commit()
        click.echo(f"Data: {data}, {rows} rows. {APART.format('key ring')}")
    if keep is not None:
        for old in sorted(read.backups_dir.glob(NAMED))[:-keep]:
            old.unlink()


def _refuse_together(read: Settings, data: Path | None, keys: Path | None) -> None:
    rings = {one.absolute().parent.resolve() for one in (read.keys_file, keys) if one is not None}
    if data is not None and data.absolute().parent.resolve() in rings:
        raise Refused("Data and keys must not lie in one folder: whoever finds it could read everything.")
    for one in (data, keys):
        if one is not None and one.exists():
            raise Refused(f"{one} is there already; give each backup a name of its own.")


def _write_keys(read: Settings, path: Path) -> None:
    crypto.write(path, crypto.read(read.keys_file))
    click.echo(f"Keys: {path}. {APART.format('data')}")


def write_data(path: Path) -> int:
    """Write all data of the application's database to a new file with mode 600, whole or not at all; how many rows."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with dying_cleanly(), whole(path) as file, db.snapshot() as connection:
        head = Head(dump.FORM, migrated.reached(), db.now(), version("petition"))
        return dump.write(file, connection, head, LEFT_OUT)


@click.command()
@click.option("--data", type=_file, default=None, help="The data, as `petition backup` wrote it.")
@click.option("--keys", type=_file, default=None, help="The key ring, put at KEYS_FILE where there is none.")
@click.option("--erasures", "books", type=_file, multiple=True, help="Lists of erasures, besides ERASURES_FILE.")
@click.option("--without-erasures", is_flag=True, help="They are lost: who withdrew since the backup comes back.")
@click.option("--without-keys", is_flag=True, help="The keys are lost: an archive to read, whose people stay sealed.")
def restore(
    data: Path | None, keys: Path | None, books: tuple[Path, ...], without_erasures: bool, without_keys: bool
) -> None:  # fmt: skip
    """Put data and keys back, on a stopped site, and do again what was erased since.

    The data may come from either kind of database. A server's database must be empty; the file of an embedded one is
    moved aside.

    \b
    Example: petition restore --data petition-20300501-031500.data.gz --keys /media/stick/keys.json
    """
    read = settings.read()
    if data is None and keys is None:
        raise Refused("Say what to restore: --data FILE, --keys FILE, or both.")
    if keys is not None:
        _put_keys_back(read, keys)
    if data is None:
        return
    head = dump.check(data)
    _refuse_unknown(head)
    deeds = _deeds(read, head, books, without_erasures)
    with _target(read):
        differences = _restore(data, head, deeds, without_keys)
    for line in differences:
        click.echo(line)
    if differences:
        raise Wrong("Restored; rows, moves and tallies differ, as they did when the backup was made.")


def _put_keys_back(read: Settings, keys: Path) -> None:
    ring = crypto.read(keys)
    if read.keys_file.exists():
        if not ring.keys.items() <= crypto.read(read.keys_file).keys.items():
            raise Refused(f"There is another key ring at {read.keys_file}; move it away first.")
        click.echo(f"Keys: those at {read.keys_file} are the same.")
        return
    crypto.write(read.keys_file, ring)
    click.echo(f"Keys: put back to {read.keys_file}.")


def _refuse_unknown(head: Head) -> None:
    if head.step > migrated.newest():
        raise Refused(f"The backup has step {head.step}, which only a newer program knows ({head.program} wrote it).")


def _deeds(read: Settings, head: Head, books: tuple[Path, ...], without: bool) -> list[Deed]:
    """All erasures that anything remembers: the files, and the database that is there still."""
    if without:
        return []
    if head.at <= db.now() - (erasures.KEPT - erasures.SOONER):
        raise Refused(
            f"This backup is older than {erasures.KEPT.days} days, and nobody remembers who has withdrawn since;"
            " --without-erasures restores it all the same."
        )
    found = {one.id: one for book in books for one in erasures.read(book)}
    if read.erasures_file.exists():
        found |= {one.id: one for one in erasures.read(read.erasures_file)}
    elif not books:
        raise Refused(
            f"There is no list of erasures at {read.erasures_file}. Name a copy by --erasures; or, if all are lost,"
            " say --without-erasures: who has withdrawn since the backup then comes back."
        )
    return list((found | {one.id: one for one in _of_what_is_there(read)}).values())


def _of_what_is_there(read: Settings) -> list[Deed]:
    if read.database_file is None or not read.database_file.exists():
        return []
    with _opened(read):
        try:
            db.reading()
            return list(erasures.since(None))
        except SQLAlchemyError:
            # It is broken, or was never filled: that is why there is a backup.
            return []


@contextmanager
def _opened(read: Settings) -> Iterator[Flask]:
    """The application of settings in its context, its connections closed at the end."""
    app = create_app(read)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.database().dispose()


@contextmanager
def _target(read: Settings) -> Iterator[Flask]:
    """An application on an empty database; where that is a file, it takes the place of the old one at the end."""
    file = read.database_file
    if file is None:
        with _opened(read) as app:
            _refuse_used()
            yield app
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists():
        _refuse_running(read)
    made = file.with_name(file.name + ".restoring")
    _remove(made)
    try:
        with _opened(settings.on_file(read, made)) as app:
            yield app
            db.session.remove()
            dump.is_alone(db.database().engine)
        if file.exists():
            aside = file.with_name(f"{file.name}.before-{db.now():%Y%m%d-%H%M%S}")
            file.rename(aside)
            click.echo(f"The old database lies at {aside}; delete it once all is well.")
        made.replace(file)
    finally:
        _remove(made)


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)


def _refuse_used() -> None:
    with db.database().engine.connect() as connection:
        if dump.others(connection):
            raise Refused("Somebody is connected to the database; stop every web process and worker first.")
        if not dump.is_empty(connection):
            raise Refused("The database is not empty; make a new one (createdb) and name it in DATABASE_URL.")


def _refuse_running(read: Settings) -> None:
    with _opened(read):
        if not dump.is_alone(db.database().engine):
            raise Refused("The database is in use; stop the site and its worker first.")


def _restore(data: Path, head: Head, deeds: list[Deed], without_keys: bool) -> list[str]:
    """Everything on the empty database of the application; what `register check` says of it."""
    # An empty database may have been migrated already.
    (migrating.go_back if migrated.reached() > head.step else migrating.migrate)(head.step)
    rows = _fill(data, without_keys)
    migrating.migrate()
    again = _erase_again(deeds)
    journal.write(actor(), "backup restored", count=rows, reason=f"of {head.at:%Y-%m-%d %H:%M} UTC")
    db.session.commit()
    for _step in retention.steps(db.now()):
        db.session.commit()
    db.session.remove()
    click.echo(f"Data: {rows} rows of {head.at:%Y-%m-%d %H:%M} UTC; {again} erasures since then done again.")
    db.one_moment()
    return checks.register_differences()


def _fill(data: Path, without_keys: bool) -> int:
    """All rows, in one transaction; how many."""
    try:
        with dump.opened(data) as (_head, file), db.database().engine.begin() as connection:
            rows = dump.load(file, connection)
            if not without_keys:
                # In the same transaction, so that a wrong ring leaves nothing behind.
                db.session(bind=connection)
                campaigns.try_keys()
                db.session.remove()
    except IntegrityError:
        # An embedded database looks at its end only whether what rows point to is there.
        raise dump.DumpRefused("The backup holds nothing for this database: rows point to what is not there.") from None
    return rows


def _erase_again(deeds: list[Deed]) -> int:
    again = 0
    for number, deed in enumerate(erasures.unknown(deeds), 1):
        again += replaying.replay(deed)
        if number % AT_ONCE == 0:
            db.session.commit()
    db.session.commit()
    return again
