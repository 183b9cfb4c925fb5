"""Who signed and chose to be shown in public, as they chose (S52): by country, in pages, searched; the first ones.

Nobody else is ever looked at here: every query names the condition of the index that holds only them, so that a
million signatures cost no more than a page of a hundred. Only counting and searching go through all who are shown,
in that index alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, tuple_, update

from petition import journal
from petition.base import db
from petition.details import PERSONAL, shown_key
from petition.signatures import COUNTED, SHOWN, Signature

#: The newest ones are looked for among so many signatures: few may have chosen to be shown.
LOOK_BACK = 200
#: So many can stand on top.
MOST_FIRST = 100
#: So many words of a search count.
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Signatory:
    """Somebody shown. `role` is what they do and their organisation, "" where not shown; `country` "" where not given;
    `first` the place among the first signatories, None where not one of them."""

    id: int
    name: str
    role: str
    country: str
    on_behalf: bool
    key: str
    first: int | None

    @property
    def is_organisation(self) -> bool:
        """Whether it stands for an organisation that is named."""
        return self.on_behalf and self.role != ""

    @property
    def is_personal(self) -> bool:
        """Whether an organisation is named for identification only."""
        return self.role.endswith(PERSONAL)


class NotFirst(ValueError):
    """Who cannot be a first signatory: the `place` in the order given, from 1, and why, as the end of a sentence."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(why)
        self.place = place


def _query(campaign_id: int) -> Select[*tuple[Any, ...]]:
    s = Signature
    query = select(s.id, s.shown_name, s.shown_role, s.country, s.on_behalf, s.shown_key, s.first)
    return query.where(Signature.campaign_id == campaign_id, SHOWN)


def _signatories(query: Select[*tuple[Any, ...]]) -> list[Signatory]:
    return [Signatory(*row) for row in db.session.execute(query)]


def by_country(campaign_id: int) -> dict[str, int]:
    """How many are shown, by country."""
    query = (
        select(Signature.country, func.count())
        .where(Signature.campaign_id == campaign_id, SHOWN)
        .group_by(Signature.country)
    )
    return {country: int(count) for country, count in db.session.execute(query)}


def everybody(campaign_id: int, most: int) -> list[Signatory]:
    """All who are shown, by the code of their country and their names, where they are not more than `most`."""
    order = (Signature.country, Signature.on_behalf, Signature.shown_key, Signature.id)
    return _signatories(_query(campaign_id).order_by(*order).limit(most))


def of_country(campaign_id: int, country: str, most: int, after: Signatory | None = None) -> list[Signatory]:
    """Those of a country: who signed on behalf of an organisation first, then by name; from behind one of them on."""
    found: list[Signatory] = []
    for on_behalf in (True, False):
        if after is not None and not on_behalf and after.on_behalf:
            after = None
        if (after is not None and on_behalf and not after.on_behalf) or len(found) >= most:
            continue
        place = tuple_(Signature.shown_key, Signature.id)
        query = _query(campaign_id).where(Signature.country == country, Signature.on_behalf.is_(on_behalf))
        if after is not None:
            query = query.where(place > tuple_(after.key, after.id))
        found += _signatories(query.order_by(Signature.shown_key, Signature.id).limit(most - len(found)))
    return found


def one(campaign_id: int, signature_id: int) -> Signatory | None:
    """Somebody shown by their id."""
    found = _signatories(_query(campaign_id).where(Signature.id == signature_id))
    return found[0] if found else None


def first(campaign_id: int) -> list[Signatory]:
    """The first signatories, in the organiser's order."""
    return _signatories(_query(campaign_id).where(Signature.first.is_not(None)).order_by(Signature.first))


def newest(campaign_id: int, most: int) -> list[Signatory]:
    """The newest ones, the last one first, as far as they are among the newest signatures."""
    order = (Signature.entered_at.desc(), Signature.id.desc())
    latest = select(Signature.id).where(Signature.campaign_id == campaign_id).order_by(*order).correlate(None)
    return _signatories(
        _query(campaign_id).where(Signature.id.in_(latest.limit(LOOK_BACK))).order_by(*order).limit(most)
    )


