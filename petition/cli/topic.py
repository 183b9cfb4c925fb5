"""Topics: brought in from folders, renamed."""

from pathlib import Path

import click

from petition import folders, topics
from petition.base import db
from petition.cli.ground import Refused, actor, progress, with_app
from petition.folders import news
from petition.pieces import SlugRefused


@click.group(
    epilog="A folder's name is the address of its topic. What its files say in their front matter, each in its"
    f" language: {', '.join(news.TOPIC_OWN)}; once, in the file of the first language:"
    f" {', '.join(news.TOPIC_SHARED)} (a number: those with a lower one stand first). No text stands below it."
)
def topic() -> None:
    """Bring in what articles and events are filed under, and rename it.

    \b
    Example: petition topic import topics/*
    """


@topic.command("import")
@click.argument("directories", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_app
def import_(directories: tuple[Path, ...]) -> None:
    """Bring topics in, one folder each, one Markdown file per language; again after a change. All of them or none.

    \b
    Example: petition topic import topics/*
    """
    said = []
    with progress("Topics", len(directories)) as advance:
        for folder in directories:
            draft = folders.topic(folder)
            try:
                changed = topics.save(draft, actor())
            except SlugRefused as error:
                raise Refused(f"{folder}: {error}.") from None
            said.append(f"{draft.slug} ({', '.join(sorted(draft.texts))}{'' if changed else ', nothing changed'})")
            advance(1)
    db.session.commit()
    for line in said:
        click.echo(line)


@topic.command()
@click.argument("slug")
@click.argument("new_slug")
@with_app
def rename(slug: str, new_slug: str) -> None:
    """Give a topic another address; the old one leads there. Rename its folder, too.

    \b
    Example: petition topic rename harbour the-harbour
    """
    row = topics.by_slug(slug)
    if row is None:
        raise Refused(f"There is no topic “{slug}”.")
    old = row.slug
    try:
        topics.rename(row, new_slug, actor())
    except SlugRefused as error:
        raise Refused(f"{error}.") from None
    db.session.commit()
    click.echo(f"“{old}” is called “{new_slug}” now.")
