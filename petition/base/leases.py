"""A letter's row as a worker holds it: claimed with a lease, put on the wire, put back, ended.

Every change says what the row must still be; where it is something else by now, the letter is somebody else's.
Nothing here commits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
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
    or_,
    select,
    text,
    true,
    tuple_,
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
_SENT = (
    update(table)
    .where(table.c.id.in_(bindparam("these", expanding=True)), table.c.state == "sending")
    .where(tuple_(table.c.id, table.c.lease).in_(bindparam("held", expanding=True)))
    .values(state="sent", settled_at=func.coalesce(table.c.settled_at, bindparam("at", type_=db.Moment)))
    .values({name: null() for name in ("sealed", "lease", "lease_until", "trouble")})
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


@lru_cache(maxsize=200)
def _sending(letters: int, taken: int) -> Any:
    """The statement for so many letters; of those that are on the wire already it says that they have arrived. Without
    lists of parameters, which are put together anew each time: this is in the way of every letter."""
    was = ["claimed"] * letters + ["sending"] * taken
    ours = [(table.c.id == bindparam(f"i{n}")) & (table.c.lease == bindparam(f"l{n}")) & (table.c.state == literal(one))
            for n, one in enumerate(was)]  # fmt: skip
    arrived = table.c.state == literal("sending")
    return (
        update(table)
        .where(or_(*ours))
        .values(settled_at=case((arrived, bindparam("at", type_=db.Moment))))
        .values(sealed=case((arrived, null()), else_=table.c.sealed))
        .values(state=literal("sending"), lease_until=bindparam("until", type_=db.Moment))
        .returning(table.c.id)
    )


def put_on_the_wire(connection: Connection, letters: Sequence[Letter], taken: Sequence[Letter]) -> set[int]:
    """Say that claimed letters are about to be handed over, and of others on the wire that the server has taken them,
    with what names their readers forgotten; the ids of those that are still ours."""
    now = db.now()
    values: dict[str, Any] = {"until": now + LEASE_ON_THE_WIRE, "at": now}
    for n, letter in enumerate((*letters, *taken)):
        values[f"i{n}"], values[f"l{n}"] = letter.id, letter.lease
    return set(connection.scalars(_sending(len(letters), len(taken)), values))


def sent(session: Session, letters: Sequence[Letter]) -> None:
    """Store how letters ended that the server has, and forget what names their readers. Raises Lost."""
    held = [(letter.id, letter.lease) for letter in letters]
    values = {"at": db.now(), "held": held, "these": [letter.id for letter in letters]}
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
