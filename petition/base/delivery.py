"""Delivering the letters that wait: claim, decide, word, hand over, settle.

Each step is a transaction of its own, so that nothing is locked while a mail server takes its time. A worker
holds a letter by a lease; whoever dies loses nothing, for an expired lease sends the letter back. A letter
goes out a second time only if nobody can know whether the first arrived, and then with the same Message-ID.
"""

import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import CursorResult, Row, bindparam, false, null, select, text, true, update
from sqlalchemy.orm import Session

from petition.base import db
from petition.base.outbox import Doer, Letter, Message, Nothing, Wait, table
from petition.base.smtp import Transport, Trouble

_log = logging.getLogger(__name__)
_extension = "petition.delivery"

#: Minutes until the next attempt after the first, second …; the last one for all further ones.
RETRIES = (1, 5, 15, 30, 60)
LEASE = timedelta(minutes=5)
#: On the wire a letter may take 120 s and its answer 300 s (see smtp), and clocks may differ by 60 s.
LEASE_ON_THE_WIRE = timedelta(seconds=500)
AFTER_SILENCE = timedelta(minutes=15)
MOST_DOUBTS = 2
MOST_ERRORS = 5
AFTER_ABSENCE = timedelta(seconds=15)
LONGEST_SLOWNESS = 15
#: A claimed batch is worked for this many seconds, then the rest is given back: others may be idle.
ROUND = 2.0
NEWS_AT_ONCE = 5
#: What is settled after the server has answered is worth waiting for the database, by these seconds.
_PATIENCE = (0.2, 0.5, 1, 2, 4, 8, 15, 30)


def at(point: str) -> None:
    """Called between the steps; the tests that kill a worker replace it."""


class _Lost(Exception):
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


@contextmanager
def _transaction() -> Iterator[Session]:
    session = db.session()
    session.expire_all()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _run(session: Session, statement: Any, letter: Letter, new: dict[str, Any]) -> None:
    guard = {"this": letter.id, "was": letter.state, "held": letter.lease}
    if cast(CursorResult[Any], session.execute(statement, new | guard)).rowcount != 1:
        raise _Lost


def _change(session: Session, letter: Letter, **changes: Any) -> None:
    """Change a letter's row if it still is as we know it; our copy stays as it is. Raises _Lost."""
    _run(session, _CHANGE, letter, {name: getattr(letter, name) for name in _changing} | changes)


def _end(session: Session, letter: Letter, outcome: str, trouble: str | None) -> None:
    if outcome == "parked":
        _change(session, letter, state="parked", lease=None, lease_until=None, trouble=trouble, errors=MOST_ERRORS)
    else:
        _run(session, _END, letter, {"state": outcome, "trouble": trouble, "settled_at": db.now()})


def _put_back(session: Session, letter: Letter, due_at: datetime, **changes: Any) -> None:
    if letter.gives_up_at is not None:
        due_at = min(due_at, letter.gives_up_at)
    _change(session, letter, state="waiting", lease=None, lease_until=None, due_at=due_at, **changes)


def _back(letter: Letter, due_at: datetime, **changes: Any) -> None:
    with _transaction() as session:
        _put_back(session, letter, due_at, **changes)


def _settle(doer: Doer, letter: Letter, outcome: str, trouble: str | None) -> None:
    """End a letter, together with what its doer does about it.

    While the database is away it is tried again, for a letter not marked as sent would be sent again. A doer
    that fails does not keep the letter from ending, for the same reason.
    """
    if outcome in ("failed", "parked", "uncertain"):
        _log.warning("letter %s (%s) %s: %s", letter.id, letter.kind, outcome, trouble)
    for pause in (*_PATIENCE, None):
        try:
            with _transaction() as session:
                doer.settle(letter, outcome)
                at("before_settle")
                _end(session, letter, outcome, trouble)
            return
        except _Lost:
            raise
        except Exception as error:
            if not db.is_unavailable(error):
                _tell(letter, error)
                break
            if pause is None:
                raise
            time.sleep(pause)
    with _transaction() as session:
        _end(session, letter, outcome, trouble)


