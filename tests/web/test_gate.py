"""The gate before the site: so many work, so many wait, and whoever comes beyond that hears so at once (L4)."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from petition.base import db, settings
from petition.web import crowded, gate
from petition.web.cache import Meanwhile, PageCache
from petition.web.errors import RETRY_AFTER
from petition.web.gate import Gate
from tests.cast import Cast


def full(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("503 Service Unavailable", [])
    return [b"full"]


class Slow:
    """An application whose answers take until they are let go; it knows how many it works on at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.at_once = self.most = self.answered = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        assert self.go.wait(20)
        with self._lock:
            self.at_once -= 1
            self.answered += 1
        if environ["PATH_INFO"] == "/broken":
            raise RuntimeError
        start("200 OK", [])
        return [b"done"]


def ask(wsgi: Gate, path: str = "/") -> bytes:
    parts = wsgi({"PATH_INFO": path}, lambda *_: None)
    body = b"".join(parts)
    close = getattr(parts, "close", None)
    if close:
        close()
    return body


def until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_two_work_three_wait_and_the_others_are_told_at_once() -> None:
    site = Slow()
    wsgi = Gate(site, full, working=2, waiting=3)
    with ThreadPoolExecutor(5) as people:
        answers = [people.submit(ask, wsgi) for _ in range(5)]
        until(lambda: wsgi._here == 5)
        assert [ask(wsgi) for _ in range(20)] == [b"full"] * 20
        site.go.set()
        assert [answer.result(10) for answer in answers] == [b"done"] * 5
    assert (site.most, site.answered) == (2, 5)
    assert ask(wsgi) == b"done"


def test_who_has_waited_for_too_long_is_told() -> None:
    site = Slow()
    wsgi = Gate(site, full, working=1, waiting=3, patience=0.2)
    with ThreadPoolExecutor(4) as people:
        first = people.submit(ask, wsgi)
        until(lambda: site.at_once == 1)
        began = time.monotonic()
        assert [one.result(10) for one in [people.submit(ask, wsgi) for _ in range(3)]] == [b"full"] * 3
        assert 0.15 < time.monotonic() - began < 5
        site.go.set()
        assert first.result(10) == b"done"
    assert [ask(wsgi) for _ in range(3)] == [b"done"] * 3


def asked(wsgi: PageCache, path: str) -> bytes:
    told: list[str] = []
    environ = {"PATH_INFO": path, "HTTP_HOST": "localhost", "REQUEST_METHOD": "GET"}
    body = b"".join(wsgi(environ, lambda status, *_: told.append(status)))
    assert told == ["200 OK"]
    return body


@pytest.mark.parametrize(("kind", "times"), [("public", 1), ("no-store", 6)])
def test_a_public_page_that_many_wait_for_is_made_once_and_what_is_one_person_s_for_each(
    app: Flask, kind: str, times: int
) -> None:
    made: list[str] = []
    go = threading.Event()

    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        made.append(environ["PATH_INFO"])
        assert go.wait(20)
        start("200 OK", [("Cache-Control", kind), ("Content-Type", "text/html")])
        return [b"page %d" % len(made)]

    one = Gate(Meanwhile(site), full, working=1, waiting=9)
    wsgi = PageCache(one, replace(settings.read({}), page_cache=1.0), lambda: None)
    with ThreadPoolExecutor(6) as people:
        answers = [people.submit(asked, wsgi, "/en/") for _ in range(6)]
        until(lambda: one._here == 6)
        go.set()
        assert {answer.result(10) for answer in answers} == {b"page %d" % (number + 1) for number in range(times)}
    assert (len(made), one._here) == (times, 0)
    assert asked(wsgi, "/es/") == b"page %d" % (times + 1)


