"""Turns: so many threads work at a time, the others wait in the order in which they came.

Python runs one thread at a time. Threads that all work at once take the processor from each other in no order, and
whoever has bad luck waits for everybody; a semaphore of the library's lets newcomers pass those who wait.
"""

import threading
from collections import deque

_held = threading.local()


class Turn:
    """The right to work, until it is ended. To end it again does nothing."""

    __slots__ = ("_turns", "ended")

    def __init__(self, turns: "Turns") -> None:
        self._turns = turns
        self.ended = False

    def end(self) -> None:
        """Let the next one work. From whichever thread."""
        self._turns.end(self)


class Turns:
    """Turns for so many at a time."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def take(self, patience: float) -> Turn | None:
        """Wait for a turn, for so many seconds at most; None where none came."""
        with self._lock:
            place = None
            if self._free:
                self._free -= 1
            else:
                place = threading.Lock()
                place.acquire()
                self._waiting.append(place)
        if place is not None and not place.acquire(timeout=patience) and self._gave_up(place):
            return None
        turn = Turn(self)
        _held.turns = [one for one in getattr(_held, "turns", ()) if not one.ended]
        _held.turns.append(turn)
        return turn

    def _gave_up(self, place: threading.Lock) -> bool:
        with self._lock:
            if place not in self._waiting:
                # It was handed over at the last moment.
                return False
            self._waiting.remove(place)
            return True

    def end(self, turn: Turn) -> None:
        """See `Turn.end`."""
        with self._lock:
            if turn.ended:
                return
            turn.ended = True
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


def let_go() -> None:
    """End every turn that this thread has taken: it will wait for others now, and has little left to do then."""
    for turn in getattr(_held, "turns", ()):
        turn.end()
