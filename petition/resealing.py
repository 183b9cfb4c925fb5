"""Sealing again, under the key that is active now, what older keys have sealed.

In batches, while everything goes on: a batch takes the rows that nobody holds just now, and waits for none, so that
nobody can wait for it in a circle. What was held is found in the next pass. Nothing here commits.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from petition import contacts
from petition.accounts import Account
from petition.base import crypto, db
from petition.base.files import File, FileChunk
from petition.base.jobs import Job
from petition.base.outbox import Letter
from petition.campaigns import Campaign
from petition.contacts import Contact, PendingContact
from petition.endorsements import Endorsement
from petition.links import SiteKey
from petition.objections import Objection
from petition.signatures import PendingSignature, Signature

#: Rows that one transaction goes through: some milliseconds, for on SQLite everybody who stores waits for it.
SPAN = 500
#: Chunks of files are a thousand times longer.
SPAN_OF_CHUNKS = 4
#: So many rows show a key that seals one in two hundred of them, almost surely.
SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A column that holds what is sealed, and what its sealing is bound to."""

    column: InstrumentedAttribute[Any]
    purpose: str
    context: Callable[[Row[Any]], str]
    only: ColumnElement[bool] = true()  # noqa: RUF009  # says nothing, and is never changed
    span: int = SPAN

    @property
    def table(self) -> Table:
        """The table it stands in."""
        return cast(Table, self.column.class_.__table__)

    @property
    def name(self) -> str:
        """Table and column, for who is told."""
        return f"{self.table.name}.{self.column.key}"


def _of_campaign(row: Row[Any]) -> str:
    return str(row.campaign_id)


def _of_nothing(_row: Row[Any]) -> str:
    return ""


def _own(row: Row[Any]) -> str:
    return str(row.id)


def _of_wish(row: Row[Any]) -> str:
    return contacts.context(row.campaign_id, row.wish)


_in_sealed_file = exists().where(File.name == FileChunk.name, File.is_sealed)
PLACES = (
    Place(Campaign.hash_key, "hash key", _own),
    Place(SiteKey.sealed, "site key", lambda row: str(row.name)),
    Place(Account.factor, "second factor", _of_nothing),
    Place(Signature.sealed, "signature", _of_campaign),
    Place(PendingSignature.sealed, "signature", _of_campaign),
    Place(Contact.sealed, "contact", _of_wish),
    Place(PendingContact.sealed, "contact", _of_wish),
    Place(Endorsement.sealed, "endorsement", _of_campaign),
    Place(Objection.sealed, "objection", lambda row: str(row.signature_id)),
    Place(Letter.sealed, "letter", _own),
    Place(Job.parameters, "job", _own),
    Place(Job.result, "job", _own),
    Place(FileChunk.data, "file", lambda row: f"{row.name} {row.number}", _in_sealed_file, SPAN_OF_CHUNKS),
)


def counts() -> Counter[int]:
    """How many pieces each key seals, by the key's number in front of them. Reads every row."""
    found: Counter[int] = Counter()
    for place in PLACES:
        number = _number(place)
        query = select(number, func.count()).where(place.column.is_not(None), place.only).group_by(number)
        for key, count in db.session.execute(query):
            found[key[0]] += int(count)
    return found


def sample(most: int = SAMPLE) -> set[int]:
    """The numbers of the keys that seal some of what is stored: of each place so many rows, by keys that are random in
    the large ones. Reads little, however much there is."""
    found: set[int] = set()
    for place in PLACES:
        some = select(_number(place).label("number")).where(place.column.is_not(None), place.only)
        some = some.order_by(*place.table.primary_key).limit(most if place.span > SPAN_OF_CHUNKS else most // 100)
        found |= {key[0] for key in db.session.scalars(select(some.subquery().c.number).distinct())}
    return found


def _number(place: Place) -> ColumnElement[bytes]:
    return func.substr(place.column, 2, 1, type_=LargeBinary)


@dataclass
class Pass:
    """One walk through everything: how many pieces were sealed again, how many do not open."""

    sealed: int = 0
    broken: int = 0

    def steps(self) -> Iterator[Place]:
        """Each step is a transaction of its own: whoever walks commits it."""
        for place in PLACES:
            after: Sequence[Any] | None = None
            more = True
            while more:
                until = db.session.execute(_end(place, after)).first()
                self._seal(place, db.session.execute(_older(place, after, until)).all())
                after, more = until, until is not None
                yield place

    def _seal(self, place: Place, rows: Sequence[Row[Any]]) -> None:
        keys = [column.key for column in place.table.primary_key]
        new = []
        for row in rows:
            context = place.context(row)
            try:
                data = crypto.unseal(place.purpose, context, getattr(row, place.column.key))
            except crypto.Unsealable:
                self.broken += 1
                continue
            again = crypto.seal(place.purpose, context, data)
            new.append({f"k_{key}": getattr(row, key) for key in keys} | {"again": again})
        if new:
            mine = and_(*(place.table.c[key] == bindparam(f"k_{key}") for key in keys))
            column = place.table.c[place.column.key]
            db.session.connection().execute(update(place.table).where(mine).values({column: bindparam("again")}), new)
            self.sealed += len(new)


def _end(place: Place, after: Sequence[Any] | None) -> Select[Any]:
    """The key of the last row of the next span; no row where fewer are left."""
    key = list(place.table.primary_key)
    query = select(*key).order_by(*key).offset(place.span - 1).limit(1)
    return query if after is None else query.where(_key(place) > _value(after))


def _older(place: Place, after: Sequence[Any] | None, until: Sequence[Any] | None) -> Select[Any]:
    """What older keys have sealed in a span, but for rows that somebody holds."""
    old = _number(place) != bytes((crypto.ring().active,))
    query = select(*place.table.c).where(place.column.is_not(None), place.only, old)
    if after is not None:
        query = query.where(_key(place) > _value(after))
    if until is not None:
        query = query.where(_key(place) <= _value(until))
    # Not as strong as an UPDATE of keys: the rows that refer to a campaign's are inserted all the time.
    return query.with_for_update(of=place.table, skip_locked=True, key_share=True)


def _key(place: Place) -> ColumnElement[Any]:
    key = list(place.table.primary_key)
    return tuple_(*key) if len(key) > 1 else key[0]


def _value(key: Sequence[Any]) -> Any:
    return tuple_(*key) if len(key) > 1 else key[0]
