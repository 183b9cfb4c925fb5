"""Folders of the site's news."""

from datetime import datetime
from pathlib import Path

from petition import articles, campaigns
from petition.base import text
from petition.folders.files import LONGEST_LINE, LONGEST_STANDFIRST, Folder, read

ARTICLE_OWN = ("title", "standfirst")
ARTICLE_SHARED = ("date", "time_zone", "authors", "campaign")


def article(folder: Path, now: datetime) -> articles.Draft:
    """The article that a folder describes; its campaign must be there. Without `date` it is not public.

    Days are counted from `now`. Raises FolderRefused.
    """
    found = read(folder, ARTICLE_OWN, ARTICLE_SHARED)
    authors = [
        found.first.clean("authors", name, text.name, most=text.LONGEST_NAME, needed=True)
        for name in found.strings("authors")
    ]
    texts = {
        language: (
            file.words("title", most=LONGEST_LINE, needed=True),
            file.words("standfirst", most=LONGEST_STANDFIRST, needed=True),
            file.body,
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
    )


def campaign_id(folder: Folder) -> int | None:
    """The campaign that a folder names by its slug, if any. Raises FolderRefused."""
    slug = folder.first.words("campaign", most=80)
    if not slug:
        return None
    reading = campaigns.read(slug)
    if reading is None:
        raise folder.refuse("campaign", f"names “{slug}”, which is no campaign of this site")
    return reading.id
