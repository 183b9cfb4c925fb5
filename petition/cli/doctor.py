"""The doctor: what is wrong with this site, in plain words, and what to do about it."""

from collections.abc import Callable, Iterator

import click

from petition import sightings
from petition.app import create_app
from petition.base import db, settings
from petition.base.crypto import KeyRingError
from petition.base.settings import Settings, SettingsError
from petition.cli import findings, reaching
from petition.cli.findings import LOOK, WRONG, Finding
from petition.cli.ground import Wrong, with_app


@click.command()
@click.option("--here", is_flag=True, help="Ask nothing outside: neither the site's address nor the mail server.")
def doctor(here: bool) -> None:
    """Say what is wrong with this site, and what to do about it.

    Looks at settings, keys, database, workers, letters, backup, address and mail server. Ends with 1 where anything is
    wrong.

    \b
    Example: petition doctor
    """
    levels = []
    for found in _all(here):
        levels.append(found.level)
        click.echo(f"{found.level:<5}  {found.words}")
        if found.remedy:
            click.echo(f"       → {found.remedy}")
    wrong = levels.count(WRONG)
    if wrong:
        raise Wrong(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
    click.echo("Nothing is wrong." if LOOK not in levels else "Nothing is wrong; look at what is marked.")


def _all(here: bool) -> Iterator[Finding]:
    try:
        read = settings.read()
    except SettingsError as error:
        yield Finding(
            WRONG, str(error), "All settings are in docs/settings.md. The rest can be looked at once it is right."
        )
        return
    yield from findings.of_settings(read)
    try:
        yield from findings.of_keys(read.keys_file)
    except KeyRingError as error:
        yield Finding(WRONG, str(error), "If it is lost, put it back from its backup: docs/backup.md. A new one opens"
                      " nothing that is stored.")  # fmt: skip
        return
    parts = [lambda _read: findings.of_database()]
    yield from _inside(read, parts if here else [*parts, reaching.of_address, reaching.of_mail])


def _inside(read: Settings, parts: list[Callable[[Settings], Iterator[Finding]]]) -> Iterator[Finding]:
    with create_app(read).app_context():
        for part in parts:
            try:
                yield from part(read)
            except Exception as error:
                # Whatever is wrong with one thing, the others are looked at.
                yield Finding(WRONG, f"Something could not be looked at ({type(error).__name__}).",
                              "This is our fault: please report it.")  # fmt: skip
        db.session.remove()
        db.database().dispose()


@click.command("backed-up")
@with_app
def backed_up() -> None:
    """Note that a backup was made, so that a missing one is noticed.

    The last line of what makes your backups.

    \b
    Example: petition backed-up
    """
    sightings.backed_up(db.now())
    db.session.commit()


commands = [doctor, backed_up]