def _tell(letter: Letter, error: Exception) -> None:
    # The text of an error may hold an address; its class and place cannot.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("letter %s (%s): %s in %s:%s", letter.id, letter.kind, type(error).__name__, frame.name, frame.lineno)


def deliver(doer: Doer, transport: Transport, *, most: int = 20, stopping: threading.Event | None = None) -> int:
    """One round of one thread, in an application context whose session is idle; commits between its steps.

    Mends what others left behind, claims up to `most` letters that are due and works them one by one. Returns
    how many were worked; 0 means there is nothing to do right now, or the mail server rests: wait a moment.
    Raises when the database is away: call again later. Any number of threads and processes may do so at once.
    """
    if _round.lease is not None:
        _give_back(_round.lease)
    _round.lease = None
    _mend(doer)
    if not transport.ready():
        return 0
    lease = _round.lease = secrets.randbits(63)
    letters = _claim(lease, most)
    end = time.monotonic() + ROUND
    worked = 0
    for letter in letters:
        if (stopping and stopping.is_set()) or not transport.ready():
            break
        worked += 1
        _work(doer, transport, letter)
        if time.monotonic() >= end:
            break
    if worked < len(letters):
        _give_back(lease)
    _round.lease = None
    return worked


class _Round(threading.local):
    """The lease of a round that this thread has not ended: the database went away in the middle of it."""

    lease: int | None = None


_round = _Round()


def _claim(lease: int, most: int) -> list[Letter]:
    now = db.now()
    with _transaction() as session:
        for news, how_many in ((False, most), (True, min(most, NEWS_AT_ONCE))):
            rows = session.execute(
                _CLAIM[news], {"now": now, "most": how_many, "held": lease, "until": now + LEASE}
            ).all()
            if rows:
                break
    return sorted(_copies(rows), key=lambda letter: letter.due_at)


def _copies(rows: Sequence[Row[Any]]) -> list[Letter]:
    return [Letter(**row._mapping) for row in rows]


def _give_back(lease: int) -> None:
    """Unclaim what a round did not get to; a row that is locked just now is left to the end of its lease."""
    ours = (
        select(table.c.id)
        .where(text("state IN ('claimed', 'sending')"), table.c.state == "claimed", table.c.lease == lease)
        .with_for_update(skip_locked=True)
        .cte("ours")
    )
    back = update(table).where(table.c.id.in_(select(ours.c.id)))
    with _transaction() as session:
        session.execute(back.values(state="waiting", lease=None, lease_until=None))


def _mend(doer: Doer) -> None:
    now = db.now()
    with _transaction() as session:
        found = [row for query in (_OVERDUE, _TOO_LATE) for row in session.execute(query, {"now": now})]
    for letter in _copies(found):
        try:
            if letter.state == "claimed":
                _back(letter, letter.due_at)
            elif letter.state == "sending":
                _unanswered(doer, letter, "lease ran out")
            else:
                _settle(doer, letter, "failed", letter.trouble)
        except _Lost:
            continue


def _work(doer: Doer, transport: Transport, letter: Letter) -> None:
    try:
        try:
            at("after_claim")
            message = _worded(doer, letter)
            if message is not None:
                _hand_over(doer, transport, letter, message)
        except Exception as error:
            if isinstance(error, _Lost) or letter.state == "sending":
                raise
            _own_error(doer, letter, error)
    except _Lost:
        _log.info("letter %s (%s) is not ours any more", letter.id, letter.kind)


