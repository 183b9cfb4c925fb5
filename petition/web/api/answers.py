"""The open figures as bytes: JSON and CSV, and where the next page is."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from flask import Response

from petition import formats, lists
from petition.base import urls

CSV = "text/csv; charset=utf-8; header=present"
_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def as_json(document: object, following: str = "") -> Response:
    """A document; `following` is the path of the next page."""
    answer = Response(orjson.dumps(document, option=_JSON), content_type="application/json")
    return _linked(answer, following)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], following: str = "") -> Response:
    """Rows with a heading, as RFC 4180 has them: all in quotes, and nothing that a spreadsheet takes for a formula."""
    written = [tuple(columns), *(tuple(_cell(value) for value in row) for row in rows)]
    return _linked(Response(formats.csv_lines(written), content_type=CSV), following)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return lists.harmless(value)
    # A moment as in the documents, without the quotes that JSON puts around it.
    return "" if value is None else orjson.dumps(value, option=orjson.OPT_UTC_Z).decode().strip('"')


def _linked(answer: Response, following: str) -> Response:
    if following:
        answer.headers["Link"] = f'<{urls.absolute(following)}>; rel="next"'
    return answer
