"""Lists taken out at the desk: who is told, what is made in the background, what was taken, what has a name.

Whoever takes a list is in the journal, and the other owners have a letter, before its first row leaves: `told` belongs
to the transaction that is committed before. What a list was (campaign, moment, filter, columns, rows, total, checksum)
is kept for good, so that a file that turns up later can be known again; it names no signer.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from petition import campaigns, export, journal, selection, teams
from petition.accounts import Account
from petition.base import db, files, jobs
from petition.base.jobs import Task
from petition.campaigns import Reading
from petition.export import Export
from petition.formats import FORMATS, Format
from petition.letters import organisers as letters
from petition.letters import ready
from petition.selection import Filter

#: The kind of job that makes a long list.
JOB = "list"
#: A list of so many rows leaves at once; a longer one is made in the background.
AT_ONCE = 5000
#: What was made can be fetched for so long: a day, less the hour within which retention comes by (S51).
KEPT = timedelta(hours=23)
#: What is left of a list that nobody finishes ends so long after its last piece.
UNFINISHED = timedelta(minutes=10)


class NamedExport(db.Base):
    """Filter, columns and form of a list that a campaign takes again and again."""

    __tablename__ = "named_export"
    __table_args__ = (UniqueConstraint("campaign_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    name: Mapped[str] = mapped_column(String(120))
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    columns: Mapped[list[str]] = mapped_column(JSON)
    form: Mapped[str] = mapped_column(String(10))
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]


class TakenList(db.Base):
    """A list that was taken: its manifest, and its file for as long as there is one."""

    __tablename__ = "taken_list"
    __table_args__ = (Index("taken_list_campaign", "campaign_id", "made_at"),)

    #: Random, for it stands in addresses.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    #: Who asked for it and why, as the journal says it.
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: None where it left at once.
    file: Mapped[str | None] = mapped_column(String(100))
    #: Until when the file can be fetched.
    ends_at: Mapped[datetime | None]
    made_at: Mapped[datetime]

    def can_be_fetched(self, at: datetime) -> bool:
        """Whether its file is still there."""
        return self.file is not None and self.ends_at is not None and self.ends_at > at


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list is asked for."""

    wanted: Filter
    columns: tuple[str, ...]
    form: Format

    def facts(self) -> dict[str, Any]:
        """The same as JSON knows it."""
        return {"filter": self.wanted.facts(), "columns": list(self.columns), "form": self.form}


def of_facts(facts: Mapping[str, Any]) -> Asked:
    """The list that these facts ask for. Raises ValueError where they ask for none."""
    if facts["form"] not in FORMATS:
        raise ValueError(f"there is no form {facts['form']}")
    return Asked(selection.of_facts(facts["filter"]), tuple(facts["columns"]), facts["form"])


def told(found: Export, reading: Reading, asked: Asked, account: Account, reason: str) -> None:
    """The journal's line about a list that an account takes (S41), and a letter to every other owner (E1). Commit it
    before the first row leaves."""
    found.record(account.called(), reason)
    _tell_owners(reading, account, found.rows, asked.columns, asked.wanted.is_everybody_counted(), reason)


def _tell_owners(
    reading: Reading, account: Account, rows: int, columns: Sequence[str], whole: bool, reason: str
) -> None:
    for owner in others(reading.id, account):
        ready.post(letters.taken(
            owner.address, owner.language, by=account.name or account.address, at=db.now(), rows=rows,
            campaign=reading.wording(owner.language).title, columns=columns, whole=whole, reason=reason,
            href=letters.journal_of(reading.slug),
        ))  # fmt: skip


def others(campaign_id: int, account: Account) -> list[Account]:
    """The other owners of a campaign, who are told when an account takes a list."""
    owners = [one for one, role in teams.team(campaign_id) if role == teams.OWNER]
    return [one for one in owners if one.id != account.id and one.joined_at is not None and one.active]


def later(asked: Asked, reading: Reading, account: Account, reason: str, at: datetime) -> int:
    """Have a list made in the background, in the caller's transaction; the job's id. See `told`."""
    parameters = asked.facts() | {"reason": reason}
    return jobs.post(
        JOB, parameters, actor=account.called(), campaign_id=reading.id, account_id=account.id, at=at
    )  # fmt: skip


def at_once(found: Export, reading: Reading, account: Account, reason: str) -> tuple[bytes, TakenList]:
    """The whole of a short list, and what is kept of it in the caller's transaction. Call `told` and commit before.

    It is whole before any of it leaves: what goes wrong is an error and never half a list.
    """
    content = b"".join(found.chunks())
    manifest = orjson.loads(found.manifest())
    return content, _keep(reading.id, account.id, account.called(), reason, manifest, db.now())