def _worded(doer: Doer, letter: Letter) -> Message | None:
    """What the letter says now; None when it says nothing now, which is then stored."""
    with _transaction() as session:
        decision = doer.decide(letter)
        if isinstance(decision, Nothing):
            doer.settle(letter, "needless")
            _end(session, letter, "needless", None)
        elif isinstance(decision, Wait):
            _put_back(session, letter, decision.until)
        else:
            _change(session, letter, lease_until=db.now() + LEASE)
    if isinstance(decision, Nothing | Wait):
        return None
    at("after_decide")
    message = decision()
    # A transaction left open here would last as long as the mail server takes.
    db.session.rollback()
    until = _slowed().get(_domain(message), (letter.due_at, 0))[0]
    if until > db.now():
        _back(letter, until)
        return None
    return message


def _hand_over(doer: Doer, transport: Transport, letter: Letter, message: Message) -> None:
    try:
        finish = transport.offer(message, letter.message_id)
        with _transaction() as session:
            _change(session, letter, state="sending", lease_until=db.now() + LEASE_ON_THE_WIRE)
        letter.state = "sending"
        at("before_data")
        _finish(finish)
    except Trouble as trouble:
        slow = _slow_down(_domain(message)) if trouble.kind == "slow" else db.now()
        _troubled(doer, letter, trouble, slow)
        return
    at("after_data")
    _slowed().pop(_domain(message), None)
    _settle(doer, letter, "sent", None)
    at("after_settle")


def _finish(finish: Callable[[], None]) -> None:
    try:
        finish()
    except Trouble:
        raise
    except Exception as error:
        raise Trouble("unanswered", type(error).__name__) from error


def _troubled(doer: Doer, letter: Letter, trouble: Trouble, not_before: datetime) -> None:
    if trouble.kind == "relay":
        # Not the letter's fault: it keeps its place, and the transport says when it makes sense again.
        _back(letter, letter.due_at, trouble=trouble.what)
    elif trouble.kind == "refused":
        _settle(doer, letter, "failed", trouble.what)
    elif trouble.kind == "unanswered":
        _unanswered(doer, letter, trouble.what)
    else:
        due = max(db.now() + _pause(letter.attempts), not_before)
        _back(letter, due, attempts=letter.attempts + 1, trouble=trouble.what)


def _pause(before: int) -> timedelta:
    return timedelta(minutes=RETRIES[min(before, len(RETRIES) - 1)])


def _unanswered(doer: Doer, letter: Letter, trouble: str) -> None:
    """The mail server has the letter, or not: once more with the same Message-ID, then never again."""
    if letter.doubts + 1 >= MOST_DOUBTS:
        _settle(doer, letter, "uncertain", trouble)
    else:
        _back(letter, db.now() + AFTER_SILENCE, doubts=letter.doubts + 1, trouble=trouble)


def _own_error(doer: Doer, letter: Letter, error: Exception) -> None:
    """A letter that we cannot decide, word or build is parked at last; the others go on."""
    _tell(letter, error)
    trouble = type(error).__name__
    if db.is_unavailable(error):
        # Where the database really is away this raises, and the round ends.
        _back(letter, db.now() + AFTER_ABSENCE, trouble=trouble)
    elif letter.errors + 1 >= MOST_ERRORS:
        _settle(doer, letter, "parked", trouble)
    else:
        _back(letter, db.now() + _pause(letter.errors), errors=letter.errors + 1, trouble=trouble)


def _domain(message: Message) -> str:
    return message.to.rpartition("@")[2].lower()


def _slowed() -> dict[str, tuple[datetime, int]]:
    """Until when the letters to a provider wait that wants fewer, and for how many minutes it was asked."""
    found: dict[str, tuple[datetime, int]] = current_app.extensions.setdefault(_extension, {})
    return found


def _slow_down(domain: str) -> datetime:
    now = db.now()
    until, minutes = _slowed().get(domain, (now, 0))
    if minutes == 0 or until <= now:
        # Several threads may hear it at once; that counts once.
        minutes = min(2 * minutes or 1, LONGEST_SLOWNESS)
        until = now + timedelta(minutes=minutes)
        _slowed()[domain] = (until, minutes)
    return until
