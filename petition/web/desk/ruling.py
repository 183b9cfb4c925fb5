"""Rules at work: what was counted, runs with their progress, stopping half-way, the way back, those who come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug import Response

from petition import campaigns, charts, decisions, journal, rules
from petition.base import countries, db, i18n, jobs
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.details import opened
from petition.rules import BACK, COME, Rule, RuleRun
from petition.signatures import Signature
from petition.web import guards
from petition.web.desk import said, wall
from petition.web.desk.deciding import LARGEST_KEY, about, list_href
from petition.web.desk.wall import desk

PAGE = 20
_RULE = f"/campaigns/<slug:slug>/decisions/<int(max={LARGEST_KEY}):rule>"


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as a page shows it: how far it is, and whether and how many it could take back."""

    row: RuleRun
    going: bool
    broken: bool
    left: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Days, as a picture of two outlines in a box of `width` by 100: all, and those that the rule touches."""

    said: str
    all: str
    cut: str
    width: int
    rows: list[tuple[str, int, int]]


def _found(campaign: Reading, rule: int) -> Rule:
    found = rules.find(campaign.id, rule)
    if found is None:
        abort(404)
    return found


def _runs(rows: Sequence[RuleRun]) -> list[RunView]:
    going = {row.id: rules.is_going(row) for row in rows}
    return [
        RunView(row, going[row.id], row.ended_at is None and row.kind != COME and not going[row.id],
                0 if row.kind == BACK or going[row.id] else rules.left_of(row))
        for row in rows
    ]  # fmt: skip


@desk.get("/campaigns/<slug:slug>/decisions", needs="decide")
def decisions_page(campaign: Reading) -> str:
    """What waits for a decision, and the rules there are, newest first."""
    found = rules.listed(campaign.id, PAGE + 1, guards.number(request.args.get("before", "")))
    rows = rules.runs([rule.id for rule in found])
    runs = {rule.id: [row for row in rows if row.rule_id == rule.id] for rule in found}
    return render_template(
        "desk/decisions.html", waiting=decisions.waiting(campaign.id), rules=found[:PAGE], runs=runs,
        going={row.id for row in rows if row.ended_at is None and rules.is_going(row)},
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        days=decisions.by_day([campaign.id], db.now()).get(campaign.id, []),
        **about(campaign),
    )  # fmt: skip


@desk.get(_RULE, needs="decide")
def rule(campaign: Reading, rule: int) -> str:
    """One rule: whom it means, what the dry run found, its runs. While something goes on it asks again by itself."""
    found = _found(campaign, rule)
    views = _runs(rules.runs([found.id]))
    counting = found.figures is None and _is_open(found)
    return render_template(
        "desk/rule.html", rule=found, wanted=said.wanted(found.wanted()), counting=counting, runs=views,
        sums=said.sums(found.figures, found.verb) if found.figures else None, cut=_cut(found),
        states=said.states(), list_href=list_href(campaign, found.wanted()), come=COME, back=BACK,
        refresh=1 if counting else 3 if any(view.going for view in views) else 0, **about(campaign),
    )  # fmt: skip


def _is_open(rule: Rule) -> bool:
    job = jobs.find(rule.job_id, rule.campaign_id, rules.DRY_RUN) if rule.job_id else None
    return job is not None and job.is_open


def _cut(rule: Rule) -> Cut | None:
    if not rule.figures or not rule.figures["days"]:
        return None
    touched: dict[str, int] = rule.figures["days"]
    counted: dict[str, int] = rule.figures["all"]
    adds = rule.verb in ("release", "restore")
    days = sorted(counted)
    tops = [counted[day] + (touched.get(day, 0) if adds else 0) for day in days]
    top = max([*tops, *touched.values(), 1])
    words = _("From %(first)s to %(last)s. The highest bar stands for %(most)s.", first=_day(days[0]),
              last=_day(days[-1]), most=i18n.number(top))  # fmt: skip
    rows = [(_day(day), counted[day], touched[day]) for day in days if touched.get(day)]
    cut = [touched.get(day, 0) for day in days]
    return Cut(words, charts.outline(tops, top), charts.outline(cut, top), len(days) * 10, rows)


def _day(iso: str) -> str:
    return i18n.day(date.fromisoformat(iso))


@desk.get(f"{_RULE}/sample", needs="see people")
def rule_sample(campaign: Reading, rule: int) -> str:
    """A few of those whom it would touch, picked by chance; the look is in the journal (S41)."""
    found = _found(campaign, rule)
    ids = (found.figures or {}).get("sample", [])
    rows = db.session.scalars(select(Signature).where(Signature.id.in_(ids), Signature.campaign_id == campaign.id))
    people = [_person(row) for row in rows if row.sealed is not None]
    if people:
        journal.write(
            wall.me().called(), "signatures looked at", campaign_id=campaign.id, count=len(people),
            reason=_("sample of the rule “%(name)s”", name=found.name),
        )  # fmt: skip
        db.session.commit()
    return render_template("desk/rule_sample.html", rule=found, people=people, states=said.states(), **about(campaign))


def _person(row: Signature) -> dict[str, Any]:
    details = opened(row.campaign_id, row.sealed or b"")
    quick = round((row.entered_at - row.signed_at).total_seconds())
    return {
        "id": row.id, "name": details.name, "address": details.address, "at": row.entered_at, "quick": quick,
        "country": countries.name(row.country, i18n.spoken()) if row.country else "", "state": row.state,
    }  # fmt: skip


def _deed(campaign: Reading, rule: int, do: Callable[[Rule], bool], done: str, otherwise: str = "changed") -> Response:
    """Lock the campaign, so that two who press at once take turns; do it, commit, and back to the rule's page."""
    campaigns.locked(campaign.id)
    found = _found(campaign, rule)
    did = do(found)
    db.session.commit()
    return redirect(url_for("desk.rule", slug=campaign.slug, rule=rule, done=done if did else otherwise), 303)


