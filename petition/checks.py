"""Whether what is stored agrees with itself."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from petition import campaigns, register, signatures
from petition.base import db
from petition.campaigns import Campaign, Reading


def every_campaign() -> list[Reading]:
    """All campaigns, the oldest first."""
    return [campaigns.read_id(key) for key in db.session.scalars(select(Campaign.id).order_by(Campaign.id)).all()]


def register_differences(
    readings: Sequence[Reading] | None = None, advance: Callable[[int], None] = lambda _done: None
) -> list[str]:
    """A sentence for each difference between the rows, the moves and the tallies of campaigns, all unless some are
    named. Call `db.one_moment()` before, where others write."""
    wrong: list[str] = []
    for reading in every_campaign() if readings is None else readings:
        rows = None if reading.forgotten_at else signatures.counted(reading.id)
        wrong += [f"{reading.slug}: {difference}" for difference in register.check(reading.id, rows)]
        advance(1)
    return wrong
