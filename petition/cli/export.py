"""Signatures, totals and contacts written out, to a file that appears only when it is whole, or to standard output."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from petition import contact_lists
from petition import export as lists
from petition.base import countries, db
from petition.base.crypto import Unsealable
from petition.cli.ground import Refused, Wrong, actor, campaign_named, progress, with_app
from petition.cli.output import dying_cleanly, whole
from petition.contacts import JOIN, MEETINGS, NEWS
from petition.export import TOTALS_FORMATS, TotalsFormat
from petition.formats import FORMATS, Format
from petition.lists import Disagrees, ExportRefused, Leaving
from petition.selection import STATES, Filter

_slug = click.argument("slug")
_file = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
_day = click.DateTime(["%Y-%m-%d"])
_format = click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
_columns = click.option("--columns", default="", help="Names of columns with commas between them; see below.")
_reason = click.option("--reason", required=True, help="Why you take the list, for the journal.")
_known_columns = "\n".join(f"  {name}: {column.meaning}" for name, column in lists.COLUMNS.items())
_contact_columns = "\n".join(f"  {name}: {column.meaning}" for name, column in contact_lists.COLUMNS.items())


@click.group()
def export() -> None:
    """Write out signatures, totals and contacts.

    \b
    Example: petition export signatures keep-the-clinic list.csv --reason "handing over"
    """


@export.command(
    epilog=f"\b\nColumns:\n{_known_columns}\n  own:KEY: what was typed into a field of the campaign's own\n\n"
    "Without --columns: number, day, and the fields that signers agreed to hand over."
)
@_slug
@_file
@_format
@_columns
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Default: counted.")
@click.option("--country", "countries_", multiple=True, help="ISO 3166 code, such as IE.")
@click.option("--language", "languages", multiple=True, help="Such as en.")
@click.option("--source", "sources", multiple=True, help="The page or link that brought the signer.")
@click.option("--partner", "partners", multiple=True, help="The key of a site that carries the form.")
@click.option("--channel", "channels", multiple=True, help="Such as online.")
@click.option("--from", "first", type=_day, default=None, help="The first UTC day.")
@click.option("--to", "last", type=_day, default=None, help="The last UTC day.")
@_reason
@with_app
def signatures(
    slug: str, file: str, form: Format, columns: str, states: tuple[str, ...], countries_: tuple[str, ...],
    languages: tuple[str, ...], sources: tuple[str, ...], partners: tuple[str, ...], channels: tuple[str, ...],
    first: datetime | None, last: datetime | None, reason: str,
) -> None:  # fmt: skip
    """Write a campaign's signatures to FILE, or to standard output where FILE is -.

    FILE.manifest.json beside it (standard error for -) says what the list is and gives its SHA-256. Options of a
    kind may be given several times. Who took what and why is in the journal before the first row leaves.

    In CSV what a spreadsheet might take for a formula has an apostrophe in front, telephone numbers too; in XLSX every
    such cell is a text, and the second sheet says what the list is.

    \b
    Example: petition export signatures keep-the-clinic list.csv --country IE --reason "handing over"
    """
    wanted = Filter(
        states=states or Filter().states, countries=_countries(countries_), languages=languages, sources=sources,
        partners=partners, channels=channels, first_day=first and first.date(), last_day=last and last.date(),
    )  # fmt: skip
    if first and last and first > last:
        raise Refused("--from is later than --to.")
    reading = campaign_named(slug)
    chosen = _chosen(columns) or lists.default_columns(reading)
    with _in_a_sentence(), lists.signatures(reading, wanted, chosen, form) as found:
        _leave(found, file, reason)


@export.command(
    epilog=f"\b\nColumns:\n{_contact_columns}\n\nWithout --columns: number, address, what the form asks, language,"
    " confirmed_at, unsubscribe."
)
@_file
@click.option("--wish", type=click.Choice([JOIN, MEETINGS, NEWS]), required=True, help="What they asked for.")
@click.option("--campaign", "slug", default="", help="Whose news; only with --wish news.")
@_format
@_columns
@_reason
@with_app
def contacts(file: str, wish: str, slug: str, form: Format, columns: str, reason: str) -> None:
    """Write who joined, asked to be told of meetings or for a campaign's news, to FILE, or to standard output for -.

    FILE.manifest.json beside it (standard error for -) says what the list is and gives its SHA-256. Every row brings
    the address that ends it in one click; put it into your letters, and into their List-Unsubscribe header. Take a
    new list for each letter: who has left since is on the old one.

    \b
    Example: petition export contacts joined.csv --wish join --reason "a letter to all who joined"
    """
    reading = campaign_named(slug) if slug else None
    chosen = _chosen(columns) or contact_lists.default_columns(wish)
    with _in_a_sentence(), contact_lists.listed(wish, reading, chosen, form) as found:
        _leave(found, file, reason)


def _chosen(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",")] if columns else []


def _leave(found: Leaving, file: str, reason: str) -> None:
    """Who takes what and why is stored before the first row leaves."""
    if not reason.strip():
        raise Refused("A list leaves with a reason only; say it with --reason.")
    found.record(actor(), reason.strip())
    db.session.commit()
    _send(found, file)


@export.command()
@_slug
@_file
@click.option("--format", "form", type=click.Choice(TOTALS_FORMATS), default="csv", show_default=True)
@click.option("--reason", default="", help="Why you take them, for the journal.")
@with_app
def totals(slug: str, file: str, form: TotalsFormat, reason: str) -> None:
    """Write the total and its numbers by day, country, language, channel, source and partner.

    They are exact: a cell of one may point at somebody, so they are not for the public, and the journal says who took
    them.

    \b
    Example: petition export totals keep-the-clinic totals.csv
    """
    lists.record_totals(actor(), campaign_named(slug).id, reason.strip())
    db.session.commit()
    db.session.remove()
    db.one_moment()
    with _in_a_sentence():
        content = lists.totals(campaign_named(slug), form)
    with dying_cleanly(), _out(file) as out:
        out.write(content)


def _countries(given: tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(code.upper() for code in given)
    for code in codes:
        if code not in countries.CODES:
            raise Refused(f"There is no country “{code}”; give the ISO 3166 code of two letters.")
    return codes


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except Disagrees as error:
        raise Wrong(str(error)) from None
    except ExportRefused as error:
        raise Refused(str(error)) from None
    except Unsealable:
        raise Wrong("A row does not open: its key is not in the key ring, or it was changed.") from None


def _send(found: Leaving, file: str) -> None:
    # Left in the opposite order: the list is in place before what is said about it.
    with dying_cleanly(), _note(file) as note, _out(file) as out:
        done = 0
        with _shown(found, file) as advance:
            for chunk in found.chunks():
                out.write(chunk)
                advance(found.done - done)
                done = found.done
        note.write(found.manifest())


def _shown(found: Leaving, file: str) -> AbstractContextManager[Callable[[int], object]]:
    if file == "-" and sys.stdout.isatty():
        # Rows on a terminal are their own progress.
        return nullcontext(lambda _done: None)
    return progress("Rows", found.rows)


@contextmanager
def _out(file: str) -> Iterator[BinaryIO]:
    """Where the list goes. On standard output a reader that stops reading raises BrokenPipeError, which ends the
    command without a word."""
    if file == "-":
        out = sys.stdout.buffer
        yield out
        out.flush()
    else:
        with whole(Path(file)) as written:
            yield written


def _note(file: str) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        return nullcontext(sys.stderr.buffer)
    return whole(Path(file + ".manifest.json"))
