"""The database brought up to date, with a way back: backed up before, checked after, taken back if it is wrong."""

import contextvars
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from petition import campaigns, checks, journal, migrated, migrating
from petition.base import db, i18n, settings
from petition.base.crypto import Unsealable
from petition.cli.backup import write_data
from petition.cli.ground import Refused, Wrong, actor, with_app

#: So many campaigns are opened as a visitor would, the newest ones.
LOOKED_AT = 20
_OTHER_KEYS = "The key ring does not open what is stored."


@click.command()
@click.option("--check-only", is_flag=True, help="Change nothing: say what is wrong with what is there.")
@with_app
def upgrade(check_only: bool) -> None:
    """Back up, bring the database up to date, check, and go back if something is wrong.

    The site may run meanwhile; restart it afterwards. Ends with 1 where a check has failed; the database is then as
    it was.

    \b
    Example: petition upgrade
    """
    before = migrated.reached()
    if not before:
        raise Refused("There is no database yet; `petition migrate` makes it.")
    wrong = _wrong() if migrated.is_at_head() else [*_differences()]
    if check_only or wrong:
        _tell(wrong, "The checks failed before anything was changed." if wrong else "All checks pass.")
        return
    if migrated.is_at_head():
        click.echo(f"The database is at step {before} and well; there is nothing to do.")
        return
    kept = settings.current().backups_dir / f"before-{migrated.newest()}-{db.now():%Y%m%d-%H%M%S}.data.gz"
    rows = write_data(kept)
    click.echo(f"Backed up {rows} rows: {kept}")
    _up(before, kept)


def _up(before: str, kept: Path) -> None:
    try:
        migrating.migrate()
        wrong = _wrong()
    except SQLAlchemyError as error:
        # Its text may repeat what is stored; its class cannot.
        db.session.rollback()
        wrong = [f"A step failed ({type(error).__name__}); each is made whole or not at all."]
    if wrong:
        _back(before, kept)
        _tell(wrong, f"Something is wrong, and the database is at step {before} again. Go back to the program before.")
    journal.write(actor(), "database upgraded", reason=f"from step {before} to {migrated.newest()}")
    db.session.commit()
    click.echo(f"The database is at step {migrated.newest()}, and all checks pass. Restart the site and its workers.")


def _back(before: str, kept: Path) -> None:
    db.session.remove()
    try:
        migrating.go_back(before)
    except SQLAlchemyError as error:
        raise Wrong(
            f"Something is wrong, and going back to step {before} failed as well ({type(error).__name__})."
            f" Stop the site and restore what was backed up: petition restore --data {kept}"
        ) from None


def _tell(wrong: list[str], said: str) -> None:
    for line in wrong:
        click.echo(line)
    if wrong:
        raise Wrong(said)
    click.echo(said)


def _differences() -> list[str]:
    """What can be asked of a database that this program is ahead of: keys, and rows, moves and tallies, if it can at
    all."""
    db.session.remove()
    try:
        campaigns.try_keys()
        db.session.remove()
        db.one_moment()
        return checks.register_differences()
    except SQLAlchemyError:
        # A column of a newer step is missing; after the steps it is asked again.
        return []
    except Unsealable:
        return [_OTHER_KEYS]
    finally:
        db.session.remove()


def _wrong() -> list[str]:
    """Everything that is wrong with a database at this program's step, in sentences."""
    found = [] if migrated.is_at_head() else ["The database does not have every step."]
    try:
        campaigns.try_keys()
    except Unsealable:
        found.append(_OTHER_KEYS)
    db.session.remove()
    db.one_moment()
    found += checks.register_differences()
    db.session.remove()
    return found + list(_pages())


def _pages() -> Iterator[str]:
    """Pages that a visitor is not shown as they should be."""
    readings = campaigns.all_public(db.now())[:LOOKED_AT]
    paths = [f"/{language}/" for language in i18n.languages()]
    paths += [f"/{i18n.languages()[0]}/campaigns/{one.slug}" for one in readings]
    db.session.remove()
    base, client = settings.current().base_url, current_app.test_client()
    for path in paths:
        # In a context of its own, as a visitor's is.
        answer = contextvars.Context().run(client.get, path, base_url=base)
        if answer.status_code >= 400:
            yield f"{path} answers {answer.status_code}."
