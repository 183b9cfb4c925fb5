"""What walks with contacts need: forms read and sent, letters opened, buttons pressed, as a person would."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from werkzeug.test import TestResponse

from petition.base import db, settings
from petition.base.outbox import Message
from petition.contacts import Contact, PendingContact
from tests.cast import Cast, form_token

#: Where each wish is asked for.
FORMS = {"join": "/en/join", "meetings": "/en/events/tell-me", "news": "/en/campaigns/canteen/news"}


def ask(
    cast: Cast, wish: str = "join", email: str = "ana@example.org", *, path: str = "", **typed: str
) -> TestResponse:
    """Read a form and send it; the answer to the POST."""
    client, path = cast.browser(), path or FORMS[wish]
    data = {"email": email, "token": form_token(client.get(path).text)}
    if wish == "join":
        data |= {"name": "Ana María", "country": "IE", "place": "", "note": ""}
    return client.post(path, data=data | typed)


def asked(cast: Cast, wish: str = "join", email: str = "ana@example.org", **typed: str) -> Message:
    """Ask; the one letter that comes."""
    assert ask(cast, wish, email, **typed).status_code == 303
    (letter,) = cast.deliver()
    return letter


def page_in(letter: Message) -> str:
    """The path of the page that a letter about a wish leads to."""
    found = re.search(re.escape(settings.current().base_url) + r"(/t/[^\s?]+/news(?:\?row=\d+)?)", letter.text)
    assert found, letter.text
    return found.group(1)


def root(letter: Message) -> str:
    """The same without its query."""
    return page_in(letter).partition("?")[0]


def rows_in(page: str) -> list[str]:
    """The rows whose button stands in a page, top to bottom."""
    return re.findall(r'/news/confirm"><input type="hidden" name="row" value="(\d+)"', page)


def press(cast: Cast, letter: Message, row: str = "") -> TestResponse:
    """Open a letter's page and press its first button, or a row's."""
    page = cast.browser().get(page_in(letter)).text
    return cast.browser().post(root(letter) + "/confirm", data={"row": row or (rows_in(page) or ["0"])[0]})


def listed(cast: Cast, wish: str = "join", email: str = "ana@example.org", **typed: str) -> Message:
    """Ask, get the letter, press the button; the letter."""
    letter = asked(cast, wish, email, **typed)
    assert press(cast, letter).location.endswith("?done=confirmed")
    return letter


def contacts_now() -> Sequence[Contact]:
    """Who is on any list."""
    db.session.remove()
    found = db.session.scalars(select(Contact).order_by(Contact.confirmed_at)).all()
    db.session.remove()
    return found


def waiting_now() -> Sequence[PendingContact]:
    """What waits for a button."""
    db.session.remove()
    found = db.session.scalars(select(PendingContact).order_by(PendingContact.created_at)).all()
    db.session.remove()
    return found
