"""How many requests a process works on and how many wait for their turn; whoever comes beyond that is told so at once.

The web server in front of us would let them wait without end and without a word: it hands a request over as soon as a
thread is free, and keeps the rest where nothing of ours sees them. So it has more threads than may work, and those that
may not wait here, where they can be counted. What the page cache answers never comes here, and operators always pass.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from petition.base.turns import Turn, Turns
from petition.web.cache import OPERATORS, Environ, StartResponse, WsgiApp

#: So many wait in a process, for a second or two when all of them sign: a meeting may press the button at one moment.
WAITING = 200
#: Nobody waits longer for their turn, in seconds: on a machine that is taken by others a queue moves slowly.
PATIENCE = 5.0
#: Threads of the web server's that neither work nor wait: they answer from the page cache, and say "too many".
SPARE = 8
#: Answers without a body.
_BARE = ("204", "304")


def threads(working: int) -> int:
    """How many threads the web server needs where so many may work."""
    return working + WAITING + SPARE


class Gate:
    """The WSGI application that lets `working` requests at a time through to another one, and `waiting` wait, for so
    many seconds at most; what comes beyond that is for `full` to answer."""

    def __init__(
        self, wsgi: WsgiApp, full: WsgiApp, working: int, waiting: int = WAITING, patience: float = PATIENCE
    ) -> None:
        self._patience = patience
        self._wsgi, self._full = wsgi, full
        self._most = working + waiting
        self._here = 0
        self._lock = threading.Lock()
        self._turns = Turns(working)

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] in OPERATORS:
            return self._wsgi(environ, start)
        turn = self._enter()
        if turn is None:
            return self._full(environ, start)
        whole = False

        def started(status: str, headers: Sequence[tuple[str, str]], *rest: object) -> object:
            nonlocal whole
            whole = status[:3] in _BARE or any(name.lower() == "content-length" for name, _ in headers)
            return start(status, headers, *rest)

        try:
            parts = self._wsgi(environ, started)
        except BaseException:
            self._leave(turn)
            raise
        if whole:
            self._leave(turn)
            return parts
        # What is streamed works on while it is read.
        return _Inside(parts, partial(self._leave, turn))

    def _enter(self) -> Turn | None:
        with self._lock:
            if self._here >= self._most:
                return None
            self._here += 1
        turn = self._turns.take(self._patience)
        if turn is None:
            with self._lock:
                self._here -= 1
        return turn

    def _leave(self, turn: Turn) -> None:
        turn.end()
        with self._lock:
            self._here -= 1


class _Inside:
    """An answer on its way out: leaves once, when it is closed, or dropped by a server that lost its reader."""

    __slots__ = ("_leave", "_parts")

    def __init__(self, parts: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._parts, self._leave = parts, leave

    def __iter__(self) -> Iterator[bytes]:
        """The answer's bytes."""
        return iter(self._parts)

    def close(self) -> None:
        """End the answer."""
        leave, self._leave = self._leave, _nothing
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            leave()

    def __del__(self) -> None:
        self.close()


def _nothing() -> None:
    return None
