"""What several walks need: the whole database to look at, the rows in a page, a page without what differs by design."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from petition import links, networks, signatures
from petition.base import db, mailbox
from petition.links import Link
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast

START = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of its own."""
    tables = db.Base.metadata.sorted_tables
    found = {table.name: sorted(map(repr, db.session.execute(select(table)).all())) for table in tables}
    db.session.remove()
    return found


def pending() -> Sequence[PendingSignature]:
    """What waits for the button, oldest first."""
    found = db.session.scalars(select(PendingSignature).order_by(PendingSignature.created_at)).all()
    db.session.remove()
    return found


def stored() -> Sequence[Signature]:
    """The signatures."""
    found = db.session.scalars(select(Signature).order_by(Signature.entered_at)).all()
    db.session.remove()
    return found


def link_of(cast: Cast, email: str, slug: str = "canteen") -> Link | None:
    """The link of an address in a campaign."""
    reading = cast.reading(slug)
    found = links.of_mailbox(reading.id, signatures.mailbox_key(reading, mailbox.parse(email).folded))
    db.session.remove()
    return found


def rows_in(page: str) -> list[str]:
    """The rows whose button stands in an own page, top to bottom."""
    return re.findall(r'/confirm"><input type="hidden" name="row" value="(\d+)"', page)


def without_token(page: str) -> str:
    """A page without its form's token, the one thing that may differ."""
    return re.sub(r'name="token" value="[^"]*"', "", page)


def path_of(href: str) -> str:
    """A link's path without its query."""
    return href.partition("?")[0]


def network_key(at: datetime) -> bytes | None:
    """The key under which a day's networks are hashed."""
    return links.known_site_key(networks.key_name(at.date()))


def page(cast: Cast, path: str) -> str:
    """A page as somebody reads it: without its own address, which stands in the switch of languages."""
    answer = cast.browser().get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.text.replace(path.rpartition("/")[2], "")
