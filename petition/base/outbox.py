"""The table in which letters wait: posting them, and what a doer may answer when one is due.

A letter is posted in the transaction that causes it, so both happen or neither does; `delivery` takes it from
there.
"""

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    case,
    func,
    insert,
    literal,
    null,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy import cast as cast_as
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import crypto, db, urls
from petition.base.smtp import Message

__all__ = [
    "ENDED",
    "INSERT",
    "UNSENT",
    "Decision",
    "Doer",
    "Letter",
    "Message",
    "Nothing",
    "Standing",
    "Wait",
    "hasten",
    "post",
    "standings",
    "table",
    "unpark",
    "unsealed",
    "values",
]

UNSENT = ("waiting", "claimed", "sending", "parked")
#: Clocks of two machines may differ by so much without anybody seeing it.
AHEAD = timedelta(seconds=60)
ENDED = ("sent", "needless", "failed", "uncertain")


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Letter(db.Base):
    """One message to one person, or what is left once it has ended, when nothing in it names anybody."""

    __tablename__ = "letter"
    __table_args__ = (
        Index("letter_due", "news", "due_at", **_where("state = 'waiting'")),
        Index("letter_leases", "lease_until", **_where("state IN ('claimed', 'sending')")),
        Index("letter_unsent", "campaign_id", "mailbox", **_where(f"state IN {UNSENT}")),
        Index("letter_failed", "campaign_id", "settled_at", **_where("state = 'failed'")),
        Index("letter_network", "network", "settled_at", **_where("state = 'sent'")),
        Index(
            "letter_gives_up",
            "gives_up_at",
            **_where("gives_up_at IS NOT NULL AND state IN ('waiting', 'parked')"),
        ),
        Index("letter_mailing", "mailing", "mailbox", unique=True, **_where("mailing IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    #: The campaign's mailbox key of whom it goes to.
    mailbox: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: What the letter is about, such as a pending signature's id; what is gone by then is gone.
    about: Mapped[int | None]
    #: Own address and whatever the letter needs that is stored nowhere else; see `unsealed`.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(35))
    #: Goes after everything somebody waits for.
    news: Mapped[bool] = mapped_column(default=False)
    network: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    due_at: Mapped[datetime]
    lease: Mapped[int | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: How often the server took the letter and gave no answer.
    doubts: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: How often we failed ourselves to decide, word or build it.
    errors: Mapped[int] = mapped_column(SmallInteger, default=0)
    message_id: Mapped[str] = mapped_column(String(255))
    #: The mail server's codes or the class of our own error, never its text, which repeats addresses.
    trouble: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    #: When it ended. While it is being sent: when the server took it, of which its doer is still to be told.
    settled_at: Mapped[datetime | None]
    gives_up_at: Mapped[datetime | None]
    mailing: Mapped[str | None] = mapped_column(String(60))


table = Letter.__table__
#: The INSERT that `post` runs, for a caller who sends it together with another one; its parameters: `values`.
INSERT = insert(table)


def values(
    kind: str,
    *,
    language: str,
    campaign_id: int | None = None,
    mailbox: bytes | None = None,
    about: int | None = None,
    network: bytes | None = None,
    sealed: dict[str, Any] | None = None,
    news: bool = False,
    due_at: datetime | None = None,
    gives_up_at: datetime | None = None,
    mailing: str | None = None,
) -> dict[str, Any]:
    """The parameters of `INSERT` for one new letter; always the same keys. Asks no database."""
    letter_id = secrets.randbits(63)
    now = db.now()
    return {
        "id": letter_id,
        "kind": kind,
        "campaign_id": campaign_id,
        "mailbox": mailbox,
        "about": about,
        "sealed": None if sealed is None else crypto.seal("letter", str(letter_id), json.dumps(sealed).encode()),
        "language": language,
        "news": news,
        "network": network,
        "due_at": due_at or now,
        "message_id": f"<{secrets.token_urlsafe(18)}@{urls.host()}>",
        "created_at": now,
        "gives_up_at": gives_up_at,
        "mailing": mailing,
    }


def post(kind: str, *, language: str, **details: Any) -> int:
    """Add a letter to the caller's transaction (one INSERT) and return its id; for the details see `values`.

    `sealed` is what the letter needs and nothing else stores, such as the address; it is forgotten when the
    letter ends. `news` goes after everything somebody waits for, once for each `mailing` and mailbox. After
    `gives_up_at` the letter is not tried any more.
    """
    parameters = values(kind, language=language, **details)
    db.session.execute(INSERT, parameters)
    return cast(int, parameters["id"])


def unsealed(letter: Letter) -> dict[str, Any]:
    """What was sealed with a letter, empty where nothing was. Raises crypto.Unsealable."""
    if letter.sealed is None:
        return {}
    found: dict[str, Any] = json.loads(crypto.unseal("letter", str(letter.id), letter.sealed))
    return found


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: decide again then."""

    until: datetime


class Nothing:
    """There is nothing to say any more: the letter ends as needless."""


#: Words the letter; called after the deciding transaction has been committed, and must not use the database.
Decision = Callable[[], Message] | Wait | Nothing


class Doer(Protocol):
    """What letters mean, given by those who post them. It is handed copies, not rows to change."""

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """What each says now, in their order, in a transaction that is committed afterwards. Lock the links first,
        in an order that is the same for all. No two are for one mailbox. When it raises, each is decided alone."""

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        """The letters end as sent, needless, failed or uncertain, or are parked; several at once were sent. Lock the
        links first, in the order of `decide`, for other letters' rows may be changed in the same transaction. For
        `needless` it follows `decide`."""


def unpark() -> int:
    """Let parked letters be tried again, in the caller's transaction; how many there were."""
    parked = update(table).where(text("state = 'parked'"))
    return db.count(parked.values(state="waiting", errors=0, due_at=db.now()))


def hasten(at: datetime) -> int:
    """Let letters go that were to go at once, posted by a machine whose clock is ahead, in the caller's transaction;
    how many there were. Whoever signed there would get their letter when ours has caught up."""
    at_once = text("state = 'waiting'"), table.c.news.is_(False), table.c.due_at == table.c.created_at
    return db.count(update(table).where(*at_once, table.c.due_at > at + AHEAD).values(due_at=at))


def is_slow(seconds: int) -> bool:
    """Whether a letter that somebody waits for has been due for longer than this."""
    late = db.now() - timedelta(seconds=seconds)
    due = select(table.c.id).where(text("state = 'waiting'"), table.c.news.is_(False), table.c.due_at < late)
    return db.session.scalar(due.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the letters of a campaign go out: how many wait, since when the oldest of them, since when one is due
    (None: none is), how many are parked, and how many could not be delivered within the last day."""

    waiting: int = 0
    oldest: datetime | None = None
    due_since: datetime | None = None
    parked: int = 0
    failed: int = 0


def standings(campaign_ids: Collection[int], at: datetime) -> dict[int, Standing]:
    """How the letters of several campaigns go out, news apart, with one statement."""
    ours, parked = table.c.campaign_id.in_(campaign_ids), table.c.state == "parked"
    due = case((table.c.state == "waiting", table.c.due_at))
    unsent = select(
        table.c.campaign_id, literal("unsent"), func.sum(case((parked, 0), else_=1)),
        func.sum(case((parked, 1), else_=0)),
        func.min(case((parked, None), else_=table.c.created_at)), func.min(due),
    )  # fmt: skip
    unsent = unsent.where(ours, text(f"state IN {UNSENT}"), table.c.news.is_(False)).group_by(table.c.campaign_id)
    nothing = cast_as(null(), db.Moment)
    failed = select(table.c.campaign_id, literal("failed"), func.count(), literal(0), nothing, nothing)
    failed = failed.where(ours, text("state = 'failed'"), table.c.settled_at > at - timedelta(days=1))
    found = {key: Standing() for key in campaign_ids}
    for key, what, count, aside, oldest, due_at in db.session.execute(
        union_all(unsent, failed.group_by(table.c.campaign_id))
    ):
        if what == "failed":
            found[key] = replace(found[key], failed=int(count))
        else:
            since = due_at if due_at is not None and due_at <= at else None
            found[key] = replace(found[key], waiting=int(count), oldest=oldest, due_since=since, parked=int(aside))
    return found
