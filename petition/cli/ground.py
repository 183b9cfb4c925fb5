"""What all commands stand on: the application's context, who acts, errors in one sentence, progress."""

import errno
import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask import Flask
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from petition import campaigns, migrated
from petition.app import create_app
from petition.base import db, text
from petition.base.crypto import KeyRingError, Unsealable
from petition.base.dump import DumpRefused
from petition.base.mailbox import MailboxRefused
from petition.base.settings import SettingsError
from petition.base.text import TextRefused
from petition.campaigns import Campaign, Reading
from petition.erasures import BookRefused
from petition.fields import FieldsRefused
from petition.folders import FolderRefused
from petition.migrating import StepRefused
from petition.phrases import PhraseRefused

P = ParamSpec("P")
R = TypeVar("R")
#: A reason is one line in the journal.
LONGEST_REASON = 500
#: What a file or standard output says when its disk takes no more.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


#: Errors whose text is for whoever typed the command.
_IN_A_SENTENCE = (
    SettingsError, KeyRingError, FolderRefused, PhraseRefused, StepRefused, DumpRefused, BookRefused,
)  # fmt: skip


class Refused(click.ClickException):
    """A mistake of whoever typed the command, in one sentence. Exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """The sentence alone, on standard error."""
        click.echo(f"petition: {self.message}", err=True)


class Wrong(Refused):
    """Something was checked and found wrong. Exit code 1."""

    exit_code = 1


class NotNow(Refused):
    """The database is away, full or too busy, or the disk of what is written is full. Exit code 75 (EX_TEMPFAIL)."""

    exit_code = 75


class Unexpected(Refused):
    """A mistake of ours. Exit code 70 (EX_SOFTWARE)."""

    exit_code = 70


def told(error: Exception) -> click.ClickException:
    """What a command says about an error, and with which exit code it ends."""
    if isinstance(error, _IN_A_SENTENCE):
        return Refused(str(error))
    if isinstance(error, FieldsRefused):
        return Refused(f"The fields of the campaign's own {error}.")
    if isinstance(error, MailboxRefused):
        return Refused("This is no address that letters could go to.")
    if isinstance(error, Unsealable):
        return Refused("What is stored does not open with this key ring; KEYS_FILE may name another one.")
    if isinstance(error, OSError) and error.filename:
        return Refused(f"{error.filename}: {error.strerror}.")
    if isinstance(error, OSError) and error.errno in _FULL:
        return NotNow(f"What was to be written cannot be: {error.strerror}. What is there of it is not whole.")
    # Its text may hold what somebody typed; its class cannot.
    return Unexpected(f"An unexpected error ({type(error).__name__}); `petition --debug …` shows where.")


@contextmanager
def application() -> Iterator[Flask]:
    """The application of the environment's settings, in its context; its connections are closed at the end.

    Raises SettingsError and KeyRingError as they come, NotNow where the database is away, Refused where it is not
    up to date.
    """
    app = create_app()
    with app.app_context():
        try:
            yield app
        except DBAPIError as error:
            db.session.remove()
            raise _about_the_database(error) from error
        finally:
            db.session.remove()
            db.database().dispose()


def _about_the_database(error: DBAPIError) -> Exception:
    try:
        behind = not migrated.is_at_head()
    except DBAPIError:
        behind = False
    if behind:
        return Refused("The database is not up to date; run `petition migrate` first.")
    if db.is_unavailable(error):
        return NotNow("The database cannot be reached or cannot store; nothing was written.")
    return error


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """A command that runs in the application's context. It commits itself."""

    @wraps(command)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with application():
            return command(*args, **kwargs)

    return inside


def actor() -> str:
    """Who acts, for the journal: the account of the machine that typed the command."""
    try:
        return f"command: {getpass.getuser()}"
    except (OSError, KeyError):
        # An account without a name, as containers have them.
        return "command: unknown account"


def campaign_named(slug: str) -> Reading:
    """The campaign that has, or ever had, a slug; Refused where there is none."""
    found = campaigns.read(slug)
    if found is None:
        raise Refused(f"There is no campaign “{slug}”; `petition campaign list` names them all.")
    return found


def row_named(slug: str) -> Campaign:
    """The row of the campaign that has, or ever had, a slug, for verbs."""
    return db.session.get_one(Campaign, campaign_named(slug).id)


def reason(*, required: bool) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option `--reason`: one plain line for the journal."""
    meaning = "Why, for the journal. Name nobody in it."
    if required:
        return click.option("--reason", required=True, callback=_plain, help=meaning)
    return click.option("--reason", default="", callback=_plain, help=meaning)


def _plain(_ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        line = text.line(value, most=LONGEST_REASON)
    except TextRefused:
        raise click.BadParameter(f"must be one plain line of at most {LONGEST_REASON} characters") from None
    if param.required and not line:
        raise click.BadParameter("say why; it is kept in the journal")
    return line


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far long work is (on standard error; nothing elsewhere).

    Gives a function to call with how many more are done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
