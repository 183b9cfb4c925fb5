"""Folders of the site's news: articles, and the topics they are filed under."""

from datetime import datetime
from pathlib import Path

from petition import articles, campaigns, topics
from petition import pictures as stored
from petition.base import text
from petition.folders import pictures
from petition.folders.files import LONGEST_LINE, LONGEST_STANDFIRST, File, Folder, is_language, read
from petition.pictures import Chosen

ARTICLE_OWN = ("title", "standfirst", "text_language", *pictures.OWN)
ARTICLE_SHARED = ("date", "time_zone", "authors", "topic", "campaign", "update", *pictures.SHARED)
TOPIC_OWN = ("title", "standfirst")
TOPIC_SHARED = ("position",)
LAST_POSITION = 9999


def article(folder: Path, now: datetime) -> articles.Draft:
    """The article that a folder describes; its campaign and topic must be there. Without `date` it is not public.

    Days are counted from `now`. Raises FolderRefused.
    """
    found = read(folder, ARTICLE_OWN, ARTICLE_SHARED, reserved=articles.RESERVED)
    about = campaign_id(found)
    is_update = bool(found.yes_or_no("update"))
    if is_update and about is None:
        raise found.refuse("update", "tells how a campaign goes on, and none is named")
    for file in found.files.values():
        if about is None and articles.has_form(file.body):
            raise file.refuse("campaign", "is missing, and “[campaign]” in the text stands for its form")
    shown = pictures.read(found)
    return articles.Draft(
        slug=found.slug,
        first_language=found.first.language,
        texts={language: _article_text(file, shown) for language, file in found.files.items()},
        authors=_authors(found),
        campaign_id=about,
        published_at=found.moment("date", now),
        time_zone=found.zone().key,
        topic_id=topic_id(found),
        is_update=is_update,
        pictures=(shown.scaled,) if shown else (),
    )


def _article_text(file: File, shown: Chosen | None) -> articles.Text:
    language = file.words("text_language", most=12)
    if language and not is_language(language):
        raise file.refuse("text_language", "must be a language, such as en or pt-BR")
    return articles.Text(
        title=file.words("title", most=LONGEST_LINE, needed=True),
        standfirst=file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
        source=_pictured(file, shown),
        text_language=language,
    )


def _authors(folder: Folder) -> str:
    names = [
        folder.first.clean("authors", name, text.name, most=text.LONGEST_NAME, needed=True)
        for name in folder.strings("authors")
    ]
    return folder.first.clean("authors", ", ".join(names), most=articles.LONGEST_AUTHORS, needed=False)


def topic(folder: Path) -> topics.Draft:
    """The topic that a folder describes. Raises FolderRefused."""
    found = read(folder, TOPIC_OWN, TOPIC_SHARED, reserved=topics.RESERVED, has_text=False)
    return topics.Draft(
        slug=found.slug,
        first_language=found.first.language,
        texts={
            language: topics.Text(
                title=file.words("title", most=LONGEST_LINE, needed=True),
                standfirst=file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
            )
            for language, file in found.files.items()
        },
        position=found.number("position", found.value("position", "0"), 0, LAST_POSITION),
    )


def _pictured(file: File, shown: Chosen | None) -> str:
    """The text, its picture first."""
    if shown is None:
        return file.body
    return f"{stored.markdown(shown.scaled.path, shown.alt[file.language])}\n\n{file.body}"


def campaign_id(folder: Folder) -> int | None:
    """The campaign that a folder names by its slug, if any. Raises FolderRefused."""
    slug = folder.first.words("campaign", most=80)
    if not slug:
        return None
    reading = campaigns.read(slug)
    if reading is None:
        raise folder.refuse("campaign", f"names “{slug}”, which is no campaign of this site")
    return reading.id


def topic_id(folder: Folder) -> int | None:
    """The topic that a folder names by its slug, if any. Raises FolderRefused."""
    slug = folder.first.words("topic", most=80)
    if not slug:
        return None
    found = topics.by_slug(slug)
    if found is None:
        raise folder.refuse("topic", f"names “{slug}”, which is no topic of this site")
    return found.id
