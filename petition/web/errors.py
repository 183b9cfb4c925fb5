"""One page per error, in the reader's language; domain errors become statuses here."""

from collections.abc import Callable

from flask import Flask, Response, current_app, g, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.web.api import problems

RETRY_AFTER = 10


Ways = Callable[[int], list[tuple[str, str]]]
_key = "petition.errors"


def _public_ways(status: int) -> list[tuple[str, str]]:
    language = i18n.spoken()
    ways = [(str(_("To the front page")), f"/{language}/")]
    return [*ways, (str(_("Have your link sent again")), f"/{language}/link")] if status == 404 else ways


def init_app(app: Flask, *, layout: str = "base.html", ways: Ways = _public_ways) -> None:
    """Answer every error with a page in a layout, with the ways on that a status has (words, path)."""
    app.extensions[_key] = layout, ways
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _bug)


def words(status: int) -> tuple[str, str]:
    """What an error is called, and a sentence about it."""
    found = {
        400: (_("This was not understood"), _("Your browser sent something we cannot read. Nothing was stored.")),
        401: (_("Sign in first"), _("You are signed out. Nothing was stored.")),
        403: (_("This is not yours to do"), _("Your account may not do this, or the form came from elsewhere.")),
        404: (_("There is nothing here"), _("The address may be mistyped or cut short, or what was here is gone.")),
        405: (_("This does not work here"), _("This page cannot do that. Nothing was changed.")),
        410: (_("This campaign was withdrawn"), _("Its organisers took it back. It can no longer be read or signed.")),
        413: (_("This is too much"), _("What was sent is longer than anything we can take. Nothing was stored.")),
        415: (_("This was not understood"), _("Your browser sent this in a way we cannot read. Nothing was stored.")),
        422: (_("This was not understood"), _("Your browser sent something we cannot read. Nothing was stored.")),
        429: (
            _("Too many at once"),
            _("So many forms came from your network within an hour that we take no more for now. Nothing was lost"
              " of what was taken before; please try again later."),
        ),
        503: (
            _("Not possible at the moment"),
            _("We cannot read or store anything right now. Nothing was half-done. Please try again in a moment."),
        ),
    }  # fmt: skip
    unknown = (_("Something went wrong"), _("This is our fault. Nothing was half-done. Please try again."))
    return found.get(status, unknown)


def page(status: int) -> Response:
    """The error page of a status, with a way on; a document where a program asks."""
    if problems.is_asked():
        return problems.problem(status, RETRY_AFTER)
    db.session.rollback()
    # What is said here is not among the words that a campaign brings.
    g.language = i18n.house()
    i18n.answer_with(None)
    title, text = words(status)
    layout, ways = current_app.extensions[_key]
    layout = getattr(g, "layout", layout)
    shown = {"status": status, "title": title, "text": text, "links": ways(status), "layout": layout}
    # It stands at no address of its own, and nothing tells of it.
    shown |= {"canonical": "", "feed": None}
    response = make_response(render_template("error.html", **shown), status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(3600 if status == 429 else RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    answer = page(error.code)
    if error.code == 405:
        answer.headers.extend({name: value for name, value in error.get_headers() if name == "Allow"})
    return answer


def _database(error: SQLAlchemyError) -> Response:
    if db.is_unavailable(error):
        return page(503)
    return _bug(error)


def _bug(error: Exception) -> Response:
    # Only what cannot hold anybody's words: a message of the database or of a codec may repeat what was typed.
    current_app.logger.error("%s in %s: %s", type(error).__name__, request.endpoint, " < ".join(_frames(error)))
    return page(500)


def _frames(error: BaseException) -> list[str]:
    """Where an error happened, innermost first, as file:line function; no values."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[::-1]
