"""The link of a mailbox in a campaign and its clocks: when a letter may go, and when no more letters are wanted.

Every verb that touches what one mailbox has in one campaign locks the link's row first, so that deciding,
settling, confirming and withdrawing cannot cross.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Update,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from petition import erasures
from petition.base import crypto, db, outbox, rows

#: At most one letter about signing in so long, and so many a UTC day for one campaign and over all (S10).
BETWEEN_LETTERS = timedelta(minutes=10)
A_DAY_HERE = 3
A_DAY_EVERYWHERE = 5
#: For so long "this was not me" and "no letters from this site" hold.
QUIET = timedelta(days=365)
#: How long to look away while another letter to the same mailbox is on the wire.
ON_THE_WIRE = timedelta(seconds=30)
_WAS_ASKED = text("asked_at IS NOT NULL")


class Clocked:
    """What every link has: the secret `id` in the address that its letters hold, and its clocks."""

    id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    #: The letter that is on the wire to this mailbox; only one is at a time.
    letter: Mapped[int | None]
    sent_at: Mapped[datetime | None]
    sent_day: Mapped[date | None] = mapped_column(Date)
    sent_count: Mapped[int] = mapped_column(default=0)
    #: The UTC day on which a letter last said "you have already signed" or the like (S11).
    told_day: Mapped[date | None] = mapped_column(Date)
    quiet_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Link(Clocked, db.Base):
    """One row per mailbox and campaign; `id` is the secret in the address that every letter about signing holds."""

    __tablename__ = "link"
    __table_args__ = (Index("link_asked", "campaign_id", "asked_at", postgresql_where=_WAS_ASKED,
                            sqlite_where=_WAS_ASKED),)  # fmt: skip

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    #: When the first letter that asks to confirm was sent; see `answers`.
    asked_at: Mapped[datetime | None]


class MailboxDay(db.Base):
    """How many letters about signing a mailbox got on one UTC day over all campaigns; hashed under the site's key."""

    __tablename__ = "mailbox_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    n: Mapped[int]


class Suppression(db.Base):
    """A mailbox that wants no letters from this site; the link that asked for it can lift it."""

    __tablename__ = "suppression"

    mailbox: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    link_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    until: Mapped[datetime]


class SiteKey(db.Base):
    """A random key of the site's own for keyed hashes, sealed: one for good, and one for each day's networks."""

    __tablename__ = "site_key"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


_table = Link.__table__
_days = MailboxDay.__table__
_by_mailbox = select(Link).where(Link.campaign_id == bindparam("c"), Link.mailbox == bindparam("m")).with_for_update()
_by_mailboxes = (
    select(Link)
    .where(Link.campaign_id == bindparam("c"), db.Among(Link.mailbox, "m"))
    .order_by(Link.mailbox)
    .with_for_update()
)
#: What an earlier look left in the session must not hide what others wrote meanwhile.
_FRESH = {"populate_existing": True}
_find = select(Link).where(Link.id == bindparam("i"))
_by_id = _find.with_for_update()
_by_ids = (
    select(_table.c.id, _table.c.campaign_id, _table.c.mailbox)
    .where(db.Among(_table.c.id, "i"))
    .order_by(_table.c.campaign_id, _table.c.mailbox)
    .with_for_update()
)


def take(campaign_id: int, mailbox: bytes) -> Link:
    """The link of a mailbox, made if there is none, its row locked until the transaction ends."""
    _make(campaign_id, [mailbox])
    return db.session.scalars(_by_mailbox, {"c": campaign_id, "m": mailbox}, execution_options=_FRESH).one()


def take_all(campaign_id: int, mailboxes: Iterable[bytes]) -> dict[bytes, Link]:
    """The links of mailboxes in one campaign, made where there is none, their rows locked until the transaction ends.

    Made and locked in the order of the mailboxes, and whoever takes links in several campaigns goes in the order of
    their ids: so that two who take many at once never wait for each other in a circle.
    """
    wanted = sorted(mailboxes)
    _make(campaign_id, wanted)
    found = db.session.scalars(_by_mailboxes, {"c": campaign_id, "m": wanted}, execution_options=_FRESH)
    return {link.mailbox: link for link in found}


def _make(campaign_id: int, mailboxes: Sequence[bytes]) -> None:
    now = db.now()
    new = [
        {"campaign_id": campaign_id, "mailbox": mailbox, "id": uuid4(), "created_at": now, "sent_count": 0}
        for mailbox in mailboxes
    ]
    if new:
        statement = rows.insert(_table, tuple(new[0])).on_conflict_do_nothing()
        db.session.connection().execute(statement, rows.handed(new))


def lock(link_id: UUID) -> Link | None:
    """The link with this id, its row locked until the transaction ends; None where it is gone."""
    return db.session.scalars(_by_id, {"i": link_id}, execution_options=_FRESH).one_or_none()


