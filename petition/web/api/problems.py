"""Errors of the open figures, for programs (RFC 9457), in English as the contract is."""

from http import HTTPStatus

import orjson
from flask import Response, g, request

from petition.base import db, urls

KIND = "application/problem+json"
_DETAILS = {
    400: "The query is not UTF-8.",
    404: "There is nothing at this address, or not any more. Where it was the next page of a list: begin it anew.",
    405: "The open figures are read with GET, HEAD or OPTIONS.",
    410: "The organisers of this campaign took it back.",
    429: "So many answers were made for your network within a minute that we make no more for now.",
    503: "We cannot read anything right now. Please try again in a moment.",
}


def is_asked() -> bool:
    """Whether the request is for the open figures, whatever becomes of it."""
    return request.path.startswith(urls.FIGURES)


def problem(status: int, retry_after: int) -> Response:
    """What went wrong, as a document. A program that is told to wait hears how long."""
    db.session.rollback()
    answer = Response(document(status), status, content_type=KIND)
    if status in (429, 503):
        # Seconds until this network's count begins anew, where that is why.
        seconds = g.figures_left[1] if status == 429 and "figures_left" in g else retry_after
        answer.headers["Retry-After"] = str(seconds)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def document(status: int) -> bytes:
    """The document of a status."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if status in _DETAILS:
        said["detail"] = _DETAILS[status]
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
