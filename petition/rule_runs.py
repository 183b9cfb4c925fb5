"""What the worker does for rules: count what one would touch, run it, take a run back.

A step is one short transaction: it locks the links of its signatures in the order of their mailboxes, as whoever
sends letters does, and asks again whether each is still what it was; so nothing crosses what single people do
meanwhile, and nobody waits in a circle. What takes long is read beside the session.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from petition import decisions, journal, links, register, rules, selection
from petition.base import db
from petition.base.jobs import Doer, Task
from petition.decisions import DECISIONS, KINDS, Change
from petition.register import Move
from petition.rules import Rule, RuleRun, Touched
from petition.signatures import COUNTED, HELD, REMOVED, Signature

#: Signatures of one step; fewer on SQLite, where whoever signs waits as long as one takes.
BATCH, SMALL_BATCH = 400, 150
#: So many people of those who would be touched are picked, by their random ids, to be looked at.
SAMPLE = 12
#: From which state to which by which move.
_BETWEEN = {
    (HELD, COUNTED): ("released", 1), (REMOVED, COUNTED): ("restored", 1), (COUNTED, HELD): ("held", -1),
    (REMOVED, HELD): ("held", 0), (COUNTED, REMOVED): ("removed", -1), (HELD, REMOVED): ("removed", 0),
}  # fmt: skip
#: What is a decision about a signature, or ends it. A correction by its owner is neither.
_DECIDED = (*KINDS, "withdrawn")


def dry_run(task: Task) -> Iterator[None]:
    """Count what a rule would do, at one moment: by state and by day, with a few ids as a sample. Changes nothing but
    the rule's figures."""
    rule = rules.find(task.campaign_id or 0, int(task.parameters["rule"]))
    if rule is None:
        return
    campaign_id, wanted, verb = rule.campaign_id, rule.wanted(), rule.verb
    at = db.now()
    db.session.rollback()
    figures = _figures(campaign_id, wanted, verb, at)
    counted = register.breakdown(campaign_id, "day")
    figures["all"] = {day: counted.get(day, 0) for day in _around(sorted(figures["days"]), sorted(counted))}
    figures["total"] = register.total(campaign_id)
    kept = update(Rule).where(Rule.id == int(task.parameters["rule"]), Rule.job_id == task.id)
    db.session.execute(kept.values(figures=figures, figures_at=at))
    task.done = task.total = figures["touched"]
    yield


def _figures(campaign_id: int, wanted: selection.Filter, verb: str, at: datetime) -> dict[str, Any]:
    conditions = [*wanted.conditions(campaign_id), Signature.entered_at <= at]
    may = Signature.state.in_(DECISIONS[verb].amounts)
    with db.snapshot() as connection:
        by_state = select(Signature.state, func.count()).where(*conditions).group_by(Signature.state)
        states = {state: int(n) for state, n in connection.execute(by_state)}
        by_day = select(Signature.day, func.count()).where(*conditions, may).group_by(Signature.day)
        days = {day.isoformat(): int(n) for day, n in connection.execute(by_day)}
        ids = select(Signature.id).where(*conditions, may, Signature.sealed.is_not(None))
        sample = list(connection.scalars(ids.order_by(Signature.id).limit(SAMPLE)))
    return {"states": states, "days": days, "touched": sum(days.values()), "sample": sample}


def _around(touched: Sequence[str], counted: Sequence[str], most: int = 90) -> list[str]:
    """The days that the picture shows: the newest up to the last one touched, and all that are touched."""
    if not touched:
        return []
    shown = [day for day in counted if day <= max(touched[-1], counted[-1])]
    return sorted({*shown[-most:], *touched[-most:]})


def run(task: Task) -> Iterator[None]:
    """Run a rule, step by step, over what met its filter at the moment it was begun. Doing it again from any step
    changes nothing that was done."""
    yield from _steps(task, _run_step)


def back(task: Task) -> Iterator[None]:
    """Put back what a run touched, where nothing was decided about a signature since."""
    yield from _steps(task, _back_step)


def _steps(task: Task, step: Any) -> Iterator[None]:
    while True:
        began = time.monotonic()
        if not step(task):
            break
        yield
        if db.is_sqlite():
            # There is one write lock: leave as much time to whoever signs as this step took.
            time.sleep(min(0.2, time.monotonic() - began))
    _end(task)
    yield


def _run_step(task: Task) -> bool:
    """One batch; False where none is left, or somebody has stopped the run."""
    said = task.parameters
    campaign_id, decision = task.campaign_id or 0, DECISIONS[said["verb"]]
    conditions = selection.of_facts({"states": [], **said["filter"]}).conditions(campaign_id)
    conditions += [Signature.state.in_(decision.amounts), Signature.entered_at <= datetime.fromisoformat(said["at"])]
    query = select(Signature.id, Signature.mailbox, Signature.entered_at).where(*conditions, *_behind(task))
    with db.snapshot() as connection:
        batch = connection.execute(query.order_by(Signature.entered_at, Signature.id).limit(_batch())).all()
    if not batch or _is_stopped(task):
        return False
    links.take_all(campaign_id, {row.mailbox for row in batch})
    rows = db.session.scalars(
        select(Signature).where(Signature.id.in_([row.id for row in batch]), *conditions),
        execution_options={"populate_existing": True},
    ).all()
    former = {row.id: row.state for row in rows}
    changes = [one for row in rows if (one := decisions.changed(row, said["verb"])) is not None]
    at = db.now()
    moves = decisions.change(campaign_id, changes, at, tell=bool(said["tell"]))
    _remember(task, moves, former)
    _add(task, touched=len(changes), skipped=len(batch) - len(changes))
    task.place = {"at": batch[-1].entered_at.isoformat(), "id": batch[-1].id}
    task.done += len(batch)
    return True