def search(campaign_id: int, said: str, most: int) -> list[Signatory]:
    """Those whose name, role or organisation as shown holds every word said, whatever its case and accents."""
    words = [word for part in said.split()[:MOST_WORDS] if (word := shown_key(part, ""))]
    if not words:
        return []
    query = select(Signature.id).where(Signature.campaign_id == campaign_id, SHOWN)
    for word in words:
        # What LIKE takes for more than a letter is escaped (security.md, C4).
        query = query.where(Signature.shown_key.contains(word, autoescape=True))
    order = (Signature.country, Signature.on_behalf, Signature.shown_key, Signature.id)
    ids = list(db.session.scalars(query.order_by(*order).limit(most)))
    return _signatories(_query(campaign_id).where(Signature.id.in_(ids)).order_by(*order))


def put_first(campaign_id: int, mailboxes: Sequence[bytes], *, actor: str, reason: str = "") -> None:
    """Name the first signatories by their mailbox keys, in order; whoever was one before is one no longer.

    Raises NotFirst where one has not signed, does not count, or did not choose to be shown.
    """
    if len(mailboxes) > MOST_FIRST:
        raise NotFirst(MOST_FIRST + 1, f"is one too many: {MOST_FIRST} can stand on top")
    rows = db.session.execute(
        select(Signature.mailbox, Signature.id, Signature.state, Signature.shown_key).where(
            Signature.campaign_id == campaign_id, Signature.seat == 0, Signature.mailbox.in_(mailboxes)
        )
    )
    known = {mailbox: (key, state, shown) for mailbox, key, state, shown in rows}
    ids: list[int] = []
    for place, mailbox in enumerate(mailboxes, 1):
        key, state, shown = known.get(mailbox, (0, "", ""))
        why = _why_not(key in ids, state, shown)
        if why:
            raise NotFirst(place, why)
        ids.append(key)
    _name(campaign_id, ids, actor, reason)


def put_in_order(campaign_id: int, ids: Sequence[int], *, actor: str, reason: str = "") -> None:
    """The same by their signatures. Raises NotFirst where one is not shown, or named twice."""
    if len(ids) > MOST_FIRST:
        raise NotFirst(MOST_FIRST + 1, f"is one too many: {MOST_FIRST} can stand on top")
    shown = set(
        db.session.scalars(
            select(Signature.id).where(Signature.campaign_id == campaign_id, Signature.id.in_(ids), SHOWN)
        )
    )
    for place, one in enumerate(ids, 1):
        if one not in shown or one in ids[: place - 1]:
            raise NotFirst(place, "is named twice" if one in shown else "is not shown")
    _name(campaign_id, ids, actor, reason)


def _name(campaign_id: int, ids: Sequence[int], actor: str, reason: str) -> None:
    before = update(Signature).where(Signature.campaign_id == campaign_id, Signature.first.is_not(None))
    db.session.execute(before.values(first=None))
    for place, key in enumerate(ids, 1):
        db.session.execute(update(Signature).where(Signature.id == key).values(first=place))
    journal.write(actor, "first signatories named", campaign_id=campaign_id, count=len(ids), reason=reason)


def by_mailbox(campaign_id: int, mailbox: bytes) -> int | None:
    """The signature of a mailbox key, if it is shown."""
    mine = select(Signature.id).where(Signature.campaign_id == campaign_id, Signature.mailbox == mailbox)
    return db.session.scalar(mine.where(Signature.seat == 0, SHOWN))


def _why_not(is_again: bool, state: str, shown: str) -> str:
    if not state:
        return "has not signed"
    if is_again:
        return "is named twice"
    if state != COUNTED:
        return f"is {state}, so it does not count"
    return "" if shown else "did not choose to be shown"
