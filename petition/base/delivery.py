"""Delivering the letters that wait: claim, decide, word, hand over, settle.

Nothing is locked while a mail server takes its time. A batch is claimed, decided and worded at once; then each
letter costs a share in one commit that waits for the disk, which marks it as "sending" before its text and stores
that the one before it has arrived; threads that send share it. That commit is what promises rest on: claiming and
deciding do not wait for the disk (see `db.lazily`), because what they wrote is there as soon as a later "sending"
is, and a letter that is not "sending" has not left. What hangs on letters that have arrived is stored at the end of
a round, for all of them at once.

A worker holds a letter by a lease; whoever dies loses nothing, for an expired lease sends the letter back. A letter
goes out a second time only if nobody can know whether the first arrived, and then with the same Message-ID.
"""

import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from petition.base import db, leases, resting, together
from petition.base.leases import Lost
from petition.base.outbox import Decision, Doer, Letter, Message, Nothing, Wait
from petition.base.smtp import Transport, Trouble

_log = logging.getLogger(__name__)
_key = "petition.delivery.marks"

#: Minutes until the next attempt after the first, second …; the last one for all further ones.
RETRIES = (1, 5, 15, 30, 60)
AFTER_SILENCE = timedelta(minutes=15)
MOST_DOUBTS = 2
AFTER_ABSENCE = timedelta(seconds=15)
#: So many letters are claimed, decided and worded at once.
BATCH = 50
#: A claimed batch is worked for this many seconds, then the rest is given back: others may be idle.
ROUND = 2.0
#: A letter whose dialogue took longer than this is ended at once; the next one might take as long, or two minutes.
QUICK = 0.5
#: What is settled after the server has answered is worth waiting for the database, by these seconds.
_PATIENCE = (0.2, 0.5, 1, 2, 4, 8, 15, 30)


def at(point: str) -> None:
    """Called between the steps; the tests that kill a worker replace it."""


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


def _back(letter: Letter, due_at: datetime, **changes: Any) -> None:
    with _transaction() as session:
        leases.put_back(session, letter, due_at, **changes)


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
                doer.settle([letter], outcome)
                at("before_settle")
                leases.end(session, letter, outcome, trouble)
            return
        except Lost:
            raise
        except Exception as error:
            if not db.is_unavailable(error):
                _tell(letter, error)
                break
            if pause is None:
                raise
            time.sleep(pause)
    with _transaction() as session:
        leases.end(session, letter, outcome, trouble)


def _tell(letter: Letter, error: Exception) -> None:
    # The text of an error may hold an address; its class and place cannot.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("letter %s (%s): %s in %s:%s", letter.id, letter.kind, type(error).__name__, frame.name, frame.lineno)


def deliver(doer: Doer, transport: Transport, *, most: int = BATCH, stopping: threading.Event | None = None) -> int:
    """One round of one thread, in an application context whose session is idle; commits between its steps.

    Mends what others left behind, claims up to `most` letters that are due and works them one by one. Returns
    how many were worked; 0 means there is nothing to do right now, or the mail server rests: wait a moment.
    Raises when the database is away: call again later. Any number of threads and processes may do so at once.
    """
    if _held.lease is not None:
        _give_back(_held.lease)
    _held.lease = None
    _mend(doer)
    if not transport.ready():
        return 0
    lease = _held.lease = secrets.randbits(63)
    with _transaction() as session:
        db.lazily()
        letters = leases.claim(session, lease, most)
    at("after_claim")
    worked = _Round(doer, transport, stopping).work(_one_for_each_mailbox(letters)) if letters else 0
    if worked < len(letters):
        _give_back(lease)
    _held.lease = None
    return worked


def _one_for_each_mailbox(letters: Sequence[Letter]) -> list[Letter]:
    """The first letter for each mailbox; what the others say depends on how that one ends."""
    firsts = {(letter.campaign_id, letter.mailbox or letter.id): letter for letter in reversed(letters)}
    return [letter for letter in letters if firsts[letter.campaign_id, letter.mailbox or letter.id] is letter]


class _Held(threading.local):
    """The lease of a round that this thread has not ended: the database went away in the middle of it."""

    lease: int | None = None


_held = _Held()


def _give_back(lease: int) -> None:
    with _transaction() as session:
        leases.give_back(session, lease)


def _mend(doer: Doer) -> None:
    with _transaction() as session:
        found = leases.lapsed(session)
    for letter in found:
        try:
            if letter.state == "claimed":
                _back(letter, letter.due_at)
            elif letter.state == "sending" and letter.settled_at is not None:
                _settle(doer, letter, "sent", None)
            elif letter.state == "sending":
                _unanswered(doer, letter, "lease ran out")
            else:
                _undelivered(doer, letter, letter.trouble)
        except Lost:
            continue


def _decide(doer: Doer, letters: Sequence[Letter]) -> list[tuple[Letter, Decision]]:
    """What letters say now; for those that say nothing now, that is stored. All or none: see `_decided`."""
    with _transaction() as session:
        db.lazily()
        decided = list(zip(letters, doer.decide(letters), strict=True))
        for letter, decision in decided:
            if isinstance(decision, Nothing):
                doer.settle([letter], "needless")
                leases.end(session, letter, "needless", None)
            elif isinstance(decision, Wait):
                leases.put_back(session, letter, decision.until)
    return decided


def _decided(doer: Doer, letters: Sequence[Letter]) -> list[tuple[Letter, Decision | Exception]]:
    """The same, where one letter's trouble is its own: when they cannot be decided together, each is alone."""
    try:
        return [*_decide(doer, letters)]
    except Exception as error:
        if len(letters) == 1:
            return [(letters[0], error)]
    return [one for letter in letters for one in _decided(doer, [letter])]