class Locked(NamedTuple):
    """What a link is of. Its row is locked; its clocks are not looked at."""

    id: UUID
    campaign_id: int
    mailbox: bytes


def lock_all(link_ids: Iterable[UUID]) -> dict[UUID, Locked]:
    """The links with these ids by their id, as far as they are there, locked in the order that `take_all` keeps to."""
    found = db.session.connection().execute(_by_ids, {"i": list(link_ids)})
    return {row[0]: Locked._make(row) for row in found}


def find(link_id: UUID) -> Link | None:
    """The link with this id, for reading."""
    return db.session.scalars(_find, {"i": link_id}).one_or_none()


def of_mailbox(campaign_id: int, mailbox: bytes) -> Link | None:
    """The link of a mailbox in a campaign, for reading."""
    return db.session.scalars(
        select(Link).where(Link.campaign_id == campaign_id, Link.mailbox == mailbox)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Turn:
    """A letter that wants to go to a locked link's mailbox; `box` is the mailbox's hash of the site's own."""

    link: Clocked
    letter: int
    box: bytes


def reserve(turns: Sequence[Turn], at: datetime) -> list[datetime | None]:
    """Put letters on the wires of their links, at most one for each: None for one that may go now, else the moment
    to ask again.

    A retry of the letter that already holds the wire goes on without being counted again.
    """
    others = {turn.link.letter for turn in turns if turn.link.letter not in (None, turn.letter)}
    unsent = _unsent(others) if others else set()
    answers = [_too_soon(turn, unsent, at) for turn in turns]
    day = at.astimezone(UTC).date()
    new = [
        turn for turn, until in zip(turns, answers, strict=True) if until is None and turn.link.letter != turn.letter
    ]
    counted = list(_counted_everywhere(new, day))
    refused = {turn.letter for turn in new} - {turn.letter for turn in counted}
    _put_on_wires(counted)
    return [_tomorrow(day) if turn.letter in refused else until for turn, until in zip(turns, answers, strict=True)]


def _put_on_wires(turns: Iterable[Turn]) -> None:
    letters: dict[Table, dict[UUID, int]] = {}
    for turn in turns:
        table = cast(db.Base, turn.link).__table__
        letters.setdefault(table, {})[turn.link.id] = turn.letter
        set_committed_value(turn.link, "letter", turn.letter)
    for table, of_links in letters.items():
        rows.update(db.session.connection(), table, "id", "letter", of_links)


def _too_soon(turn: Turn, unsent: set[int], at: datetime) -> datetime | None:
    link = turn.link
    if link.letter == turn.letter:
        return None
    if link.letter in unsent:
        return at + ON_THE_WIRE
    if link.sent_at is not None and at < link.sent_at + BETWEEN_LETTERS:
        return link.sent_at + BETWEEN_LETTERS
    day = at.astimezone(UTC).date()
    return _tomorrow(day) if link.sent_day == day and link.sent_count >= A_DAY_HERE else None


def _tomorrow(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _unsent(letters: Collection[int | None]) -> set[int]:
    waiting = select(outbox.Letter.id).where(outbox.Letter.id.in_(letters), outbox.Letter.state.in_(outbox.UNSENT))
    return set(db.session.scalars(waiting))


def _counted_everywhere(turns: Sequence[Turn], day: date) -> Iterator[Turn]:
    """Count letters against the day's limit over all campaigns; those that are within it.

    Links come first and these rows after them, in the order of the hashes, so that nobody waits in a circle.
    """
    left = sorted(turns, key=lambda turn: turn.box)
    while left:
        # One statement may touch a row once; a mailbox that is here twice, in two campaigns, takes two.
        firsts = {turn.box: turn for turn in reversed(left)}
        statement = rows.insert(_days, ("day", "mailbox", "n")).on_conflict_do_update(
            index_elements=[MailboxDay.day, MailboxDay.mailbox],
            set_={"n": MailboxDay.n + 1},
            where=MailboxDay.n < A_DAY_EVERYWHERE,
        )
        days = rows.handed([{"day": day, "mailbox": box, "n": 1} for box in sorted(firsts)])
        counted = db.session.connection().execute(statement.returning(MailboxDay.mailbox), days)
        yield from [firsts[box] for box in counted.scalars()]
        left = [turn for turn in left if firsts[turn.box] is not turn]


_this_one = (Link.campaign_id == bindparam("c")) & (Link.mailbox == bindparam("m"))
_off = {"letter": case((Link.letter == bindparam("l"), null()), else_=Link.letter)}
_LET_GO = update(_table).where(_this_one).values(_off)


def sent(told: ColumnElement[bool]) -> Update:
    """The statement that takes sent letters off their links' wires, counts them and locks the links, in the order of
    `take_all`, in one step.

    `told` says of a link whether its letter told of a signature. Parameters: `c`, `m` (mailboxes of one campaign), `l`
    (their letters), `at`, `today`.
    """
    today, at = bindparam("today", type_=Date), bindparam("at", type_=db.Moment)
    ours = select(Link.mailbox).where(Link.campaign_id == bindparam("c"), db.Among(Link.mailbox, "m"))
    locked = ours.order_by(Link.mailbox).with_for_update().cte("ours")
    return (
        update(_table)
        .where(Link.campaign_id == bindparam("c"), Link.mailbox.in_(select(locked.c.mailbox)))
        .values(
            {
                "letter": case((db.Among(Link.letter, "l"), null()), else_=Link.letter),
                "sent_count": case((Link.sent_day == today, Link.sent_count + 1), else_=1),
                "sent_day": today,
                "sent_at": at,
                "told_day": case((told, today), else_=Link.told_day),
                "asked_at": case((told, Link.asked_at), else_=func.coalesce(Link.asked_at, at)),
            }
        )
    )


def let_go(campaign_id: int, mailbox: bytes, letter: int) -> None:
    """Take a letter that was not sent off its link's wire, and lock the link."""
    db.session.connection().execute(_LET_GO, {"c": campaign_id, "m": mailbox, "l": letter})


def site_mailbox(folded: str) -> bytes:
    """The hash of a mailbox under the site's own key: for limits over all campaigns, and suppressions."""
    return site_mailboxes([folded])[0]


def site_mailboxes(folded: Iterable[str], key: bytes = b"") -> list[bytes]:
    """The same of many mailboxes; `key` for who has `site_key("site")` at hand and must not ask the session."""
    key = key or site_key("site")
    return [crypto.keyed_hash(key, "mailbox", one) for one in folded]


def known_site_key(name: str) -> bytes | None:
    """A random key of the site's own by name; None where there is none yet."""
    sealed = db.session.scalar(select(SiteKey.sealed).where(SiteKey.name == name))
    return None if sealed is None else crypto.unseal("site key", name, sealed)


def site_key(name: str) -> bytes:
    """A random key of the site's own by name, made at its first use."""
    found = known_site_key(name)
    if found is None:
        made = crypto.seal("site key", name, crypto.new_key())
        row = {"name": name, "sealed": made, "created_at": db.now()}
        db.session.execute(db.insert(SiteKey).values(row).on_conflict_do_nothing())
        found = crypto.unseal(
            "site key", name, db.session.scalars(select(SiteKey.sealed).where(SiteKey.name == name)).one()
        )
    return found


_suppressed = select(Suppression.mailbox).where(db.Among(Suppression.mailbox, "m"), Suppression.until > bindparam("at"))


def suppressed(boxes: Collection[bytes], at: datetime) -> set[bytes]:
    """Which of these mailboxes (hashes of the site's own) want no letters from this site."""
    return set(db.session.scalars(_suppressed, {"m": list(boxes), "at": at}))


def is_suppressed(box: bytes, at: datetime) -> bool:
    """Whether a mailbox (hash of the site's own) wants no letters from this site."""
    return box in suppressed((box,), at)


_suppression_by = select(Suppression.until).where(
    Suppression.link_id == bindparam("i"), Suppression.until > bindparam("at")
)


def suppression_by(link_id: UUID, at: datetime) -> datetime | None:
    """Until when the suppression that this link asked for holds; None where there is none."""
    return db.session.scalar(_suppression_by, {"i": link_id, "at": at})


def suppress(link: Clocked, mailbox: bytes, at: datetime) -> None:
    """No letters from this site to this mailbox for a year; the same link lifts it."""
    suppress_by(link.id, mailbox, at)
    erasures.note(erasures.SUPPRESSED, at, link=link.id, mailbox=mailbox)


def suppress_by(link_id: UUID, mailbox: bytes, at: datetime) -> None:
    """The same by the id of a link, which need not be there any more; nothing is noted."""
    held = {"link_id": link_id, "until": at + QUIET}
    statement = db.insert(Suppression).values({"mailbox": mailbox} | held)
    db.session.execute(statement.on_conflict_do_update(index_elements=[Suppression.mailbox], set_=held))


def quieten(link: Clocked, at: datetime) -> None:
    """No letters of this link's subject to its mailbox for a year; the same link lifts it."""
    link.quiet_until = at + QUIET
    db.session.flush()


def allow(link: Clocked, at: datetime) -> None:
    """Letters again: lifts what this link has asked for, here and for the site."""
    erasures.note(erasures.ALLOWED, at, link=link.id)
    link.quiet_until = None
    lift(link.id)
    db.session.flush()


def lift(link_id: UUID) -> None:
    """End the suppression that a link asked for."""
    db.session.execute(delete(Suppression).where(Suppression.link_id == link_id))


def renew(link: Link) -> None:
    """Give a locked link a new id: every address sent so far is dead."""
    statement = update(Link).where(Link.campaign_id == link.campaign_id, Link.mailbox == link.mailbox)
    db.session.execute(statement.values(id=uuid4(), letter=None))
    db.session.expire(link)
