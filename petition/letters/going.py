"""Which of the letters that have something to say may go now: the limits of S10 and S49.

Letters of all kinds are asked here together, once their links are locked. If each kind counted for itself, two
workers could count the same two mailboxes in opposite orders and wait for each other.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text, type_coerce

from petition import gatherings, links
from petition.base import db, outbox, settings
from petition.base.outbox import Decision, Letter, Message, Wait
from petition.gatherings import Crowded
from petition.links import Clocked, Turn

#: Over how long a crowded network's waiting letters are spread once there is room again.
SPREAD = timedelta(minutes=10)

_NETWORKS = (
    select(outbox.table.c.network, func.count(), type_coerce(func.min(outbox.table.c.settled_at), db.Moment))
    .where(db.Among(outbox.table.c.network, "n"), text("state = 'sent'"))
    .where(outbox.table.c.settled_at > bindparam("since"))
    .group_by(outbox.table.c.network)
)


@dataclass(frozen=True, slots=True)
class Going:
    """A letter that has something to say. `link` is locked, `box` is the mailbox's hash of the site's own, `source`
    what brought the person."""

    letter: Letter
    link: Clocked
    box: bytes
    word: Callable[[], Message]
    source: str = ""

    @property
    def is_retry(self) -> bool:
        """Whether this letter holds its link's wire since an earlier try."""
        return self.link.letter == self.letter.id


def within_limits(going: Sequence[Going], at: datetime) -> list[Decision]:
    """How each is worded, or until when it waits."""
    crowded = _crowded(going, at)
    now = [one for one in going if one.letter.id not in crowded]
    turns = [Turn(one.link, one.letter.id, one.box) for one in now]
    said: dict[int, Decision] = {letter_id: Wait(until) for letter_id, until in crowded.items()}
    for one, until in zip(now, links.reserve(turns, at), strict=True):
        said[one.letter.id] = one.word if until is None else Wait(until)
    return [said[one.letter.id] for one in going]


def _crowded(going: Sequence[Going], at: datetime) -> dict[int, datetime]:
    """Past a network's soft limit its letters are spread over time (S49), but for those of people who sign together:
    which wait, and until when."""
    new = [(one, one.letter.network) for one in going if one.letter.network and not one.is_retry]
    if not new:
        return {}
    hour = timedelta(hours=1)
    sent = {network: (count, first) for network, count, first in db.session.execute(
        _NETWORKS, {"n": list({network for _, network in new}), "since": at - hour})}  # fmt: skip
    until: dict[int, datetime] = {}
    now: Counter[bytes] = Counter()
    over: list[Crowded] = []
    for one, network in new:
        count, first = sent.get(network, (0, at))
        if count + now[network] < settings.current().soft_limit:
            now[network] += 1
            continue
        # When the first of the hour's letters is an hour old there is room again; not for all at the same instant.
        spread = timedelta(seconds=secrets.randbelow(int(SPREAD.total_seconds())))
        until[one.letter.id] = max(first + hour, at) + spread
        letter = one.letter
        over.append(Crowded(letter.id, letter.campaign_id or 0, network, one.source, letter.created_at))
    free = gatherings.lifted(over)
    return {letter_id: moment for letter_id, moment in until.items() if letter_id not in free}
