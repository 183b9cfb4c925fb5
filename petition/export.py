"""Lists of signatures and totals written out, row by row.

A list is read from one snapshot of the database, from which the register's total comes too: whoever gets a list of
everybody counted gets exactly as many rows as the total said at that moment, or no list. Rows are opened in batches,
so that a million of them take no more memory than five thousand.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from petition import fields, formats, journal, register
from petition.base import crypto, db
from petition.campaigns import Consent, Reading, Wording
from petition.fields import Answer
from petition.formats import Format, json_document
from petition.lists import Disagrees, ExportRefused, Leaving, check_columns, harmless
from petition.selection import Filter
from petition.signatures import Signature

#: What totals are broken down by when they are written out.
BREAKDOWNS = ("day", "country", "language", "channel", "source", "partner")
TotalsFormat = Literal["csv", "json", "xlsx"]
TOTALS_FORMATS: tuple[TotalsFormat, ...] = ("csv", "json", "xlsx")


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def _capacity(on_behalf: bool) -> str:
    return "organisation" if on_behalf else "personal"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: where it comes from (a clear column, a name in the sealed record, the key of a field of
    the campaign's own), how it is said.

    `typed` is what a person outside has written: a spreadsheet might take it for a formula.
    """

    meaning: str
    clear: InstrumentedAttribute[Any] | None = None
    sealed: str = ""
    own: str = ""
    say: Callable[[Any], object] | None = None
    typed: bool = False


def _sealed(name: str, meaning: str) -> Column:
    return Column(meaning, sealed=name, typed=True)


#: Every column a list can have, in the order in which help names them.
COLUMNS = {
    "number": Column("its place in this list, from 1"),
    "id": Column("the random id by which register and journal know it", Signature.id, say=str),
    "day": Column("the UTC day on which it was confirmed", Signature.day, say=date.isoformat),
    "state": Column("counted, held or removed", Signature.state),
    "name": _sealed("name", "the name typed"),
    "address": _sealed("address", "the e-mail address; only where you ask for it by name"),
    "country": Column("the country, as its ISO 3166 code", Signature.country),
    "place": _sealed("place", "the place typed"),
    "role": _sealed("role", "the role typed"),
    "organisation": _sealed("organisation", "the organisation typed"),
    "comment": _sealed("comment", "the comment typed"),
    "capacity": Column("personal, or organisation for who signed on its behalf", Signature.on_behalf, say=_capacity),
    "appear": Column("how to appear on the public list: hidden, short or full", Signature.appear),
    "language": Column("the language in which it was signed", Signature.language),
    "channel": Column("how it came: online, paper, import", Signature.channel),
    "source": Column("the page or link that brought the signer", Signature.source, typed=True),
    "partner": Column("the site that embeds the form, by its key", Signature.partner, typed=True),
    "wording": Column("the version of the text its signer saw", Wording.version),
    "consent": Column("the version of the terms its signer agreed to", Signature.consent_version),
    "signed_at": Column("when the form was sent, UTC", Signature.signed_at, say=_moment),
    "entered_at": Column("when it was confirmed, UTC", Signature.entered_at, say=_moment),
}


def columns_of(campaign_id: int) -> dict[str, Column]:
    """Every column that a list of a campaign can have: those of all, and one for each field of its own, also for
    those it asks no more. There an option stands by its key, a date as ISO 8601."""
    own = {
        one.name: Column(f"what was typed into “{next(iter(one.labels.values()))}”", own=one.key, typed=True)
        for one in fields.ever_asked_by(campaign_id)
    }
    return COLUMNS | own


def default_columns(reading: Reading) -> tuple[str, ...]:
    """Number, day, and what every signer of this campaign has agreed to hand over (S48); never the address.

    Where terms have changed, only the fields that all versions somebody signed under have in common.
    """
    # Asked version by version: looking through all signatures for their versions takes as long as counting them.
    signed = exists().where(Signature.campaign_id == reading.id, Signature.consent_version == Consent.version)
    agreed = select(Consent.fields).where(Consent.campaign_id == reading.id, signed)
    versions = [set(fields) for fields in db.session.scalars(agreed)]
    if not versions:
        versions = [set(reading.consent.fields)] if reading.consent else [{"name"}]
    common = set.intersection(*versions) - {"address"}
    return "number", "day", *(name for name in columns_of(reading.id) if name in common)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which columns are asked of the database, and how a batch of its rows becomes a batch of the list's."""

    campaign_id: int
    columns: dict[str, Column]
    form: Format
    clear: tuple[InstrumentedAttribute[Any], ...]
    opens: bool

    def query(self, wanted: Filter) -> Select[Any]:
        asked = [*self.clear, *([Signature.sealed] if self.opens else [])]
        query = select(*asked) if asked else select(Signature.id)
        if Wording.version in self.clear:
            query = query.join(Wording, Wording.id == Signature.wording_id)
        return query.where(*wanted.conditions(self.campaign_id)).order_by(Signature.entered_at, Signature.id)

    def batch(self, rows: Sequence[Row[Any]], first: int) -> Iterator[tuple[object, ...]]:
        """Column by column, which in Python costs half of going row by row."""
        told = list(zip(*rows, strict=True))
        records = [_opened(self.campaign_id, blob) for blob in told[-1]] if self.opens else []
        numbers = range(first, first + len(rows))
        lists = [self._values(column, told, records, numbers) for column in self.columns.values()]
        return zip(*lists, strict=True)

    def _values(
        self, column: Column, told: Sequence[Sequence[Any]], records: Sequence[dict[str, Any]], numbers: range
    ) -> Sequence[object]:
        values: Sequence[Any] = numbers
        if column.sealed:
            key = column.sealed
            values = [record.get(key, "") for record in records]
        elif column.own:
            values = [Answer(*record["own"][column.own]).value if column.own in record.get("own", ()) else ""
                      for record in records]  # fmt: skip
        elif column.clear is not None:
            values = told[self.clear.index(column.clear)]
        if column.say:
            values = [column.say(value) for value in values]
        if column.typed and self.form == "csv":
            values = [harmless(value) for value in values]
        return values


