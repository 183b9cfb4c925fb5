"""Events: brought in from folders, renamed, cancelled."""

from pathlib import Path

import click

from petition import events, folders
from petition.base import db
from petition.cli.ground import Refused, actor, progress, reason, with_app
from petition.events import Event
from petition.folders import meetings
from petition.pieces import SlugRefused

_slug = click.argument("slug")


@click.group(
    epilog="A folder's name is the address of its event. What its files say in their front matter, each in its"
    f" language: {', '.join(meetings.OWN)}; once, in the file of the first language:"
    f" {', '.join(meetings.SHARED)}. Below it stands the text in Markdown."
)
def event() -> None:
    """Bring events in from folders, rename and cancel them.

    \b
    Example: petition event import meetings/*
    """


@event.command("import")
@click.argument("directories", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_app
def import_(directories: tuple[Path, ...]) -> None:
    """Bring events in, one folder each, one Markdown file per language; again after a change. All of them or none.

    \b
    Example: petition event import meetings/*
    """
    said = []
    with progress("Events", len(directories)) as advance:
        for folder in directories:
            draft = folders.event(folder, db.now())
            try:
                changed = events.save(draft, actor())
            except SlugRefused as error:
                raise Refused(f"{folder}: {error}.") from None
            said.append(_line(draft, changed))
            advance(1)
    db.session.commit()
    for line in said:
        click.echo(line)


def _line(draft: events.Draft, changed: bool) -> str:
    public = "" if draft.published_at else ", not public: it has no date"
    same = "" if changed else ", nothing changed"
    return f"{draft.slug} ({', '.join(sorted(draft.texts))}{public}{same})"


@event.command()
@_slug
@click.argument("new_slug")
@with_app
def rename(slug: str, new_slug: str) -> None:
    """Give an event another address; the old one leads there. Rename its folder, too.

    \b
    Example: petition event rename may-meeting first-of-may
    """
    row = _named(slug)
    old = row.slug
    try:
        events.rename(row, new_slug, actor())
    except SlugRefused as error:
        raise Refused(f"{error}.") from None
    db.session.commit()
    click.echo(f"“{old}” is called “{new_slug}” now.")


@event.command()
@_slug
@reason(required=True)
@with_app
def cancel(slug: str, reason: str) -> None:
    """Say that an event does not take place. Its page stays and says so; the reason stands in the journal alone.

    \b
    Example: petition event cancel first-of-may --reason "the hall has burst pipes"
    """
    row = _named(slug)
    if not events.cancel(row, actor(), reason):
        raise Refused(f"“{row.slug}” is cancelled already.")
    db.session.commit()
    click.echo(f"“{row.slug}” is cancelled.")


def _named(slug: str) -> Event:
    found = events.by_slug(slug)
    if found is None:
        raise Refused(f"There is no event “{slug}”.")
    return found