def test_a_page_that_is_older_than_pages_are_kept_is_made_anew_and_not_found_again(app: Flask) -> None:
    made: list[float] = []

    def site(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        made.append(time.monotonic())
        start("200 OK", [("Cache-Control", "public"), ("Content-Type", "text/html")])
        return [b"%d" % len(made)]

    wsgi = PageCache(
        Gate(Meanwhile(site), full, working=1, waiting=9), replace(settings.read({}), page_cache=0.1), lambda: None
    )
    assert asked(wsgi, "/en/") == b"1"
    time.sleep(0.15)
    assert asked(wsgi, "/en/") == b"2"


def test_operators_are_answered_however_many_wait() -> None:
    site = Slow()
    wsgi = Gate(site, full, working=1, waiting=0)
    with ThreadPoolExecutor(2) as people:
        people.submit(ask, wsgi)
        until(lambda: site.at_once == 1)
        asked = people.submit(ask, wsgi, "/healthz")
        until(lambda: site.at_once == 2)
        assert ask(wsgi) == b"full"
        site.go.set()
        assert asked.result(10) == b"done"


def test_what_fails_and_what_is_never_read_gives_its_turn_back() -> None:
    site = Slow()
    site.go.set()
    wsgi = Gate(site, full, working=1, waiting=0)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            ask(wsgi, "/broken")
        # Dropped unread, as by a server whose reader has gone.
        wsgi({"PATH_INFO": "/"}, lambda *_: None)
    assert ask(wsgi) == b"done"


def test_a_stream_works_on_until_it_is_closed() -> None:
    def streaming(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return (part for part in (b"one", b"two"))

    wsgi = Gate(streaming, full, working=1, waiting=0)
    parts = wsgi({"PATH_INFO": "/"}, lambda *_: None)
    assert next(iter(parts)) == b"one"
    assert ask(wsgi) == b"full"
    parts.close()  # type: ignore[attr-defined]
    assert ask(wsgi) == b"onetwo"


@pytest.mark.parametrize(
    ("path", "method"),
    [("/en/campaigns/canteen", "POST"), ("/es/", "GET"), ("/api/v1/campaigns", "GET"), ("/desk/", "GET")],
)
def test_who_finds_no_room_hears_when_to_come_back_and_nothing_is_stored(
    make_app: Callable[..., Flask], path: str, method: str
) -> None:
    """L4: an honest 503 with Retry-After, with the headers of every answer, from whichever corner."""
    app = make_app(web_threads=1)
    with app.app_context():
        Cast(app).campaign()
        db.session.remove()
    gates = [one for one in _layers(app.wsgi_app) if isinstance(one, Gate)]
    assert len(gates) == 1
    gates[0]._here = 1 + gate.WAITING
    answer = app.test_client().open(path, method=method, data={"name": "Ana"} if method == "POST" else None)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert app.test_client().get("/healthz").status_code == 200
    gates[0]._here = 0
    assert app.test_client().open("/en/").status_code == 200


FORMS = [
    "/en/campaigns/canteen", "/embed/en/campaigns/canteen", "/en/campaigns/canteen/link", "/en/link", "/en/join",
    "/en/campaigns/canteen/news", "/en/campaigns/canteen/endorse", "/t/token/correct", "/t/token/endorsement/correct",
]  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_finds_no_room_comes_back_with_what_was_typed(make_app: Callable[..., Flask], path: str) -> None:
    """L4, S72: without a question to the database, and with a way to send it again."""
    app = make_app(web_threads=1)
    with app.app_context():
        Cast(app).campaign()
        db.session.remove()
        engine = db.database().engine
    (found,) = [one for one in _layers(app.wsgi_app) if isinstance(one, Gate)]
    found._here = 1 + gate.WAITING
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    typed = {"name": "Ana <María>", "email": "ana@example.org", "comment": "one\ntwo"}
    answer = app.test_client().post(path, data=typed)
    event.remove(engine, "before_cursor_execute", count)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER))
    assert "Ana &lt;María&gt;" in answer.text
    assert 'value="ana@example.org"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert asked == []


@pytest.mark.parametrize(
    ("path", "language", "framed"),
    [
        ("/en/campaigns/canteen", "en", False), ("/es/campaigns/canteen", "es", False),
        ("/t/token/confirm", "en", False), ("/embed/es/campaigns/canteen", "es", True),
        ("/zz/", "en", False), ("/", "en", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_when_more_are_refused_than_pages_can_be_made_they_hear_it_in_a_few_words(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, path: str, language: str, framed: bool, method: str
) -> None:
    """L4: refusing must not cost more than serving; as honest, and with the headers of every answer."""
    monkeypatch.setattr(crowded, "AT_ONCE", 0)
    app = make_app(web_threads=1, page_cache=0)
    (found,) = [one for one in _layers(app.wsgi_app) if isinstance(one, Gate)]
    found._here = 1 + gate.WAITING
    answer = app.test_client().open(path, method=method, data={"name": "Ana <María>"} if method == "POST" else None)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER))
    assert f'lang="{language}"' in answer.text or method == "HEAD"
    assert "María" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].endswith(
        "frame-ancestors *" if framed else "frame-ancestors 'none'"
    )
    assert ("X-Frame-Options" in answer.headers) is not framed
    assert len(answer.text) < 700


def test_a_program_that_is_refused_in_a_few_words_gets_a_document(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowded, "AT_ONCE", 0)
    app = make_app(web_threads=1)
    (found,) = [one for one in _layers(app.wsgi_app) if isinstance(one, Gate)]
    found._here = 1 + gate.WAITING
    answer = app.test_client().get("/api/v1/campaigns")
    assert (answer.status_code, answer.json["status"]) == (503, 503)
    assert (answer.content_type, answer.headers["Access-Control-Allow-Origin"]) == ("application/problem+json", "*")


def test_every_form_that_comes_back_is_tried(app: Flask) -> None:
    places = app.url_map.bind("localhost")
    assert {places.match(path, "POST")[0] for path in FORMS} == crowded.HANDING_BACK


def _layers(wsgi: object) -> Iterable[object]:
    while wsgi is not None:
        yield wsgi
        wsgi = getattr(wsgi, "_wsgi", None)


def test_an_answer_that_is_whole_holds_no_turn_until_it_is_read(make_app: Callable[..., Flask]) -> None:
    """A slow reader of a page keeps nobody waiting."""
    client = make_app(web_threads=2, page_cache=0).test_client()
    kept = [client.get("/en/privacy") for _ in range(6)]
    assert [one.status_code for one in kept] == [200] * 6


def test_the_web_server_has_a_thread_for_everybody_who_waits_and_some_to_say_no() -> None:
    assert gate.threads(8) == 8 + gate.WAITING + gate.SPARE
