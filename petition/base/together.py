"""Rows of several requests in one commit.

Threads that store at the same time wait for the disk once. Each puts its rows into a queue; the first in it leads:
it writes all that wait as one statement, tells each what became of its own, and hands on to whoever came meanwhile.
There is no thread for this, nothing waits for more to come, and nobody is told "stored" before the commit.
"""

import threading
from collections.abc import Callable, Sequence

from flask import current_app

from petition.base import db, pairs
from petition.base.db import NotNow
from petition.base.pairs import Pair

#: More than this do not wait in one process: they are told at once to come again.
MOST_WAITING = 100
_key = "petition.together"


class _Place:
    """A pair in the queue and what became of it; `turn` wakes who waits, to go or to lead."""

    __slots__ = ("ended", "error", "pair", "stored", "turn")

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.turn = threading.Event()
        self.ended = self.stored = False
        self.error: Exception | None = None


class Queue:
    """Those who wait to be stored in this process; `write` stores pairs and commits, all of them or none."""

    def __init__(self, write: Callable[[Sequence[Pair]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Place] = []
        self._led = False

    def put(self, pair: Pair) -> None:
        """Return once the pair is stored. Raises NotNow, or what its own rows are refused for."""
        place = _Place(pair)
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise NotNow("too many wait")
            self._waiting.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.turn.wait()
        if not place.ended:
            self._lead()
        if place.error is not None:
            raise place.error
        if not place.stored:
            raise NotNow("whoever led was stopped")

    def _lead(self) -> None:
        with self._lock:
            places, self._waiting = self._waiting, []
        try:
            for tables in dict.fromkeys((place.pair.first, place.pair.second) for place in places):
                self._store([place for place in places if (place.pair.first, place.pair.second) == tables])
        finally:
            self._hand_on()
            for place in places:
                place.ended = True
                place.turn.set()

    def _store(self, places: list[_Place]) -> None:
        try:
            self._write([place.pair for place in places])
        except Exception as error:
            self._refused(places, error)
        else:
            for place in places:
                place.stored = True

    def _refused(self, places: list[_Place], error: Exception) -> None:
        """What the database refused altogether is everybody's; else each is tried by itself, for one bad row must not
        cost its neighbours theirs."""
        if len(places) == 1:
            places[0].error = error
        elif db.is_unavailable(error):
            for place in places:
                # An exception of its own for each thread that will raise it.
                place.error = NotNow(type(error).__name__)
        else:
            for place in places:
                self._store([place])

    def _hand_on(self) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.set()


def put(pair: Pair) -> None:
    """Store both rows of a pair in a commit shared with other threads; return once it is done.

    It ends a deed as `commit` does: what the context's own transaction has written is committed first. Raises NotNow
    where the database is away or too many wait: the rows are then not stored, or nobody knows; and the database's own
    error where it refuses these rows.
    """
    if db.session.registry.has():
        # Who held a connection while waiting for one could wait for ever.
        db.session.commit()
    queue: Queue = current_app.extensions.get(_key) or current_app.extensions.setdefault(_key, Queue(_write))
    queue.put(pair)


def _write(several: Sequence[Pair]) -> None:
    with db.one_commit() as connection:
        pairs.insert(connection, several)
