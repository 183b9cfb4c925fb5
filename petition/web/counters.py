"""What web processes count of their own answers, in one piece of memory that all processes of one server share.

Each process writes to a slot of its own, so that counting costs no system call and no lock between processes; whoever
is asked adds up all slots. A process that takes the place of a dead one goes on counting in its slot: nothing counted
is lost or falls back to nought before the server is started anew. What is counted is a kind of page, a status and a
time: nobody's address, no campaign.
"""

import math
import mmap
import multiprocessing
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from flask import current_app

from petition.web.cache import ENDPOINT, Environ, StartResponse, WsgiApp

#: Where an application keeps its counters.
EXTENSION = "petition.counters"
#: Kinds of answers: forms that sign, buttons that confirm, "send me my link", pages behind a link, …
KINDS = ("sign", "confirm", "link", "own", "embed", "figures", "desk", "files", "operators", "pages", "none")
STATUSES = (
    "200", "204", "301", "302", "303", "304", "400", "401", "403", "404", "405", "410", "413", "415", "422", "429",
    "500", "503", "other",
)  # fmt: skip
#: Seconds; the last bucket is for all that took longer.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)
#: More processes than a server may have: one may be begun while another ends.
SLOTS = 130

_ENDPOINTS = {
    "signing.sign": "sign", "embed.sign": "sign", "own.confirm": "confirm",
    "signing.send_link": "link", "signing.send_found_link": "link",
}  # fmt: skip
_BLUEPRINTS = {
    "own": "own", "news": "own", "endorsed": "own", "kept": "own", "embed": "embed", "badges": "embed",
    "oembed": "embed", "api": "figures", "style": "files", "pictures": "files", "machines": "files", "feeds": "files",
    "ops": "operators",
}  # fmt: skip

#: Alarms look at how fast these rise.
ERRORS = ("500", "503")

# A slot: whose it is, what the page cache answered, connections in use; then a number for each kind and status, and
# for each kind its buckets and the seconds of all its answers.
_PID, _KEPT, _POOL, _HEAD = 0, 1, 2, 3
_WIDTH = len(BOUNDS) + 1
_TIMES = _HEAD + len(KINDS) * len(STATUSES)
_CELLS = _TIMES + len(KINDS) * _WIDTH
_STATUS = {status: place for place, status in enumerate(STATUSES)}


@cache
def kind(endpoint: str | None) -> int:
    """The place in `KINDS` of what a route answers."""
    name = _ENDPOINTS.get(endpoint or "") or _BLUEPRINTS.get((endpoint or "").partition(".")[0])
    return KINDS.index(name or ("pages" if endpoint else "none"))


_DESK = KINDS.index("desk")


class Shared:
    """The memory. Made before processes are forked; what makes one of its own counts for itself alone."""

    def __init__(self) -> None:
        self._memory = memoryview(mmap.mmap(-1, SLOTS * _CELLS * 8)).cast("d")
        self._claiming = multiprocessing.Lock()

    def claim(self) -> "Counters":
        """A slot for the process that asks: of nobody, or of one that is dead."""
        with self._claiming:
            slots = [self._memory[place * _CELLS : (place + 1) * _CELLS] for place in range(SLOTS)]
            mine = next((slot for slot in slots if not _is_alive(int(slot[_PID]))), slots[-1])
            mine[_PID], mine[_POOL] = os.getpid(), 0
        return Counters(mine, slots)


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class Counters:
    """What one process counts, and what all of them have counted together."""

    def __init__(self, mine: "memoryview[float]", all_slots: "list[memoryview[float]]") -> None:
        self._mine, self._all = mine, all_slots
        self._lock = threading.Lock()

    def kept(self) -> None:
        """An answer from the page cache."""
        with self._lock:
            self._mine[_KEPT] += 1

    def answered(self, what: int, status: str, seconds: float, in_use: int) -> None:
        """An answer of a kind (its place in `KINDS`), how long it took, and how many connections are in use now."""
        mine = self._mine
        place = _TIMES + what * _WIDTH
        with self._lock:
            mine[_POOL] = in_use
            mine[_HEAD + what * len(STATUSES) + _STATUS.get(status, len(STATUSES) - 1)] += 1
            mine[place + bisect_left(BOUNDS, seconds)] += 1
            mine[place + _WIDTH - 1] += seconds

    def _sum(self, cell: int) -> float:
        return sum(slot[cell] for slot in self._all)

    def kept_answers(self) -> int:
        """How many answers came from the page cache."""
        return int(self._sum(_KEPT))

    def processes(self) -> int:
        """How many web processes there are."""
        return sum(_is_alive(int(slot[_PID])) for slot in self._all)

    def connections(self) -> int:
        """How many connections of the pools are in use, as of each process's last answer."""
        return int(sum(slot[_POOL] for slot in self._all if _is_alive(int(slot[_PID]))))

    def answers(self) -> Iterator[tuple[str, str, int]]:
        """(kind, status, how many), those that came up, and the errors: what is first seen when it is no longer nought
        has not risen for Prometheus, and no alarm would tell of a first burst."""
        for number, name in enumerate(KINDS):
            for place, status in enumerate(STATUSES):
                count = int(self._sum(_HEAD + number * len(STATUSES) + place))
                if count or status in ERRORS:
                    yield name, status, count

    def count(self, name: str, statuses: Iterable[str]) -> int:
        """How many answers of a kind had one of these statuses."""
        first = _HEAD + KINDS.index(name) * len(STATUSES)
        return int(sum(self._sum(first + _STATUS[status]) for status in statuses))

    def times(self) -> Iterator[tuple[str, list[tuple[str, float]], float]]:
        """(kind, [(bound in seconds, how many took no longer)], the seconds of all together)."""
        for number, name in enumerate(KINDS):
            first = _TIMES + number * _WIDTH
            below, buckets = 0.0, []
            for place, bound in enumerate(BOUNDS):
                below += self._sum(first + place)
                buckets.append(("+Inf" if bound == math.inf else f"{bound:g}", below))
            yield name, buckets, self._sum(first + _WIDTH - 1)


def current() -> Counters:
    """The counters of the application we run in."""
    found: Counters = current_app.extensions[EXTENSION]
    return found


class Counted:
    """The WSGI application that counts what another one answers: around Flask, behind the page cache. The time is up
    to the first byte of an answer that is streamed."""

    def __init__(self, wsgi: WsgiApp, counters: Counters, in_use: Callable[[], int]) -> None:
        self._wsgi, self._counters, self._in_use = wsgi, counters, in_use

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        begun = time.perf_counter()
        answered = "500"

        def started(status: str, *rest: object) -> object:
            nonlocal answered
            answered = status[:3]
            return start(status, *rest)

        try:
            return self._wsgi(environ, started)
        finally:
            what = _DESK if environ["PATH_INFO"].startswith("/desk") else kind(environ.get(ENDPOINT))
            self._counters.answered(what, answered, time.perf_counter() - begun, self._in_use())
