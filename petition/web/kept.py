"""Kept letters: the trial set-up without a mail server shows them on a page with a secret in its address.

Only where the site's public address and the address it binds are both loopback; else these pages do not exist.
"""

import hmac

from flask import Blueprint, Response, abort, make_response, render_template

from petition.base import crypto, maildir, settings

blueprint = Blueprint("kept", __name__)


def address() -> str | None:
    """The path of the page, None where letters are sent."""
    if not settings.keeps_letters(settings.current()):
        return None
    return f"/kept/{crypto.secret_name('kept letters')}"


def _letters(secret: str) -> list[maildir.Kept]:
    mine = address()
    if mine is None or not hmac.compare_digest(mine.encode(), f"/kept/{secret}".encode()):
        abort(404)
    return maildir.Maildir(settings.current()).kept()


@blueprint.get("/kept/<secret>")
def letters(secret: str) -> str:
    """The letters kept, newest first."""
    found = _letters(secret)
    rows = [
        {"href": f"/kept/{secret}/{_name(letter)}", "subject": letter.subject, "to": letter.to, "at": letter.at}
        for letter in found
    ]
    return render_template("kept.html", letters=rows)


def _name(letter: maildir.Kept) -> str:
    return str(int(letter.at.timestamp() * 1_000_000))


def _one(secret: str, name: str) -> maildir.Kept:
    found = next((letter for letter in _letters(secret) if _name(letter) == name), None)
    if found is None:
        abort(404)
    return found


@blueprint.get("/kept/<secret>/<name>")
def letter(secret: str, name: str) -> str:
    """One letter, as text and as people see it."""
    found = _one(secret, name)
    view = {
        "subject": found.subject, "to": found.to, "at": found.at, "text": found.text,
        "html_href": f"/kept/{secret}/{name}/html" if found.html else None,
    }  # fmt: skip
    return render_template("kept_letter.html", letter=view)


@blueprint.get("/kept/<secret>/<name>/html")
def html(secret: str, name: str) -> Response:
    """A letter's HTML, framed by its page and by nothing else."""
    answer = make_response(_one(secret, name).html)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox;"
        " frame-ancestors 'self'"
    )
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer
