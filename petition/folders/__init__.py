"""From a folder of Markdown files, one per language, to a draft of a campaign, a topic, an article or an event.

Each file begins with YAML front matter. What is said in words stands in each language's file; what holds for all
languages (dates, colour, terms …) stands in one of them, and that file's language is the first one. The folder's
name is the slug. A date is ISO 8601, local to `time_zone`; where clocks go back, a time that comes twice means the
first one; a time that clocks skip is refused. A whole number instead is a day counted from the day of loading (-3
is three days ago, at midnight).
"""

from petition.folders.appeals import campaign
from petition.folders.files import FolderRefused, local_moment
from petition.folders.meetings import event
from petition.folders.news import article, topic

__all__ = ["FolderRefused", "article", "campaign", "event", "local_moment", "topic"]
