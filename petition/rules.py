"""Decisions about many: a filter and a verb, saved with a name and a reason; what a dry run found, and what each run
touched.

A rule is written, counted by a dry run (`dry_run`), and then run, as often as somebody wants. The work itself is done
by the worker (`rule_runs`). Each run knows which signatures it touched and what they were before, so that it can be
taken back as one step; that is forgotten with the campaign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from petition import journal, selection
from petition.base import db, jobs
from petition.decisions import DECISIONS
from petition.selection import Filter

#: Kinds of jobs.
DRY_RUN, RUN, BACK = "rule dry run", "rule run", "rule back"
#: A run that comes, one after another, to whoever confirms.
COME = "come"
KEPT = timedelta(days=7)
_WATCHING = text("watching")
#: What a rule for those who come may ask for: what stands on the row, word for word.
_EXACT = {
    "countries": "country", "languages": "language", "sources": "source", "channels": "channel",
    "partners": "partner", "domains": "domain", "networks": "network",
}  # fmt: skip


class Rule(db.Base):
    """What is to be decided about whom, and why. `figures` are what the dry run found at `figures_at`."""

    __tablename__ = "rule"
    __table_args__ = (
        Index("rule_campaign", "campaign_id", "id"),
        Index("rule_watching", "campaign_id", postgresql_where=_WATCHING, sqlite_where=_WATCHING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    name: Mapped[str] = mapped_column(String(120))
    verb: Mapped[str] = mapped_column(String(10))
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    #: Whether everybody it touches gets a letter.
    tell: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    #: The newest dry run.
    job_id: Mapped[int | None]
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    figures_at: Mapped[datetime | None]
    #: Whether it holds for those who come, too.
    watching: Mapped[bool] = mapped_column(default=False)

    def wanted(self) -> Filter:
        """The filter, open for every state that the verb may come from."""
        return selection.of_facts({"states": [], **self.filter})

    def may_watch(self) -> bool:
        """Whether it can hold for those who come: they are held, by something that stands on the row word for word."""
        return self.verb == "hold" and any(self.filter.get(name) for name in _EXACT)


class RuleRun(db.Base):
    """One run of a rule, or the way back of one. `expected` is what the dry run had shown; of what was touched,
    `touched` were changed, and `skipped` had changed meanwhile."""

    __tablename__ = "rule_run"
    __table_args__ = (Index("rule_run_rule", "rule_id", "id"), Index("rule_run_campaign", "campaign_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"))
    kind: Mapped[str] = mapped_column(String(10))
    back_of: Mapped[int | None] = mapped_column(ForeignKey("rule_run.id"))
    job_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(120))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    expected: Mapped[int] = mapped_column(default=0)
    touched: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    #: Somebody wants it to end after the step at hand.
    stopped: Mapped[bool] = mapped_column(default=False)


class Touched(db.Base):
    """One signature that a run changed: what it was before, and the move that changed it."""

    __tablename__ = "rule_touched"
    __table_args__ = (UniqueConstraint("run_id", "signature_id"), Index("rule_touched_campaign", "campaign_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("rule_run.id"))
    signature_id: Mapped[int]
    former: Mapped[str] = mapped_column(String(8))
    move_id: Mapped[int]
    is_back: Mapped[bool] = mapped_column(default=False)


def write(
    campaign_id: int, name: str, verb: str, wanted: Filter, *, reason: str, tell: bool, actor: str, at: datetime
) -> Rule:
    """Save a rule, and ask for its dry run. Nothing is decided yet. Raises KeyError for a verb there is not."""
    states = tuple(state for state in wanted.states if state in DECISIONS[verb].amounts)
    rule = Rule(campaign_id=campaign_id, name=name, verb=verb, filter=replace(wanted, states=states).facts(),
                reason=reason, tell=tell, actor=actor[:120], created_at=at)  # fmt: skip
    db.session.add(rule)
    db.session.flush()
    journal.write(actor, "rule written", campaign_id=campaign_id, about=rule.id, count=0, reason=reason)
    dry_run(rule, actor=actor, at=at)
    return rule


def dry_run(rule: Rule, *, actor: str, at: datetime) -> None:
    """Have a rule counted (again): its figures are gone until the worker has found the new ones."""
    rule.figures = rule.figures_at = None
    rule.job_id = jobs.post(DRY_RUN, {"rule": rule.id}, actor=actor, campaign_id=rule.campaign_id, at=at)
    db.session.flush()


def find(campaign_id: int, rule_id: int) -> Rule | None:
    """A rule of a campaign."""
    query = select(Rule).where(Rule.campaign_id == campaign_id, Rule.id == rule_id)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def listed(campaign_id: int, most: int, before: int = 0) -> Sequence[Rule]:
    """The rules of a campaign, newest first."""
    query = select(Rule).where(Rule.campaign_id == campaign_id)
    query = query.where(Rule.id < before) if before else query
    return db.session.scalars(query.order_by(Rule.id.desc()).limit(most)).all()


def runs(rule_ids: Sequence[int]) -> Sequence[RuleRun]:
    """The runs of some rules, newest first."""
    query = select(RuleRun).where(RuleRun.rule_id.in_(rule_ids)).order_by(RuleRun.id.desc())
    return db.session.scalars(query, execution_options={"populate_existing": True}).all()


def find_run(rule: Rule, run_id: int) -> RuleRun | None:
    """A run of a rule."""
    return next((one for one in runs([rule.id]) if one.id == run_id), None)


def is_going(run: RuleRun) -> bool:
    """Whether a worker has not come to its end; one whose job failed or is gone goes no more."""
    job = jobs.find(run.job_id, run.campaign_id, BACK if run.kind == BACK else RUN) if run.job_id else None
    return run.ended_at is None and run.kind != COME and job is not None and job.is_open


def begin(rule: Rule, *, actor: str, at: datetime) -> RuleRun:
    """Run a rule that was counted, as it stands now: whoever enters later is not touched. The caller has locked the
    campaign and looked that no other run of it goes on."""
    expected = int((rule.figures or {}).get("touched", 0))
    return _begin(rule, RUN, expected, None, actor=actor, at=at)


def begin_back(rule: Rule, run: RuleRun, *, actor: str, at: datetime) -> RuleRun:
    """Take back what a run did, where nothing was decided about a signature since."""
    return _begin(rule, BACK, left_of(run), run.id, actor=actor, at=at)


def _begin(rule: Rule, kind: str, expected: int, back_of: int | None, *, actor: str, at: datetime) -> RuleRun:
    run = RuleRun(campaign_id=rule.campaign_id, rule_id=rule.id, kind=kind, back_of=back_of, actor=actor[:120],
                  began_at=at, expected=expected, ended_at=None, job_id=None)  # fmt: skip
    db.session.add(run)
    db.session.flush()
    parameters = {
        "run": run.id, "verb": rule.verb, "filter": rule.wanted().facts(), "tell": rule.tell, "at": at.isoformat(),
        "reason": rule.reason, "rule": rule.id, "back_of": back_of,
    }  # fmt: skip
    run.job_id = jobs.post(kind, parameters, actor=actor, campaign_id=rule.campaign_id, at=at, kept=KEPT)
    db.session.flush()
    return run


def stop(run: RuleRun) -> bool:
    """Have a run end after the step at hand; what it did so far stays, and can be taken back. False where it has
    ended."""
    going = update(RuleRun).where(RuleRun.id == run.id, RuleRun.ended_at.is_(None))
    return bool(db.count(going.values(stopped=True)))


def left_of(run: RuleRun) -> int:
    """How many signatures a run touched that were not taken back."""
    query = select(func.count()).select_from(Touched).where(Touched.run_id == run.id, Touched.is_back.is_(False))
    return int(db.session.scalar(query) or 0)


def watch(rule: Rule, *, actor: str, at: datetime) -> bool:
    """From now on hold whoever confirms and meets the rule, whatever the day; False where it cannot, or does."""
    if rule.watching or not rule.may_watch():
        return False
    rule.watching = True
    db.session.add(RuleRun(campaign_id=rule.campaign_id, rule_id=rule.id, kind=COME, actor=actor[:120], began_at=at,
                           back_of=None, job_id=None, ended_at=None))  # fmt: skip
    db.session.flush()
    journal.write(
        actor, "rule for those who come", campaign_id=rule.campaign_id, about=rule.id, count=0, reason=rule.reason
    )
    return True


def unwatch(rule: Rule, *, actor: str, at: datetime) -> bool:
    """Those who come are held no longer; False where they were not. Who was held stays so."""
    if not rule.watching:
        return False
    rule.watching = False
    held = 0
    for run in runs([rule.id]):
        if run.kind == COME and run.ended_at is None:
            run.touched = held = left_of(run)
            run.ended_at = at
    db.session.flush()
    journal.write(actor, "rule for those who come ended", campaign_id=rule.campaign_id, about=rule.id, count=held)
    return True


def meets(facts: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a new signature's columns are what a rule asks for; states and days are not asked."""
    return all(_plain(row[column]) in facts[name] for name, column in _EXACT.items() if facts.get(name))


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
