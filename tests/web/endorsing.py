"""What walks with endorsements need: the form read and sent, the letter opened, buttons pressed, as a person would."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from werkzeug.test import TestResponse

from petition import endorsement_decisions
from petition.base import db, settings
from petition.base.outbox import Message
from petition.endorsements import Endorsement
from tests.cast import Cast, form_token

FORM = "/en/campaigns/canteen/endorse"
TYPED = {
    "organisation": "Crane Drivers’ Union", "level": "national", "country": "IE", "body": "the executive committee",
    "decided_on": "2026-05-03", "members": "12,000", "homepage": "https://cranes.example/", "name": "Ana María",
    "office": "secretary",
}  # fmt: skip


def ask(cast: Cast, email: str = "ana@example.org", *, path: str = FORM, **typed: str) -> TestResponse:
    """Read the form and send it; the answer to the POST."""
    client = cast.browser()
    return client.post(path, data=TYPED | {"email": email, "token": form_token(client.get(path).text)} | typed)


def asked(cast: Cast, email: str = "ana@example.org", *, path: str = FORM, **typed: str) -> Message:
    """Ask; the one letter that comes."""
    answer = ask(cast, email, path=path, **typed)
    assert answer.status_code == 303, answer.text
    (letter,) = cast.deliver()
    return letter


def page_in(letter: Message) -> str:
    """The path of the page that the letter leads to."""
    found = re.search(re.escape(settings.current().base_url) + r"(/t/[^\s?]+/endorsement\?row=\d+)", letter.text)
    assert found, letter.text
    return found.group(1)


def press(cast: Cast, letter: Message, verb: str = "confirm", **typed: str) -> TestResponse:
    """Do something with what the letter is about."""
    root, _, row = page_in(letter).partition("?row=")
    return cast.browser().post(f"{root}/{verb}", data={"row": row} | typed)


def confirmed(cast: Cast, email: str = "ana@example.org", *, path: str = FORM, **typed: str) -> Message:
    """Ask, get the letter, press the button; the letter."""
    letter = asked(cast, email, path=path, **typed)
    assert press(cast, letter).location.endswith("&done=confirmed")
    return letter


def accepted(cast: Cast, email: str = "ana@example.org", *, path: str = FORM, **typed: str) -> Message:
    """The same, and an organiser has accepted it."""
    letter = confirmed(cast, email, path=path, **typed)
    row = db.session.get(Endorsement, int(page_in(letter).partition("=")[2]))
    assert row is not None
    endorsement_decisions.accept(row, row.version, "a test")
    db.session.commit()
    db.session.remove()
    return letter


def stored() -> Sequence[Endorsement]:
    """What is stored, the oldest first."""
    db.session.remove()
    return db.session.scalars(select(Endorsement).order_by(Endorsement.created_at, Endorsement.id)).all()
