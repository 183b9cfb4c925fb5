"""Articles: brought in from folders, renamed."""

from pathlib import Path

import click

from petition import articles, folders
from petition.base import db
from petition.cli.ground import Refused, actor, progress, with_app
from petition.folders import news
from petition.pieces import SlugRefused


@click.group(
    epilog="A folder's name is the address of its article. What its files say in their front matter, each in its"
    f" language: {', '.join(news.ARTICLE_OWN)}; once, in the file of the first language:"
    f" {', '.join(news.ARTICLE_SHARED)}. Below it stands the text in Markdown."
)
def article() -> None:
    """Bring articles in from folders, and rename them.

    \b
    Example: petition article import news/*
    """


@article.command("import")
@click.argument("directories", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_app
def import_(directories: tuple[Path, ...]) -> None:
    """Bring articles in, one folder each, one Markdown file per language; again after a change. All of them or none.

    \b
    Example: petition article import news/*
    """
    said = []
    with progress("Articles", len(directories)) as advance:
        for folder in directories:
            draft = folders.article(folder, db.now())
            try:
                changed = articles.save(draft, actor())
            except SlugRefused as error:
                raise Refused(f"{folder}: {error}.") from None
            said.append(_line(draft, changed))
            advance(1)
    db.session.commit()
    for line in said:
        click.echo(line)


def _line(draft: articles.Draft, changed: bool) -> str:
    public = "" if draft.published_at else ", not public: it has no date"
    same = "" if changed else ", nothing changed"
    return f"{draft.slug} ({', '.join(sorted(draft.texts))}{public}{same})"


@article.command()
@click.argument("slug")
@click.argument("new_slug")
@with_app
def rename(slug: str, new_slug: str) -> None:
    """Give an article another address; the old one leads there. Rename its folder, too.

    \b
    Example: petition article rename last-bus the-last-bus
    """
    row = articles.by_slug(slug)
    if row is None:
        raise Refused(f"There is no article “{slug}”.")
    old = row.slug
    try:
        articles.rename(row, new_slug, actor())
    except SlugRefused as error:
        raise Refused(f"{error}.") from None
    db.session.commit()
    click.echo(f"“{old}” is called “{new_slug}” now.")