def _batch() -> int:
    return min(BATCH, SMALL_BATCH) if db.is_sqlite() else BATCH


def _behind(task: Task) -> list[ColumnElement[bool]]:
    if not task.place:
        return []
    at, last = datetime.fromisoformat(task.place["at"]), int(task.place["id"])
    later = or_(Signature.entered_at > at, and_(Signature.entered_at == at, Signature.id > last))
    # Said twice, so that the index is entered at the right place.
    return [Signature.entered_at >= at, later]


def _is_stopped(task: Task) -> bool:
    return bool(db.session.scalar(select(RuleRun.stopped).where(RuleRun.id == int(task.parameters["run"]))))


def _remember(task: Task, moves: dict[int, int], former: dict[int, str]) -> None:
    rows = [
        {"campaign_id": task.campaign_id, "run_id": int(task.parameters["run"]), "signature_id": key,
         "former": former[key], "move_id": move, "is_back": False}
        for key, move in moves.items()
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(Touched), rows)


def _add(task: Task, *, touched: int, skipped: int) -> None:
    mine = update(RuleRun).where(RuleRun.id == int(task.parameters["run"]))
    db.session.execute(mine.values(touched=RuleRun.touched + touched, skipped=RuleRun.skipped + skipped))
    task.total = max(task.total or 0, task.done + touched + skipped)


def _back_step(task: Task) -> bool:
    campaign_id, place = task.campaign_id or 0, int(task.place.get("id", 0))
    query = select(Touched.id, Touched.signature_id, Touched.former, Touched.move_id, Signature.mailbox)
    query = query.outerjoin(Signature, Signature.id == Touched.signature_id)
    query = query.where(Touched.run_id == int(task.parameters["back_of"]), Touched.is_back.is_(False))
    with db.snapshot() as connection:
        batch = connection.execute(query.where(Touched.id > place).order_by(Touched.id).limit(_batch())).all()
    if not batch or _is_stopped(task):
        return False
    links.take_all(campaign_id, {row.mailbox for row in batch if row.mailbox is not None})
    ids = [row.signature_id for row in batch]
    found = select(Signature).where(Signature.id.in_(ids))
    rows = {row.id: row for row in db.session.scalars(found, execution_options={"populate_existing": True})}
    last = _last_decisions(ids)
    changes = {
        row.id: one
        for row in batch
        if row.signature_id in rows and last.get(row.signature_id) == row.move_id
        and (one := _put_back(rows[row.signature_id], row.former)) is not None
    }  # fmt: skip
    decisions.change(campaign_id, list(changes.values()), db.now(), tell=bool(task.parameters["tell"]))
    db.session.execute(update(Touched).where(Touched.id.in_(changes)).values(is_back=True))
    _add(task, touched=len(changes), skipped=len(batch) - len(changes))
    task.place = {"id": batch[-1].id}
    task.done += len(batch)
    return True


def _last_decisions(ids: Sequence[int]) -> dict[int, int]:
    """The newest move of each that was a decision."""
    query = select(Move.signature_id, func.max(Move.id)).where(Move.signature_id.in_(ids), Move.kind.in_(_DECIDED))
    return {key: move for key, move in db.session.execute(query.group_by(Move.signature_id)) if key is not None}


def _put_back(row: Signature, former: str) -> Change | None:
    way = _BETWEEN.get((row.state, former))
    if way is None or (row.sealed is None and former == COUNTED):
        return None
    return Change(row.id, row.mailbox, row.language, row.cell(), former, *way)


def _end(task: Task) -> None:
    """The run's one line in the journal, with its true number."""
    run_id = int(task.parameters["run"])
    row = db.session.get(RuleRun, run_id, populate_existing=True)
    if row is None or row.ended_at is not None:
        return
    row.ended_at = db.now()
    db.session.flush()
    kind = {"hold": "held", "release": "released", "remove": "removed", "restore": "restored"}[task.parameters["verb"]]
    deed = f"rule taken back: {kind}" if row.back_of else f"rule run: {kind}"
    journal.write(
        task.actor, deed, campaign_id=task.campaign_id, about=int(task.parameters["rule"]), count=row.touched,
        reason=task.parameters["reason"],
    )  # fmt: skip


#: For the worker.
DOERS: dict[str, Doer] = {rules.DRY_RUN: dry_run, rules.RUN: run, rules.BACK: back}