def _opened(campaign_id: int, blob: bytes | None) -> dict[str, Any]:
    # Not `details.opened`: a dataclass for each of a million rows costs more than opening them.
    if blob is None:
        return {}
    record: dict[str, Any] = orjson.loads(crypto.unseal("signature", str(campaign_id), blob))
    return record


def _plan(campaign_id: int, columns: Sequence[str], form: Format) -> _Plan:
    known = columns_of(campaign_id)
    check_columns(columns, tuple(known))
    chosen = {name: known[name] for name in columns}
    clear = tuple(column.clear for column in chosen.values() if column.clear is not None)
    opens = any(column.sealed or column.own for column in chosen.values())
    return _Plan(campaign_id, chosen, form, clear, opens)


class Export(Leaving):
    """A list of signatures about to leave, and what the total was at that moment."""

    def __init__(self, connection: Connection, reading: Reading, wanted: Filter, plan: _Plan) -> None:
        super().__init__(connection, tuple(plan.columns), plan.form)
        self._reading, self._wanted, self._plan = reading, wanted, plan
        self.rows, self.total = _counts(connection, reading.id, wanted)

    def query(self) -> Select[Any]:
        """The rows, in the order of confirming."""
        return self._plan.query(self._wanted)

    def batch(self, rows: Sequence[Row[Any]], first: int) -> Iterator[tuple[object, ...]]:
        """A batch of rows as they stand in the list."""
        return self._plan.batch(rows, first)

    def record(self, actor: str, reason: str) -> None:
        """The journal's line about who takes this list and why (S41). Commit it before the first row leaves."""
        asked = orjson.dumps({"filter": self._wanted.facts(), "columns": self._columns}).decode()
        journal.write(
            actor, "signatures exported", campaign_id=self._reading.id, count=self.rows, reason=f"{reason}\n{asked}"
        )

    def facts(self) -> dict[str, object]:
        """Campaign, moment, filter, columns, how many rows, and the total at that moment (S44)."""
        return {
            **_about(self._reading, self.at), "filter": self._wanted.facts(), "columns": self._columns,
            "format": self._plan.form, "rows": self.rows, "total": self.total,
        }  # fmt: skip


def _about(reading: Reading, at: datetime) -> dict[str, object]:
    return {
        "campaign": reading.wording(reading.first_language).title, "slug": reading.slug,
        "moment": _moment(at.astimezone(UTC)),
    }  # fmt: skip


def _counts(connection: Connection, campaign_id: int, wanted: Filter) -> tuple[int, int]:
    total = int(connection.execute(register.TOTAL, {"c": campaign_id}).scalar_one())
    count = select(func.count()).select_from(Signature).where(*wanted.conditions(campaign_id))
    rows = int(connection.execute(count).scalar_one())
    if wanted.is_everybody_counted() and rows != total:
        raise Disagrees(
            f"{rows} signatures count, but the total says {total}; `petition register check` tells where they differ."
        )
    return rows, total


@contextmanager
def signatures(reading: Reading, wanted: Filter, columns: Sequence[str], form: Format) -> Iterator[Export]:
    """A list of a campaign's signatures in the order of confirming, on a database connection of its own.

    Raises ExportRefused where a column is unknown or the campaign's people are forgotten, Disagrees where a list of
    everybody counted would not be as long as the total.
    """
    plan = _plan(reading.id, columns, form)
    if reading.forgotten_at is not None:
        raise ExportRefused("The people of this campaign are forgotten; its totals are kept.")
    with db.snapshot() as connection, closing(Export(connection, reading, wanted, plan)) as found:
        yield found


def totals(reading: Reading, form: TotalsFormat) -> bytes:
    """The total and its exact breakdowns, as CSV or a workbook (dimension, value, amount) or JSON. Names nobody, but a
    cell of one may point at somebody: not for the public, nor for who may see figures alone (S40).

    Raises Disagrees where they do not add up: the register is wrong, or somebody signed between two reads
    because the caller's transaction is not one moment (`db.one_moment`).
    """
    amounts = {name: register.breakdown(reading.id, name) for name in BREAKDOWNS}
    total = register.total(reading.id)
    for name, parts in amounts.items():
        if sum(parts.values()) != total:
            raise Disagrees(f"The numbers by {name} add up to {sum(parts.values())}, the total says {total}.")
    about = {**_about(reading, db.now()), "total": total}
    if form == "json":
        return json_document({**about, **amounts})
    writer = formats.writer(form, ("dimension", "value", "amount"))
    said = harmless if form == "csv" else str
    rows: list[tuple[object, ...]] = [("total", "", total)]
    rows += [(name, said(value), amount) for name in BREAKDOWNS for value, amount in amounts[name].items()]
    return writer.head() + writer.lines(rows) + writer.tail(about)


def record_totals(actor: str, campaign_id: int, reason: str) -> None:
    """The journal's line about who takes the totals. Commit it before they leave."""
    journal.write(actor, "totals exported", campaign_id=campaign_id, reason=reason)
