"""What counting an answer for operators costs a web process: `python -m bench.counting`.

The WSGI layer alone, around an application that does nothing: microseconds an answer, with and without.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlalchemy.pool import QueuePool

from petition.base import settings
from petition.web.cache import ENDPOINT, Environ, PageCache, StartResponse
from petition.web.counters import Counted, Shared

CALLS = 200_000
ROUNDS = 7


def _nothing(environ: Environ, start: StartResponse) -> Iterable[bytes]:
    environ[ENDPOINT] = "signing.sign"
    start("303 See Other", [("Content-Length", "0")])
    return [b""]


def _page(_environ: Environ, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Cache-Control", "public"), ("Content-Type", "text/plain")])
    return [b"x" * 10_000]


def _start(_status: str, _headers: object, *_error: object) -> None:
    return None


def _microseconds(call: Callable[[], object]) -> float:
    """The best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, time.perf_counter() - begun)
    return best / CALLS * 1e6


def measure() -> dict[str, float]:
    """Microseconds an answer, by what was measured."""
    counting = Shared().claim()
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/en/campaigns/canteen", "HTTP_HOST": "localhost"}
    counted = Counted(_nothing, counting, QueuePool(lambda: None, pool_size=8).checkedout)
    kept = replace(settings.read({}), base_url="http://localhost", page_cache=1.0)
    asked = environ | {"REQUEST_METHOD": "GET"}
    pages = [PageCache(_page, kept, told) for told in (lambda: None, counting.kept)]
    return {
        "an application that does nothing": _microseconds(lambda: _nothing(environ, _start)),
        "the same, counted": _microseconds(lambda: counted(environ, _start)),
        "a page from the cache": _microseconds(lambda: pages[0](asked, _start)),
        "the same, counted ": _microseconds(lambda: pages[1](asked, _start)),
    }


if __name__ == "__main__":
    for what, spent in measure().items():
        print(f"{spent:7.2f} µs  {what.strip()}")
