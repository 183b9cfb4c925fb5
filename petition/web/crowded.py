"""What those are answered for whom there is no room now: at once, honestly, and cheaply.

A form comes back with what was typed, without the database; of everything else nothing is looked at. Making such a page
takes as long as taking a signature. Where more are to be refused than that, they hear the same in a few words: else
refusing would cost more than serving, and who comes would wait in a queue that nobody sees.
"""

from collections.abc import Iterable

from flask import Flask, request
from markupsafe import escape

from petition.base import i18n, urls
from petition.base.i18n import gettext as _
from petition.base.settings import Settings
from petition.base.turns import Turns
from petition.web import errors, guards, headers
from petition.web.api import problems
from petition.web.cache import ENDPOINT, Environ, StartResponse, WsgiApp

#: So many whole pages are made at a time.
AT_ONCE = 2
#: Forms that people fill in: who finds no room gets what was typed back.
HANDING_BACK = frozenset(
    {
        "signing.sign", "embed.sign", "signing.send_link", "signing.send_found_link", "joining.ask", "endorsements.ask",
        "own.correct", "endorsed.correct",
    }
)  # fmt: skip


def overcrowded(app: Flask, read: Settings) -> WsgiApp:
    """The WSGI application that refuses."""
    turns, brief = Turns(AT_ONCE), _Brief(app, read)

    def answer(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        turn = turns.take(0)
        if turn is None:
            return brief(environ, start)
        try:
            return _wholly(app, environ, start)
        finally:
            turn.end()

    return answer


def _wholly(app: Flask, environ: Environ, start: StartResponse) -> Iterable[bytes]:
    with app.request_context(environ):
        environ[ENDPOINT] = request.endpoint
        if request.method == "POST" and request.endpoint in HANDING_BACK:
            environ[guards.FULL] = True
            found = app.full_dispatch_request()
        else:
            found = app.process_response(errors.page(503))
        return found(environ, start)


class _Brief:
    """The WSGI application that refuses in a few words, made once for each language of the interface."""

    def __init__(self, app: Flask, read: Settings) -> None:
        self._app, self._read = app, read
        self._made: dict[str, bytes] = {}

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Refuse a request."""
        path = environ["PATH_INFO"]
        over_tls = self._read.base_url.startswith("https:")
        framed = path.startswith("/embed/")
        kind, body = "text/html; charset=utf-8", self._words(path.removeprefix("/embed")[1:].partition("/")[0])
        usual = dict(headers.usual(False, headers.ANYBODY if framed else headers.NOBODY, headers.PERSONAL, over_tls))
        if path.startswith(urls.FIGURES):
            kind, body = problems.KIND, problems.document(503)
            usual["Access-Control-Allow-Origin"] = "*"
        usual |= {"Content-Type": kind, "Content-Length": str(len(body)), "Retry-After": str(errors.RETRY_AFTER)}
        start("503 Service Unavailable", list(usual.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _words(self, said: str) -> bytes:
        language = said if said in self._read.languages else self._read.languages[0]
        if language not in self._made:
            with self._app.app_context(), i18n.speaking(language):
                self._made[language] = _few_words(language)
        return self._made[language]


def _few_words(language: str) -> bytes:
    title, text = errors.words(503)
    back = _("If you have filled in a form: go back, and what you typed should still be there.")
    return (
        f'<!doctype html><html lang="{language}" dir="{i18n.direction(language)}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p><p>{escape(back)}</p></html>"
    ).encode()
