"""Looking at personal data: each look is a line in the journal before anything is shown (S41)."""

from petition import journal
from petition.base import db
from petition.campaigns import Reading
from petition.web.desk import wall


def keep(campaign: Reading, deed: str, *, about: int | None = None, count: int = 1, reason: str = "") -> None:
    """Write down that somebody looks, and commit: call it once all is read and before it is answered.

    What was read so far stays usable, but is no longer the session's. On SQLite only this line holds the write lock,
    however long the reading took.
    """
    actor = wall.me().called()
    # Not rolled back, which would have what was read asked for again. Nothing was written.
    db.session.commit()
    db.session.remove()
    journal.write(actor, deed, campaign_id=campaign.id, about=about, count=count, reason=reason)
    db.session.commit()
    db.session.remove()
    db.reading()
