"""The key ring: a file beside the database that everything personal is sealed with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.orm import InstrumentedAttribute

from petition.accounts import Account
from petition.base import crypto, db, outbox, settings
from petition.base.crypto import Ring
from petition.campaigns import Campaign
from petition.cli.ground import Refused, application
from petition.contacts import Contact, PendingContact
from petition.links import SiteKey
from petition.signatures import PendingSignature, Signature

#: A key's id is one byte of what it seals.
MOST_KEYS = 255
_file = click.option("--file", type=click.Path(path_type=Path), default=None, help="The ring, if not at KEYS_FILE.")

BACK_UP = """
  BACK THIS FILE UP NOW, apart from the database and its backups.
  Without it nobody can read the signatures, and every link sent dies.
  Whoever has it and the database can read everything."""


@click.group()
def keys() -> None:
    """Make and list the keys that everything is sealed with. They are never shown.

    \b
    Example: petition keys new
    """


@keys.command()
@_file
def new(file: Path | None) -> None:
    """Make a key ring, or add a key to it: known from now on, used once it is activated.

    \b
    Example: petition keys new
    """
    path = _path(file)
    old = crypto.read(path) if path.exists() else None
    if old is not None and max(old.keys) >= MOST_KEYS:
        raise Refused(f"The ring at {path} holds key {max(old.keys)}; there are no more numbers.")
    ring = crypto.with_new_key(old)
    crypto.write(path, ring)
    if old is None:
        click.echo(f"Made a key ring with one key: {path}")
    else:
        added = max(ring.keys)
        click.echo(f"Added key {added} to {path}. Restart every process of every machine, so that all know it;")
        click.echo(f"only then make it the one that seals: petition keys activate {added}")
    click.echo(BACK_UP)


@keys.command()
@click.argument("key_id", metavar="ID", type=click.IntRange(1, MOST_KEYS))
@_file
def activate(key_id: int, file: Path | None) -> None:
    """Seal and sign with this key from the next start on. What older keys sealed still opens.

    \b
    Example: petition keys activate 2
    """
    path = _path(file)
    old = crypto.read(path)
    if key_id not in old.keys:
        raise Refused(f"The ring at {path} has no key {key_id}.")
    if key_id == old.active:
        raise Refused(f"Key {key_id} is active already.")
    crypto.write(path, Ring(key_id, old.keys))
    click.echo(f"Key {key_id} is active; restart every process so that it is used.")
    click.echo(BACK_UP)


@keys.command("list")
@_file
@click.option("--rows", is_flag=True, help="Count what each key seals; reads every row of the database.")
def list_(file: Path | None, rows: bool) -> None:
    """List the keys by number, and which one is active.

    \b
    Example: petition keys list --rows
    """
    ring = crypto.read(_path(file))
    sealed = _sealed() if rows else {}
    for key_id in sorted({*ring.keys, *sealed}):
        said = "active" if key_id == ring.active else "known" if key_id in ring.keys else "MISSING"
        click.echo(f"{key_id:>3}  {said:<7}" + (f"  {sealed.get(key_id, 0):>9} rows" if rows else ""))


def _path(file: Path | None) -> Path:
    return file.absolute() if file else settings.read().keys_file


def _sealed() -> dict[int, int]:
    """How many rows each key seals, by the key's number in front of what is sealed."""
    counts: dict[int, int] = {}
    with application():
        db.reading()
        for column in _columns():
            number = func.substr(column, 2, 1, type_=LargeBinary)
            for key, count in db.session.execute(
                select(number, func.count()).where(column.is_not(None)).group_by(number)
            ):
                counts[key[0]] = counts.get(key[0], 0) + int(count)
    return counts


def _columns() -> Iterator[InstrumentedAttribute[Any]]:
    models = (Signature, PendingSignature, Contact, PendingContact, SiteKey, outbox.Letter)
    yield from (model.sealed for model in models)
    yield Campaign.hash_key
    yield Account.factor