def totals(content: bytes, reading: Reading, account: Account, form: str, reason: str, at: datetime) -> TakenList:
    """What is kept of totals that were taken."""
    manifest = {"totals": True, "slug": reading.slug, "moment": at.isoformat(timespec="seconds"), "format": form,
                "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    return _keep(reading.id, account.id, account.called(), reason, manifest, at)


def _keep(
    campaign_id: int, account_id: int | None, actor: str, reason: str, manifest: dict[str, Any], at: datetime,
    file: str | None = None,
) -> TakenList:  # fmt: skip
    row = TakenList(
        id=secrets.randbits(53), campaign_id=campaign_id, account_id=account_id, actor=actor, reason=reason,
        manifest=manifest, file=file, ends_at=at + KEPT if file else None, made_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def make(task: Task) -> Iterator[None]:
    """Makes a long list: sealed, from one snapshot, a batch of rows in each step. Whoever takes the job over begins it
    anew, for the moment it showed is gone; what was written until then ends at once."""
    asked = of_facts(task.parameters)
    former = task.place.get("file")
    if former:
        files.end(former, db.now())
    name = f"list {task.id} {task.lease}"
    task.place, task.done, task.total = {"file": name}, 0, None
    assert task.campaign_id is not None
    reading = campaigns.read_id(task.campaign_id)
    draft = files.Draft(name, sealed=True, ends_at=db.now() + UNFINISHED)
    yield
    with export.signatures(reading, asked.wanted, asked.columns, asked.form) as found:
        task.total = found.rows
        yield
        # Rows are read and opened with no transaction of the session's open: SQLite's write lock is free meanwhile.
        for chunk in found.chunks():
            draft.add(chunk, db.now() + UNFINISHED)
            task.done = found.done
            yield
        at = db.now()
        draft.finish(at + KEPT)
        row = _keep(reading.id, task.account_id, task.actor, task.parameters["reason"],
                    orjson.loads(found.manifest()), at, name)  # fmt: skip
        task.result = {"taken": row.id}


def fetched(row: TakenList, reading: Reading, account: Account) -> None:
    """The journal's line about a list that is fetched; a letter to the other owners where it is not who asked for it.
    Commit it before the first row leaves."""
    manifest = row.manifest
    journal.write(
        account.called(), "list fetched", campaign_id=row.campaign_id, about=row.id, count=manifest["rows"],
        reason=row.reason,
    )  # fmt: skip
    if account.id != row.account_id:
        whole = selection.of_facts(manifest["filter"]).is_everybody_counted()
        _tell_owners(reading, account, manifest["rows"], manifest["columns"], whole, row.reason)


def taken(campaign_id: int, most: int = 50) -> Sequence[TakenList]:
    """What was taken of a campaign, the newest first."""
    rows = select(TakenList).where(TakenList.campaign_id == campaign_id)
    return db.session.scalars(rows.order_by(TakenList.made_at.desc(), TakenList.id).limit(most)).all()


def find(campaign_id: int, taken_id: int) -> TakenList | None:
    """A list that was taken of a campaign."""
    row = select(TakenList).where(TakenList.id == taken_id, TakenList.campaign_id == campaign_id)
    return db.session.scalars(row).one_or_none()


def named(campaign_id: int) -> Sequence[NamedExport]:
    """The lists of a campaign that have a name, by name."""
    rows = select(NamedExport).where(NamedExport.campaign_id == campaign_id)
    return db.session.scalars(rows.order_by(NamedExport.name)).all()


def name(reading: Reading, said: str, asked: Asked, actor: str, at: datetime) -> None:
    """Give a list a name, or the name to another list."""
    facts = asked.facts() | {"made_by": actor[:120], "made_at": at}
    row = db.insert(NamedExport).values(campaign_id=reading.id, name=said, **facts)
    db.session.execute(row.on_conflict_do_update(index_elements=["campaign_id", "name"], set_=facts))
    journal.write(actor, "export named", campaign_id=reading.id, reason=said)


def unname(reading: Reading, named_id: int, actor: str) -> bool:
    """Take a name away; False where there was none."""
    row = delete(NamedExport).where(NamedExport.id == named_id, NamedExport.campaign_id == reading.id)
    said = db.session.execute(row.returning(NamedExport.name)).scalar_one_or_none()
    if said is None:
        return False
    journal.write(actor, "export name removed", campaign_id=reading.id, reason=said)
    return True
