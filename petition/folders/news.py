"""Folders of the site's news."""

import re
from datetime import datetime
from pathlib import Path

from petition import articles, campaigns
from petition.base import text
from petition.folders import pictures
from petition.folders.files import LONGEST_LINE, LONGEST_STANDFIRST, File, Folder, read
from petition.pictures import Chosen

ARTICLE_OWN = ("title", "standfirst", *pictures.OWN)
ARTICLE_SHARED = ("date", "time_zone", "authors", "campaign", *pictures.SHARED)


def article(folder: Path, now: datetime) -> articles.Draft:
    """The article that a folder describes; its campaign must be there. Without `date` it is not public.

    Days are counted from `now`. Raises FolderRefused.
    """
    found = read(folder, ARTICLE_OWN, ARTICLE_SHARED)
    authors = [
        found.first.clean("authors", name, text.name, most=text.LONGEST_NAME, needed=True)
        for name in found.strings("authors")
    ]
    shown = pictures.read(found)
    texts = {
        language: (
            file.words("title", most=LONGEST_LINE, needed=True),
            file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
            _pictured(file, shown),
        )
        for language, file in found.files.items()
    }
    return articles.Draft(
        slug=found.slug,
        first_language=found.first.language,
        texts=texts,
        authors=found.first.clean("authors", ", ".join(authors), most=300, needed=False),
        campaign_id=campaign_id(found),
        published_at=found.moment("date", now),
        pictures=(shown.scaled,) if shown else (),
    )


def _pictured(file: File, shown: Chosen | None) -> str:
    """The text, its picture first."""
    if shown is None:
        return file.body
    said = re.sub(r"([\\\[\]*_`<&!])", r"\\\1", shown.alt[file.language])
    return f"![{said}]({shown.scaled.path})\n\n{file.body}"


def campaign_id(folder: Folder) -> int | None:
    """The campaign that a folder names by its slug, if any. Raises FolderRefused."""
    slug = folder.first.words("campaign", most=80)
    if not slug:
        return None
    reading = campaigns.read(slug)
    if reading is None:
        raise folder.refuse("campaign", f"names “{slug}”, which is no campaign of this site")
    return reading.id
