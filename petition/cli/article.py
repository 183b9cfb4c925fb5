"""Articles: brought in from folders."""

from pathlib import Path

import click

from petition import articles, folders
from petition.base import db
from petition.cli.ground import actor, progress, with_app
from petition.folders import news


@click.group(
    epilog="A folder's name is the address of its article. What its files say in their front matter, each in its"
    f" language: {', '.join(news.ARTICLE_OWN)}; once, in the file of the first language:"
    f" {', '.join(news.ARTICLE_SHARED)}. Below it stands the text in Markdown."
)
def article() -> None:
    """Bring articles in from folders.

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
            articles.save(draft, actor())
            public = "" if draft.published_at else ", not public: it has no date"
            said.append(f"{draft.slug} ({', '.join(sorted(draft.texts))}{public})")
            advance(1)
    db.session.commit()
    for line in said:
        click.echo(line)
