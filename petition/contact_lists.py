"""Lists of contacts written out, so that whoever runs the site or a campaign, or carries one, can write to them.

Each row brings the address that ends it (RFC 8058): what is sent to a contact names it. Whoever refused all letters
from this site is on no list.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from petition import contacts, journal, links, partners
from petition.base import db, mailbox, tokens, urls
from petition.campaigns import Reading
from petition.contacts import JOIN, MEETINGS, NEWS, Contact
from petition.formats import Format
from petition.links import Suppression
from petition.lists import ExportRefused, Leaving, check_columns, harmless
from petition.partners import Reading as Partner


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its meaning, and how it is said of a row and its opened record. `typed`: a person's own words."""

    meaning: str
    say: Callable[[Row[Any], dict[str, str]], object]
    typed: bool = False


def _typed(name: str, meaning: str) -> Column:
    return Column(meaning, lambda _row, record: record.get(name, ""), typed=True)


def _moment(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""


def _unsubscribe(link_id: UUID) -> str:
    return urls.absolute(urls.contact_page(tokens.link("news", link_id)))


#: Every column a list can have, in the order in which help names them.
COLUMNS = {
    "number": Column("its place in this list, from 1", lambda _row, record: record["number"]),
    "address": _typed("address", "the e-mail address"),
    "name": _typed("name", "the name typed"),
    "country": Column("the country, as its ISO 3166 code", lambda _row, record: record.get("country", "")),
    "place": _typed("place", "the town typed"),
    "note": _typed("note", "what they would like to do"),
    "language": Column("the language in which it was asked for", lambda row, _record: row.language),
    "proof": Column("signature, or letter: which button made it certain", lambda row, _record: row.proof),
    "consent": Column("the version of the terms agreed to", lambda row, _record: row.consent_version),
    "box": Column("the version of what a partner said at its box", lambda row, _record: row.partner_version or ""),
    "confirmed_at": Column("when it was confirmed, UTC", lambda row, _record: _moment(row.confirmed_at)),
    "forgets_at": Column("when it is forgotten, UTC; empty for a campaign’s", lambda row, _: _moment(row.forgets_at)),
    "unsubscribe": Column("the address that ends it in one click, for your letters", lambda row, _record: _unsubscribe(
        row.link_id)),
}  # fmt: skip

#: What the form of each wish asks; without --columns it is written out, with what a letter needs.
ASKED = {JOIN: ("name", "country", "place", "note"), MEETINGS: ("country", "place"), NEWS: ()}


def default_columns(wish: str) -> tuple[str, ...]:
    """Number, address, what the form asks, language, and the address that ends it."""
    return "number", "address", *ASKED[wish], "language", "confirmed_at", "unsubscribe"


#: What a partner gets of those who ticked its box: what its box says.
OF_PARTNER = ("number", "address", "name", "language", "box", "confirmed_at", "unsubscribe")


class ContactList(Leaving):
    """A list of contacts about to leave."""

    def __init__(
        self, connection: Connection, wish: str, reading: Reading | None, columns: tuple[str, ...], form: Format,
        partner: Partner | None = None,
    ) -> None:  # fmt: skip
        super().__init__(connection, columns, form)
        self._wish, self._reading, self._partner = wish, reading, partner
        self._refused = frozenset(
            connection.execute(select(Suppression.mailbox).where(Suppression.until > self.at)).scalars()
        )
        # Asked for now: while rows leave, the session must hold nothing that others wait for.
        self._key = links.site_key("site")
        count = select(func.count()).select_from(self.query().subquery())
        self.rows = int(connection.execute(count).scalar_one())
        #: How many rows have left, and how many did not because their mailbox refuses all letters.
        self.written = self.left_out = 0

    def query(self) -> Select[Any]:
        """The contacts, in the order of confirming."""
        wanted: list[InstrumentedAttribute[Any]] = [
            Contact.language, Contact.proof, Contact.consent_version, Contact.partner_version, Contact.confirmed_at,
            Contact.forgets_at, Contact.link_id, Contact.mailbox, Contact.sealed,
        ]  # fmt: skip
        of = Contact.campaign_id == (self._reading.id if self._reading else None)
        return select(*wanted).where(of, Contact.wish == self._wish).order_by(Contact.confirmed_at, Contact.id)

    def batch(self, rows: Sequence[Row[Any]], first: int) -> Iterator[tuple[object, ...]]:
        """A batch of rows as they stand in the list, less those who refuse all letters."""
        lines = [self._line(row) for row in rows]
        return iter([line for line in lines if line is not None])

    def _line(self, row: Row[Any]) -> tuple[object, ...] | None:
        campaign_id = self._reading.id if self._reading else None
        record: dict[str, Any] = dict(contacts.unsealed(campaign_id, self._wish, row.sealed))
        if self._refuses(row, record["address"]):
            self.left_out += 1
            return None
        self.written += 1
        return tuple(self._cell(COLUMNS[name], row, record | {"number": self.written}) for name in self._columns)

    def _cell(self, column: Column, row: Row[Any], record: dict[str, Any]) -> object:
        value = column.say(row, record)
        return harmless(str(value)) if column.typed and self._form == "csv" else value

    def _refuses(self, row: Row[Any], address: str) -> bool:
        if not self._refused:
            return False
        if self._reading is None:
            return row.mailbox in self._refused
        (box,) = links.site_mailboxes([mailbox.folded(address)], self._key)
        return box in self._refused

    def record(self, actor: str, reason: str) -> None:
        """The journal's line about who takes this list and why (S41). Commit it before the first row leaves."""
        partner = self._partner
        said = {"partner": partner.key} if partner else {"wish": self._wish}
        asked = orjson.dumps(said | {"columns": self._columns}).decode()
        journal.write(
            actor, "contacts of a partner taken" if partner else "contacts exported",
            campaign_id=self._reading.id if self._reading else None, about=partner.id if partner else None,
            count=self.rows, reason=f"{reason}\n{asked}",
        )  # fmt: skip

    def facts(self) -> dict[str, object]:
        """Which wish, of which campaign, of when, how many rows; once the last row has been read."""
        return {
            "wish": self._wish, "partner": self._partner and self._partner.key,
            "slug": self._reading.slug if self._reading else None, "moment": _moment(self.at),
            "columns": self._columns, "format": self._form, "rows": self.written, "left_out": self.left_out,
        }  # fmt: skip


@contextmanager
def listed(wish: str, reading: Reading | None, columns: Sequence[str], form: Format) -> Iterator[ContactList]:
    """The contacts of one wish, of a campaign or of the whole site, on a database connection of its own.

    Raises ExportRefused where a column is unknown, the campaign's people are forgotten, or the wish and the campaign
    do not go together.
    """
    check_columns(columns, tuple(COLUMNS))
    if (wish == NEWS) != (reading is not None):
        raise ExportRefused("News is asked of a campaign: name it. The other wishes are about the whole site.")
    _refuse_forgotten(reading)
    with db.snapshot() as connection, closing(ContactList(connection, wish, reading, tuple(columns), form)) as found:
        yield found


@contextmanager
def of_partner(partner: Partner, reading: Reading) -> Iterator[ContactList]:
    """Those who ticked a partner's box, as CSV, for the partner's own people alone, likewise.

    Raises ExportRefused where the campaign's people are forgotten, or the partner is switched off.
    """
    _refuse_forgotten(reading)
    if not partner.is_on:
        raise ExportRefused("This partner is switched off.")
    wish = partners.wish(partner.id)
    with (
        db.snapshot() as connection,
        closing(ContactList(connection, wish, reading, OF_PARTNER, "csv", partner)) as found,
    ):
        yield found


def _refuse_forgotten(reading: Reading | None) -> None:
    if reading is not None and reading.forgotten_at is not None:
        raise ExportRefused("The people of this campaign are forgotten.")
