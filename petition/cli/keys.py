"""The key ring: a file beside the database that everything personal is sealed with."""

import time
from collections import Counter
from pathlib import Path

import click
from sqlalchemy import func, select

from petition import resealing
from petition.base import crypto, db, settings
from petition.base.crypto import Ring
from petition.cli.ground import Refused, Wrong, application, progress, with_app
from petition.contacts import ContactLink
from petition.links import Link

#: A key's id is one byte of what it seals.
MOST_KEYS = 255
#: `rekey` walks through everything so often at most, and waits so many seconds between two batches.
PASSES = 5
PAUSE = 0.01
_file = click.option("--file", type=click.Path(path_type=Path), default=None, help="The ring, if not at KEYS_FILE.")

BACK_UP = """
  BACK THIS FILE UP NOW, apart from the database and its backups.
  Without it nobody can read the signatures, and every link sent dies.
  Whoever has it and the database can read everything."""


@click.group()
def keys() -> None:
    """Make, list and replace the keys that everything is sealed with. They are never shown.

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
    sealed = _sealed() if rows else Counter[int]()
    for key_id in sorted({*ring.keys, *sealed}):
        said = "active" if key_id == ring.active else "known" if key_id in ring.keys else "MISSING"
        click.echo(f"{key_id:>3}  {said:<7}" + (f"  {sealed[key_id]:>9} rows" if rows else ""))


def _sealed() -> Counter[int]:
    with application():
        db.reading()
        return resealing.counts()


def _path(file: Path | None) -> Path:
    return file.absolute() if file else settings.read().keys_file


@keys.command()
@with_app
def rekey() -> None:
    """Seal again, under the active key, all that older keys have sealed. Goes on beside the running site; ends with 1
    where something is left.

    \b
    Example: petition keys rekey
    """
    left, broken = 1, 0
    for _ in range(PASSES):
        walk = resealing.Pass()
        with progress("Sealing again") as advance:
            for place in walk.steps():
                db.session.commit()
                advance(place.span)
                # Between two batches others store what they have.
                time.sleep(PAUSE)
        click.echo(f"Sealed {walk.sealed} again.")
        left, broken = _older(), walk.broken
        if left <= broken:
            break
        # What somebody held just now is free in a moment.
        time.sleep(1)
    if broken:
        raise Wrong(f"{broken} pieces do not open with this key ring: they were changed, or their key is gone.")
    if left:
        raise Wrong(
            f"{left} pieces are sealed with older keys: a process still runs with the old ring."
            " Restart every process, then type this again."
        )
    click.echo(
        f"Nothing uses a key other than {crypto.ring().active}. Old links still need the key they were made with."
    )


def _older() -> int:
    """How many pieces a key other than the active one seals."""
    db.session.remove()
    db.reading()
    found = sum(count for key, count in resealing.counts().items() if key != crypto.ring().active)
    db.session.remove()
    return found


@keys.command()
@click.argument("key_id", metavar="ID", type=click.IntRange(1, MOST_KEYS))
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_app
def remove(key_id: int, yes: bool) -> None:
    """Take an old key out of the ring, for good. Refused while it still seals something; says first how many links may
    die with it.

    \b
    Example: petition keys remove 1
    """
    path = settings.current().keys_file
    ring = crypto.read(path)
    if key_id not in ring.keys:
        raise Refused(f"The ring at {path} has no key {key_id}.")
    if key_id == ring.active:
        raise Refused(f"Key {key_id} is active: it seals what is stored now.")
    db.reading()
    count = resealing.counts()[key_id]
    if count:
        raise Refused(
            f"Key {key_id} still seals {count} pieces, which nobody could open without it: `petition keys rekey`."
        )
    dying = sum(db.session.scalar(select(func.count()).select_from(link)) or 0 for link in (Link, ContactLink))
    db.session.remove()
    click.echo(
        f"Links in letters that were sent while key {key_id} was active die, and are shown a page that sends new ones."
        f" They are {dying} at most. Organisers signed in since then sign in again."
    )
    if not yes:
        click.confirm(f"Take key {key_id} out of {path}", abort=True)
    crypto.write(path, Ring(ring.active, {number: key for number, key in ring.keys.items() if number != key_id}))
    click.echo(f"Key {key_id} is gone from {path}; restart every process. Backups of the ring still hold it.")
