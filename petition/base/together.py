"""What several requests store at the same time, in one commit.

Threads that store wait for the disk once. Each puts what it has into a queue; the first in it leads: it stores all
that wait, tells each what became of its own, and hands on to whoever came meanwhile. There is no thread for this,
nothing waits for more to come, and nobody is told "stored" before the commit.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from flask import current_app

from petition.base import db, pairs, turns
from petition.base.db import NotNow
from petition.base.pairs import Pair
from petition.base.turns import Turns

#: So many threads prepare at a time what they will store, and nobody waits longer for that, in seconds: it is a
#: courtesy, and what one of them waits for must not keep the others.
_PREPARING, _COURTESY = Turns(2), 0.25
T = TypeVar("T")
R = TypeVar("R")
_key = "petition.together"


class _Place(Generic[T, R]):
    """One in the queue and what became of it; `turn` is let go to wake who waits, to go or to lead. (An Event is three
    such locks, and as much again to call.)"""

    __slots__ = ("answer", "ended", "error", "item", "stored", "turn")

    answer: R

    def __init__(self, item: T) -> None:
        self.item = item
        self.turn = threading.Lock()
        self.turn.acquire()
        self.ended = self.stored = False
        self.error: Exception | None = None


class Queue(Generic[T, R]):
    """Those who wait in this process for one deed: `store` does it for several and commits, all of them or none, and
    gives an answer for each."""

    def __init__(self, store: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._do = store
        self._lock = threading.Lock()
        self._waiting: list[_Place[T, R]] = []
        self._led = False

    def put(self, item: T) -> R:
        """The answer, once it is stored. Raises NotNow, or what the item itself is refused for."""
        turns.let_go()
        place: _Place[T, R] = _Place(item)
        with self._lock:
            self._waiting.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.turn.acquire()
        if not place.ended:
            self._lead()
        if place.error is not None:
            raise place.error
        if not place.stored:
            raise NotNow("whoever led was stopped")
        return place.answer

    def _lead(self) -> None:
        with self._lock:
            places, self._waiting = self._waiting, []
        try:
            self._store(places)
        finally:
            self._hand_on()
            for place in places:
                place.ended = True
                place.turn.release()

    def _store(self, places: list[_Place[T, R]]) -> None:
        try:
            answers = self._do([place.item for place in places])
        except Exception as error:
            self._refused(places, error)
        else:
            for place, answer in zip(places, answers, strict=True):
                place.answer, place.stored = answer, True

    def _refused(self, places: list[_Place[T, R]], error: Exception) -> None:
        """What the database refused altogether is everybody's; else each is tried by itself, for one that is bad must
        not cost its neighbours theirs."""
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
                self._waiting[0].turn.release()


@contextmanager
def preparing() -> Iterator[None]:
    """What leads up to `share`, by few threads at a time and in order, until they wait for the commit."""
    turn = _PREPARING.take(_COURTESY)
    try:
        yield
    finally:
        if turn is not None:
            turn.end()


def share(key: Hashable, store: Callable[[Sequence[T]], Sequence[R]], item: T) -> R:
    """Do what `store` does, in a commit shared with other threads of this process that come with the same key; its
    answer for this item, once it is done.

    It ends a deed as `commit` does: what the context's own transaction has written is committed first. Raises NotNow
    where the database is away or its leader was stopped: nothing is stored then, or nobody knows; and the database's
    own error where it refuses this item.
    """
    if db.session.registry.has():
        # Who held a connection while waiting for one could wait for ever.
        db.session.commit()
    queues: dict[Hashable, Queue[Any, Any]] = current_app.extensions.setdefault(_key, {})
    queue: Queue[T, R] = queues.get(key) or queues.setdefault(key, Queue(store))
    return queue.put(item)


def put(pair: Pair) -> None:
    """Store both rows of a pair in a shared commit, see `share`."""
    share((pair.first, pair.second), _write, pair)


def _write(several: Sequence[Pair]) -> Sequence[None]:
    with db.one_commit() as connection:
        pairs.insert(connection, several)
    return [None] * len(several)