def _worded(doer: Doer, letters: Sequence[Letter]) -> list[tuple[Letter, Message | Exception]]:
    """The letters that go out now, and those that could not be decided or worded."""
    found: list[tuple[Letter, Message | Exception]] = []
    for letter, decision in _decided(doer, letters):
        if isinstance(decision, Exception):
            found.append((letter, decision))
        elif not isinstance(decision, Nothing | Wait):
            try:
                found.append((letter, decision()))
            except Exception as error:
                found.append((letter, error))
    # A transaction left open here would last as long as the mail server takes.
    db.session.rollback()
    return found


@dataclass(slots=True)
class _Round:
    """A batch on its way out.

    `arrived`: the mail server has it, which is not stored yet. `taken`: that is stored, and their doer is to be told.
    """

    doer: Doer
    transport: Transport
    stopping: threading.Event | None
    arrived: Letter | None = None
    taken: list[Letter] = field(default_factory=list)

    def work(self, letters: Sequence[Letter]) -> int:
        """Work letters until it is time to stop; how many were worked."""
        end = time.monotonic() + ROUND
        worded = _worded(self.doer, letters)
        at("after_decide")
        left = len(worded)
        try:
            for letter, message in worded:
                if (self.stopping and self.stopping.is_set()) or not self.transport.ready():
                    break
                left -= 1
                self._go(letter, message)
                if time.monotonic() >= end:
                    break
        finally:
            self._settle()
        return len(letters) - left

    def _go(self, letter: Letter, message: Message | Exception) -> None:
        try:
            try:
                if isinstance(message, Exception):
                    raise message
                self._send(letter, message)
            except Exception as error:
                if isinstance(error, Lost) or letter.state == "sending":
                    raise
                _own_error(self.doer, letter, error)
        except Lost:
            _log_lost(letter)

    def _send(self, letter: Letter, message: Message) -> None:
        until = resting.rests_until(message.to)
        if until is not None:
            _back(letter, until)
            return
        begun = time.monotonic()
        try:
            finish = self.transport.offer(message, letter.message_id)
            self._mark(letter)
            letter.state = "sending"
            at("before_data")
            _finish(finish)
        except Trouble as trouble:
            self._settle()
            slow = resting.slow_down(message.to) if trouble.kind == "slow" else db.now()
            _troubled(self.doer, letter, trouble, slow)
            return
        at("after_data")
        resting.takes(message.to)
        self.arrived = letter
        if time.monotonic() - begun > QUICK:
            self._settle()

    def _mark(self, letter: Letter) -> None:
        """Store that a letter is on the wire, and that the one before it has arrived. Raises Lost."""
        try:
            ours = together.share(_key, _store, _Mark(letter, self.arrived))
        except Exception as error:
            if not db.is_unavailable(error):
                raise
            # A connection may be dead since the database was away; and what has arrived is worth waiting for it.
            self._settle()
            ours = together.share(_key, _store, _Mark(letter, None))
        before, self.arrived = self.arrived, None
        if before is not None and before.id in ours:
            self.taken.append(before)
        at("after_mark")
        if letter.id not in ours:
            raise Lost

    def _settle(self) -> None:
        """Tell the doer of everything that the server has."""
        letters = [*self.taken, *([self.arrived] if self.arrived else [])]
        self.taken, self.arrived = [], None
        if not letters:
            return
        try:
            with _transaction() as session:
                self.doer.settle(letters, "sent")
                at("before_settle")
                leases.sent(session, letters)
        except Exception:
            # One that is lost, or that its doer cannot settle, is its own trouble.
            for letter in letters:
                self._settle_alone(letter)
        at("after_settle")

    def _settle_alone(self, letter: Letter) -> None:
        try:
            _settle(self.doer, letter, "sent", None)
        except Lost:
            _log_lost(letter)


def _log_lost(letter: Letter) -> None:
    _log.info("letter %s (%s) is not ours any more", letter.id, letter.kind)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a thread stores before it hands a letter over: that it does, and that the one before has arrived."""

    letter: Letter
    before: Letter | None


def _store(marks: Sequence[_Mark]) -> Sequence[set[int]]:
    """The marks of several threads, in one commit that waits for the disk; which letters are still ours."""
    before = [mark.before for mark in marks if mark.before is not None]
    at("before_mark")
    with db.one_commit() as connection:
        ours = leases.put_on_the_wire(connection, [mark.letter for mark in marks], before)
    return [ours] * len(marks)


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
        _undelivered(doer, letter, trouble.what)
    elif trouble.kind == "unanswered":
        _unanswered(doer, letter, trouble.what)
    else:
        due = max(db.now() + _pause(letter.attempts), not_before)
        _back(letter, due, attempts=letter.attempts + 1, trouble=trouble.what)


def _pause(before: int) -> timedelta:
    return timedelta(minutes=RETRIES[min(before, len(RETRIES) - 1)])


def _undelivered(doer: Doer, letter: Letter, trouble: str | None) -> None:
    """No try will follow. If one had no answer the letter may be there all the same, and clocks must say so."""
    _settle(doer, letter, "uncertain" if letter.doubts else "failed", trouble)


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
    elif letter.errors + 1 >= leases.MOST_ERRORS:
        _settle(doer, letter, "parked", trouble)
    else:
        _back(letter, db.now() + _pause(letter.errors), errors=letter.errors + 1, trouble=trouble)