def _nothing_goes(rule: Rule) -> bool:
    return not any(rules.is_going(row) for row in rules.runs([rule.id]) if row.ended_at is None)


@desk.post(f"{_RULE}/count", needs="decide")
def count_again(campaign: Reading, rule: int) -> Response:
    """Another dry run."""

    def do(found: Rule) -> bool:
        if _is_open(found):
            return False
        rules.dry_run(found, actor=wall.me().called(), at=db.now())
        return True

    return _deed(campaign, rule, do, "")


@desk.post(f"{_RULE}/run", needs="decide", fresh=True)
def run_rule(campaign: Reading, rule: int) -> Response:
    """Run it, as it was counted: whoever saw other figures is sent to look at these first."""
    seen = request.form.get("seen", "")

    def do(found: Rule) -> bool:
        at, actor = db.now(), wall.me().called()
        if not found.figures_at or seen != found.figures_at.isoformat() or not _nothing_goes(found):
            return False
        rules.begin(found, actor=actor, at=at)
        if "watch" in request.form:
            rules.watch(found, actor=actor, at=at)
        return True

    return _deed(campaign, rule, do, "begun")


@desk.post(f"{_RULE}/stop", needs="decide")
def stop_run(campaign: Reading, rule: int) -> Response:
    """End a run after the step at hand."""

    def do(found: Rule) -> bool:
        run = rules.find_run(found, guards.number(request.form.get("run", "")))
        return run is not None and rules.stop(run)

    return _deed(campaign, rule, do, "stopped")


@desk.post(f"{_RULE}/back", needs="decide", fresh=True)
def take_back(campaign: Reading, rule: int) -> Response:
    """Take a run back, as one step."""

    def do(found: Rule) -> bool:
        run = rules.find_run(found, guards.number(request.form.get("run", "")))
        if run is None or run.kind == BACK or not _nothing_goes(found) or not rules.left_of(run):
            return False
        if run.kind == COME:
            rules.unwatch(found, actor=wall.me().called(), at=db.now())
        rules.begin_back(found, run, actor=wall.me().called(), at=db.now())
        return True

    return _deed(campaign, rule, do, "back")


@desk.post(f"{_RULE}/watch", needs="decide", fresh=True)
def watch_rule(campaign: Reading, rule: int) -> Response:
    """Hold those who come as well, or no longer."""

    def do(found: Rule) -> bool:
        change = rules.watch if request.form.get("on") == "1" else rules.unwatch
        return change(found, actor=wall.me().called(), at=db.now())

    return _deed(campaign, rule, do, "watch")
