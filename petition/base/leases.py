"""A letter's row as a worker holds it: claimed with a lease, put on the wire, put back, ended.

Every change says what the row must still be; where it is something else by now, the letter is somebody else's.
Nothing here commits.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Row,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session

from petition.base import db
from petition.base.outbox import Letter, table

LEASE = timedelta(minutes=5)
#: On the wire a letter may take 120 s and its answer 300 s (see smtp), and clocks may differ by 60 s.
LEASE_ON_THE_WIRE = timedelta(seconds=500)
MOST_ERRORS = 5
NEWS_AT_ONCE = 5


class Lost(Exception):
    """The letter is not ours any more: its lease ran out, or whom it was for took it back."""


_changing = ("state", "due_at", "lease", "lease_until", "attempts", "doubts", "errors", "trouble")
_as_we_know_it = (
    (table.c.id == bindparam("this"))
    & (table.c.state == bindparam("was"))
    & table.c.lease.is_not_distinct_from(bindparam("held"))
)
_CHANGE = update(table).where(_as_we_know_it).values({name: bindparam(name) for name in _changing})
_END = (
    update(table)
    .where(_as_we_know_it)
    .values({name: bindparam(name) for name in ("state", "trouble", "settled_at")})
    .values(sealed=null(), lease=null(), lease_until=null())
)
_ours = db.Among(table.c.id, "these") & db.Among(table.c.lease, "held")
_SENT = (
    update(table)
    .where(_ours, table.c.state == "sending")
    .values(state="sent", settled_at=func.coalesce(table.c.settled_at, bindparam("at", type_=db.Moment)))
    .values({name: null() for name in ("sealed", "lease", "lease_until", "trouble")})
)
_arrived = db.Among(table.c.id, "arrived")
_SENDING = (
    update(table)
    .where(_ours, table.c.state == case((_arrived, literal("sending")), else_=literal("claimed")))
    .values(settled_at=case((_arrived, bindparam("at", type_=db.Moment))))
    .values(sealed=case((_arrived, null()), else_=table.c.sealed))
    .values(state=literal("sending"), lease_until=bindparam("until", type_=db.Moment))
    .returning(table.c.id, table.c.lease)
)
# Conditions that choose a partial index are written out: a parameter in their place would hide the index.
_OVERDUE = (
    select(*table.c).where(text("state IN ('claimed', 'sending')"), table.c.lease_until < bindparam("now")).limit(50)
)
_TOO_LATE = (
    select(*table.c)
    .where(text("gives_up_at IS NOT NULL AND state IN ('waiting', 'parked')"))
    .where(table.c.gives_up_at <= bindparam("now"))
    .limit(50)
)


def _claiming(news: bool) -> Any:
    due = (
        select(table.c.id)
        .where(text("state = 'waiting'"), table.c.news == (true() if news else false()))
        .where(table.c.due_at <= bindparam("now"))
        .order_by(table.c.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(table)
        .where(table.c.id.in_(select(due.c.id)))
        .values(state="claimed", lease=bindparam("held"), lease_until=bindparam("until"))
        .returning(*table.c)
    )


_CLAIM = {news: _claiming(news) for news in (False, True)}


def _run(session: Session, statement: Any, letter: Letter, new: dict[str, Any]) -> None:
    guard = {"this": letter.id, "was": letter.state, "held": letter.lease}
    if cast(CursorResult[Any], session.connection().execute(statement, new | guard)).rowcount != 1:
        raise Lost


def _change(session: Session, letter: Letter, **changes: Any) -> None:
    """Change a letter's row if it still is as we know it; our copy stays as it is. Raises Lost."""
    _run(session, _CHANGE, letter, {name: getattr(letter, name) for name in _changing} | changes)


def end(session: Session, letter: Letter, outcome: str, trouble: str | None) -> None:
    """Store how a letter ended, and forget what names its reader unless it is only parked. Raises Lost."""
    if outcome == "parked":
        _change(session, letter, state="parked", lease=None, lease_until=None, trouble=trouble, errors=MOST_ERRORS)
    else:
        _run(session, _END, letter, {"state": outcome, "trouble": trouble, "settled_at": db.now()})


def put_back(session: Session, letter: Letter, due_at: datetime, **changes: Any) -> None:
    """Let a letter wait until a moment, or until it gives up. Raises Lost."""
    if letter.gives_up_at is not None:
        due_at = min(due_at, letter.gives_up_at)
    _change(session, letter, state="waiting", lease=None, lease_until=None, due_at=due_at, **changes)


def put_on_the_wire(connection: Connection, letters: Sequence[Letter], taken: Sequence[Letter]) -> set[int]:
    """Say that claimed letters are about to be handed over, and of others on the wire that the server has taken them,
    with what names their readers forgotten; the ids of those that are still ours.

    A letter that another thread here has claimed anew since, and that comes with one of its letters, is changed, too.
    Nobody is told that it is theirs, so nobody sends it before that lease has run out as well.
    """
    now = db.now()
    held = {(letter.id, letter.lease) for letter in (*letters, *taken)}
    values = _holding(held) | {"arrived": [letter.id for letter in taken], "until": now + LEASE_ON_THE_WIRE, "at": now}
    return {row[0] for row in connection.execute(_SENDING, values) if tuple(row) in held}


def _holding(held: Collection[tuple[int, int | None]]) -> dict[str, Any]:
    return {"these": [letter for letter, _ in held], "held": list({lease for _, lease in held})}


def sent(session: Session, letters: Sequence[Letter]) -> None:
    """Store how letters ended that the server has, and forget what names their readers. Raises Lost."""
    values = _holding([(letter.id, letter.lease) for letter in letters]) | {"at": db.now()}
    if cast(CursorResult[Any], session.connection().execute(_SENT, values)).rowcount != len(letters):
        raise Lost


def claim(session: Session, lease: int, most: int) -> list[Letter]:
    """Take letters that are due, in order: what somebody waits for, and only where there is none a little news."""
    now = db.now()
    for news, how_many in ((False, most), (True, min(most, NEWS_AT_ONCE))):
        rows = session.execute(_CLAIM[news], {"now": now, "most": how_many, "held": lease, "until": now + LEASE}).all()
        if rows:
            break
    return sorted(_copies(rows), key=lambda letter: letter.due_at)


def _copies(rows: Sequence[Row[Any]]) -> list[Letter]:
    """Letters that no session knows of, and that read like any. (To make mapped ones took a worker a sixteenth of what
    a letter costs it.)"""
    return [cast(Letter, SimpleNamespace(**row._mapping)) for row in rows]


def give_back(session: Session, lease: int) -> None:
    """Unclaim what a round did not get to; a row that is locked just now is left to the end of its lease."""
    ours = (
        select(table.c.id)
        .where(text("state IN ('claimed', 'sending')"), table.c.state == "claimed", table.c.lease == lease)
        .with_for_update(skip_locked=True)
        .cte("ours")
    )
    back = update(table).where(table.c.id.in_(select(ours.c.id)))
    session.execute(back.values(state="waiting", lease=None, lease_until=None))


def lapsed(session: Session) -> list[Letter]:
    """Letters whose lease ran out, and those that give up now."""
    now = db.now()
    return _copies([row for query in (_OVERDUE, _TOO_LATE) for row in session.execute(query, {"now": now})])
