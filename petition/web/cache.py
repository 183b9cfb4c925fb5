"""Whole answers as bytes, in front of Flask.

A public page is answered from memory by its path alone: whatever changes it stands in its path, the query never
does. What may be kept says so itself with `Cache-Control: public`. Host and raw query are checked first, so that
nothing kept can be asked for under a false name.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from math import floor, inf
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import brotli

from petition.base import urls
from petition.base.settings import Settings, is_address, is_loopback
from petition.web.api import problems

_MOST_PAGES = 2_000
_MOST_BYTES = 200_000
#: All kept pages together, as they came; compressed ones beside them take about a quarter of it.
_MOST_BYTES_TOGETHER = 64_000_000
_PICTURES = ("image/jpeg", "image/png")
#: No page is ever answered that was made longer ago, even while it is being made anew.
STALE_AT_MOST = 1.0
FOR_EVER = 3600.0

#: What says nothing that depends on the site's address, and is asked of one process on one machine.
OPERATORS = ("/healthz", "/readyz", "/metrics")

#: Where Flask leaves the name of the route in the request's environment.
ENDPOINT = "petition.endpoint"
#: Where this leaves how to look again; where the page is left that was found then; and when another was begun, by the
#: clock that only runs on and by the one on the wall.
_AGAIN, _FOUND, _BEGUN = "petition.again", "petition.found", "petition.begun"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class _Page:
    __slots__ = ("begun", "body", "endpoint", "ends", "etag", "headers", "lifetime", "made", "making", "packed")

    def __init__(self, headers: list[tuple[str, str]], body: bytes, lifetime: float) -> None:
        self.body = body
        self.begun, self.endpoint = 0.0, ""
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        #: Content coding → the body in it, made when it is first asked for. A picture is compressed already.
        self.packed: dict[str, bytes] | None = None if kind.startswith(_PICTURES) else {}
        self.etag = 'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest() + '"'
        dropped = ("content-length", "etag", "vary")
        self.headers = [(name, value) for name, value in headers if name.lower() not in dropped]
        self.headers += [("ETag", self.etag), ("Vary", "Accept-Encoding")]
        self.lifetime = lifetime
        self.made = time.monotonic()
        #: By the clock on the wall.
        self.ends = inf
        self.making = False

    def pack(self, coding: str) -> bytes:
        """The body in a content coding. Two requests that ask at once make the same bytes."""
        assert self.packed is not None
        found = self.packed.get(coding)
        if found is None:
            best = self.lifetime == FOR_EVER
            found = self.packed[coding] = _CODINGS[coding](self.body, best)
        return found


class PageCache:
    """The WSGI application in front of Flask's."""

    def __init__(self, wsgi: WsgiApp, settings: Settings, kept: Callable[[], None]) -> None:
        """`kept` is called for each answer from memory."""
        parts = urlsplit(settings.base_url)
        self._wsgi, self._kept = wsgi, kept
        self._seconds, self._behind_proxy = settings.page_cache, settings.proxies > 0
        self._hosts = {parts.netloc, parts.hostname or ""}
        self._any_loopback = is_loopback(parts.hostname or "")
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not self._is_ours(environ.get("HTTP_HOST", "")) and not _is_for_operators(environ):
            return _refuse(environ, start)
        if not _is_clean(environ.get("QUERY_STRING", "")):
            return _refuse(environ, start)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not self._seconds:
            return self._wsgi(environ, start)
        page = self._pages.get(environ["PATH_INFO"])
        if page is not None and self._is_good(page):
            self._kept()
            return _answer(page, environ, start)
        return self._make(environ, start)

    def _is_ours(self, host: str) -> bool:
        if host in self._hosts:
            return True
        name = host.rsplit(":", 1)[0] if host.rsplit(":", 1)[-1].isdigit() else host
        return self._any_loopback and is_loopback(name) and name != ""

    def _is_good(self, page: _Page) -> bool:
        age = time.monotonic() - page.made
        if age < page.lifetime and time.time() < page.ends:
            return True
        with self._lock:
            if page.making and age < STALE_AT_MOST:
                return True
            page.making = True
        return False

    def _make(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Let Flask answer, and keep the answer if it says so. HEAD is asked as GET, for the same bytes."""
        answer: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], *_error: object) -> Callable[[bytes], object]:
            answer[:] = [status, headers]
            return lambda _data: None

        method = environ["REQUEST_METHOD"]
        asked = environ | {
            "REQUEST_METHOD": "GET",
            _AGAIN: partial(self._again, environ["PATH_INFO"], time.monotonic(), time.time()),
        }
        parts = self._wsgi(asked, started)
        status, headers = answer
        if _FOUND in asked:
            _close(parts)
            return _answer(asked[_FOUND], environ, start)
        lifetime = self._lifetime(status, headers)
        if not lifetime:
            start(status, headers)
            return _without_body(parts) if method == "HEAD" else parts
        body = b"".join(parts)
        _close(parts)
        page = _Page(headers, body, lifetime)
        (page.begun, at), page.endpoint = asked.get(_BEGUN, (0.0, 0.0)), asked.get(ENDPOINT) or ""
        if self._behind_proxy and lifetime != FOR_EVER:
            # nginx keeps what it gets at any time in one whole second until the end of the next. So what it gets was
            # begun in that same second, and nobody behind it sees what was read more than two seconds ago (S51).
            page.ends = floor(at) + 1
        if len(body) <= _MOST_BYTES:
            self._keep(environ["PATH_INFO"], page)
        return _answer(page, environ, start)

    def _again(self, path: str, since: float, at: float) -> _Page | None:
        """A page that was made for somebody else while one waited, no older when one came than any that is kept."""
        page = self._pages.get(path)
        return page if page and page.begun >= since - self._seconds and page.ends > at else None

    def _lifetime(self, status: str, headers: list[tuple[str, str]]) -> float:
        control = next((value for name, value in headers if name.lower() == "cache-control"), "")
        if not status.startswith("200") or not control.startswith("public"):
            return 0.0
        return FOR_EVER if "immutable" in control else self._seconds

    def _keep(self, path: str, page: _Page) -> None:
        with self._lock:
            before = self._pages.pop(path, None)
            self._pages[path] = page
            self._bytes += len(page.body) - (len(before.body) if before else 0)
            while len(self._pages) > _MOST_PAGES or self._bytes > _MOST_BYTES_TOGETHER:
                self._bytes -= len(self._pages.popitem(last=False)[1].body)


class Meanwhile:
    """The WSGI application behind the gate in which people wait for their turn: where many want the same page, whoever
    comes to their turn when it has been made gets it, instead of having it made again for each of them."""

    def __init__(self, wsgi: WsgiApp) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request whose turn it is."""
        again: Callable[[], _Page | None] = environ.get(_AGAIN, _nothing)
        page = again()
        if page is None:
            environ[_BEGUN] = time.monotonic(), time.time()
            return self._wsgi(environ, start)
        environ[_FOUND], environ[ENDPOINT] = page, page.endpoint
        start("200 OK", [])
        return []


def _nothing() -> None:
    return None


def _is_for_operators(environ: Environ) -> bool:
    """Whether a machine of the operator's asks, which knows this one by its address and not by the site's name. A name
    that is not ours stays refused: a page in somebody's browser may have it lead here."""
    return environ["PATH_INFO"] in OPERATORS and is_address(environ.get("HTTP_HOST", ""))


def _is_clean(query: str) -> bool:
    """Whether a raw query is UTF-8 without NUL once its escapes are undone."""
    if not query:
        return True
    try:
        return "\0" not in unquote_to_bytes(query.encode("latin-1")).decode()
    except UnicodeError:
        return False


def _refuse(environ: Environ, start: StartResponse) -> Iterable[bytes]:
    body, kind = b"This address is not understood.\n", "text/plain; charset=utf-8"
    headers = []
    if environ["PATH_INFO"].startswith(urls.FIGURES):
        body, kind = problems.document(400), problems.KIND
        headers = [("Access-Control-Allow-Origin", "*")]
    headers += [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start("400 Bad Request", [*headers, ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")])
    return [body]


def _answer(page: _Page, environ: Environ, start: StartResponse) -> Iterable[bytes]:
    if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        start("304 Not Modified", [item for item in page.headers if item[0].lower() != "content-type"])
        return []
    headers = page.headers
    body = page.body
    coding = _coding(environ.get("HTTP_ACCEPT_ENCODING", "")) if page.packed is not None else ""
    if coding:
        body = page.pack(coding)
        headers = [*headers, ("Content-Encoding", coding)]
    start("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _brotli(body: bytes, best: bool) -> bytes:
    # Level 5 takes about two milliseconds a page, which is made anew every second; the best one eighty.
    packed: bytes = brotli.compress(body, quality=11 if best else 5)
    return packed


def _gzip(body: bytes, best: bool) -> bytes:
    return gzip.compress(body, 9 if best else 6, mtime=0)


#: In the order in which they are liked: Brotli makes a campaign's page and its sheet a tenth smaller than gzip.
_CODINGS: dict[str, Callable[[bytes, bool], bytes]] = {"br": _brotli, "gzip": _gzip}


@lru_cache(maxsize=256)
def _coding(accepted: str) -> str:
    """The content coding to answer in, "" for none (RFC 9110, 12.5.3; a weight of nought refuses)."""
    said = [one.replace(" ", "").lower() for one in accepted.split(",")]
    return next((name for name in _CODINGS if any(one == name or _is_liked(one, name) for one in said)), "")


def _is_liked(said: str, name: str) -> bool:
    coding, _, weight = said.partition(";q=")
    return coding == name and weight.strip("0.") != ""


def _without_body(parts: Iterable[bytes]) -> Iterable[bytes]:
    _close(parts)
    return []


def _close(parts: Iterable[bytes]) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()
