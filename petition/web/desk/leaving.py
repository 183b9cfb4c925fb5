"""Answers that are files to keep: never half of one that looks whole.

The length is said in advance, so that whatever breaks off is seen as broken by whoever receives it.
"""

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime

from flask import Response, current_app

from petition.base import db
from petition.campaigns import Reading
from petition.formats import MIME


def attachment(content: Iterable[bytes], size: int, sha256: str, name: str, form: str) -> Response:
    """A file to keep, with its checksum (RFC 9530)."""
    answer = Response(content, content_type=MIME[form])
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    answer.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def named(campaign: Reading, what: str, at: datetime) -> str:
    """What a file is called: campaign, what it is, moment."""
    return f"{campaign.slug}-{what}-{at:%Y-%m-%d-%H%M}"


def in_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, each read in an application context of its own: an answer outlives its request's session, and
    between two pieces nobody waits for a connection that a slow reader holds."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy at run time

    def read() -> Iterator[bytes]:
        while True:
            with app.app_context():
                db.reading()
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return read()
