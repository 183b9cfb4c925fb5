"""Decisions about many: counted by a dry run, run step by step, taken back as one step; never half-done."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from petition import campaigns, decisions, journal, links, register, rule_runs, rules, signatures, worker
from petition.base import db, jobs
from petition.base.jobs import Doer, Job
from petition.campaigns import Reading
from petition.decisions import DecidedDay
from petition.register import Move
from petition.rules import Rule, RuleRun, Touched
from petition.selection import Filter
from petition.signatures import Signature
from tests.cast import Cast
from tests.domain.test_jobs import dying_after, lease_over, works
from tests.signers import enter
from tests.signers import signer as signer_now

ODD = b"o" * 32
SPIKE = Filter(states=(), domains=(ODD,))


def signer(reading: Reading, name: str, country: str = "IE", **changes: Any) -> dict[str, Any]:
    """Somebody who signed an hour ago."""
    return signer_now(reading, name, country, **({"entered_at": db.now() - timedelta(hours=1)} | changes))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that thirty signatures take several."""
    monkeypatch.setattr(rule_runs, "BATCH", 7)


@pytest.fixture
def reading(cast: Cast) -> Reading:
    """A campaign with thirty odd signatures, two of them held already and one removed, among ten others."""
    made = cast.campaign()
    odd = enter(*(signer(made, f"Odd {n}", domain=ODD) for n in range(30)))
    enter(*(signer(made, f"Ana {n}", "KE") for n in range(10)))
    for one, verb in zip(odd, ("hold", "hold", "remove"), strict=False):
        assert decisions.decide(one, verb, actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    cast.number()
    return made


def written(reading: Reading, verb: str = "hold", wanted: Filter = SPIKE, **more: Any) -> int:
    """A rule whose dry run is done; its id."""
    given = {"reason": "a doubt", "tell": False, "actor": "Olga", "at": db.now()} | more
    rule_id = rules.write(reading.id, "The spike", verb, wanted, **given).id
    db.session.commit()
    assert works(rule_runs.DOERS)
    return rule_id


def stored(reading: Reading, rule_id: int) -> Rule:
    found = rules.find(reading.id, rule_id)
    assert found is not None
    return found


def begun(reading: Reading, rule_id: int) -> int:
    run = rules.begin(stored(reading, rule_id), actor="Olga", at=db.now()).id
    db.session.commit()
    return run


def begun_back(reading: Reading, rule_id: int, run_id: int) -> int:
    rule = stored(reading, rule_id)
    run = rules.find_run(rule, run_id)
    assert run is not None
    back = rules.begin_back(rule, run, actor="Olga", at=db.now()).id
    db.session.commit()
    return back


def of_run(run_id: int) -> RuleRun:
    found = db.session.get_one(RuleRun, run_id, populate_existing=True)
    db.session.rollback()
    return found


def ran(reading: Reading, rule_id: int) -> RuleRun:
    run_id = begun(reading, rule_id)
    assert works(rule_runs.DOERS)
    return of_run(run_id)


def states() -> Counter[str]:
    found = Counter(db.session.scalars(select(Signature.state)))
    db.session.rollback()
    return found


def deeds(reading: Reading) -> list[tuple[str, int]]:
    lines = journal.lines(journal.Sought(reading.id), 100)
    found = [(line.deed, line.count) for line in reversed(lines) if line.deed.startswith("rule")]
    db.session.rollback()
    return found


def agrees(reading: Reading) -> None:
    """Rows, moves, tallies and the total are one."""
    while register.number(reading.id):
        db.session.commit()
    db.session.commit()
    assert register.check(reading.id, signatures.counted(reading.id)) == []
    db.session.rollback()


def everything() -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in db.session.execute(select(Signature.id, Signature.state).order_by(Signature.id))]
    found += [tuple(row) for row in db.session.execute(select(Move.signature_id, Move.kind).order_by(Move.id))]
    db.session.rollback()
    return found


def test_a_dry_run_says_in_numbers_what_a_rule_would_do_and_changes_nothing(reading: Reading) -> None:
    before = everything()
    rule = stored(reading, written(reading))
    assert rule.figures is not None
    day = db.now().date().isoformat()
    assert rule.figures["states"] == {"counted": 27, "held": 2, "removed": 1}
    assert (rule.figures["touched"], rule.figures["total"]) == (27, 37)
    assert (rule.figures["days"], rule.figures["all"]) == ({day: 27}, {day: 37})
    assert len(rule.figures["sample"]) == rule_runs.SAMPLE
    db.session.rollback()
    assert everything() == before
    assert deeds(reading) == [("rule written", 0)]


def test_a_run_changes_all_that_meet_it_and_leaves_one_line_in_the_journal(reading: Reading) -> None:
    """S41, S45: list and total at once; the register shows every move."""
    run = ran(reading, written(reading))
    assert (run.expected, run.touched, run.skipped) == (27, 27, 0)
    assert run.ended_at is not None
    assert states() == {"counted": 10, "held": 29, "removed": 1}
    assert register.total(reading.id) == 10
    assert deeds(reading) == [("rule written", 0), ("rule run: held", 27)]
    agrees(reading)


def test_running_it_again_changes_nothing(reading: Reading) -> None:
    rule_id = written(reading)
    ran(reading, rule_id)
    before = everything()
    again = ran(reading, rule_id)
    assert (again.touched, again.expected) == (0, 27)
    assert everything() == before
    assert register.total(reading.id) == 10


def test_who_enters_after_the_run_was_begun_is_not_touched(reading: Reading) -> None:
    """It applies to its moment, and says where the number is another than the dry run's."""
    rule_id = written(reading)
    reading = campaigns.read_id(reading.id)
    enter(*(signer(reading, f"Early {n}", domain=ODD, entered_at=db.now() - timedelta(minutes=1)) for n in range(2)))
    run_id = begun(reading, rule_id)
    reading = campaigns.read_id(reading.id)
    enter(signer(reading, "Late", domain=ODD, entered_at=db.now() + timedelta(seconds=1)))
    assert works(rule_runs.DOERS)
    run = of_run(run_id)
    assert (run.expected, run.touched) == (27, 29)
    assert register.total(reading.id) == 11


@pytest.mark.parametrize(
    ("verb", "wanted", "touched", "total"),
    [("remove", SPIKE, 29, 10), ("release", SPIKE, 2, 39), ("restore", SPIKE, 1, 38),
     ("hold", Filter(states=("held", "removed"), domains=(ODD,)), 27, 10),
     ("remove", Filter(states=("held",), domains=(ODD,)), 2, 37)],
)  # fmt: skip
def test_each_verb_touches_the_states_it_may_and_is_taken_back_to_what_was(
    reading: Reading, verb: str, wanted: Filter, touched: int, total: int
) -> None:
    before = states()
    rule_id = written(reading, verb, wanted)
    run = ran(reading, rule_id)
    assert (run.touched, register.total(reading.id)) == (touched, total)
    agrees(reading)
    back = begun_back(reading, rule_id, run.id)
    assert works(rule_runs.DOERS)
    assert (of_run(back).touched, of_run(back).skipped) == (touched, 0)
    assert states() == before
    assert register.total(reading.id) == 37
    agrees(reading)


def test_the_way_back_skips_who_was_decided_about_or_left_since(reading: Reading) -> None:
    """S45: also where the state is the same again."""
    rule_id = written(reading)
    run = ran(reading, rule_id)
    ids = list(db.session.scalars(select(Touched.signature_id).where(Touched.run_id == run.id).order_by(Touched.id)))
    for verb in ("release", "hold"):
        assert decisions.decide(ids[0], verb, actor="Ben", reason="by hand", at=db.now())
    assert decisions.decide(ids[1], "remove", actor="Ben", reason="by hand", at=db.now())
    assert decisions.decide(ids[2], "release", actor="Ben", reason="by hand", at=db.now())
    leaving = db.session.get_one(Signature, ids[3])
    leaving.sealed = None  # as withdrawing leaves it
    register.move(reading.id, "withdrawn", 0, leaving.cell(), signature_id=ids[3], at=db.now())
    db.session.commit()
    back = begun_back(reading, rule_id, run.id)
    assert works(rule_runs.DOERS)
    assert (of_run(back).touched, of_run(back).skipped) == (23, 4)
    after = dict(db.session.execute(select(Signature.id, Signature.state)).all())
    assert [after[one] for one in ids[:5]] == ["held", "removed", "counted", "held", "counted"]
    db.session.rollback()
    agrees(reading)
    # Once more: nothing is left that could be.
    total = register.total(reading.id)
    again = begun_back(reading, rule_id, run.id)
    assert works(rule_runs.DOERS)
    assert (of_run(again).touched, of_run(again).expected) == (0, 4)
    assert register.total(reading.id) == total


def test_who_corrects_what_they_typed_is_still_taken_back(reading: Reading, cast: Cast) -> None:
    """A correction is the owner's, not a decision."""
    rule_id = written(reading, "release")
    run = ran(reading, rule_id)
    one = db.session.scalars(select(Touched.signature_id).where(Touched.run_id == run.id)).first()
    row = db.session.get_one(Signature, one)
    for amount in (-1, 1):
        register.move(reading.id, "corrected", amount, row.cell(), signature_id=row.id, at=db.now())
    db.session.commit()
    back = begun_back(reading, rule_id, run.id)
    assert works(rule_runs.DOERS)
    assert of_run(back).touched == 2


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("kind", [rules.RUN, rules.BACK])
def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(reading: Reading, steps: int, kind: str) -> None:
    rule_id = written(reading)
    run_id = begun(reading, rule_id)
    if kind == rules.BACK:
        assert works(rule_runs.DOERS)
        run_id = begun_back(reading, rule_id, run_id)
    job_id = of_run(run_id).job_id
    assert job_id is not None
    doers: dict[str, Doer] = {kind: dying_after(steps, rule_runs.DOERS[kind])}
    assert works(doers) is (None if steps < 5 else True)
    done = of_run(run_id).touched
    assert done == min(7 * steps, 27)
    assert register.total(reading.id) == (37 - done if kind == rules.RUN else 10 + done)
    agrees(reading)
    lease_over(job_id)
    works(rule_runs.DOERS)
    assert (of_run(run_id).touched, of_run(run_id).skipped) == (27, 0)
    assert register.total(reading.id) == (10 if kind == rules.RUN else 37)
    ending = {rules.RUN: "rule run: held", rules.BACK: "rule taken back: held"}[kind]
    assert deeds(reading).count((ending, 27)) == 1
    agrees(reading)


def test_a_run_stopped_half_way_keeps_what_it_did_says_how_many_and_can_be_taken_back(reading: Reading) -> None:
    rule_id = written(reading)
    run_id = begun(reading, rule_id)

    def stopped(task: jobs.Task) -> Iterator[None]:
        for number, _step in enumerate(rule_runs.run(task)):
            if number == 1:
                assert rules.stop(db.session.get_one(RuleRun, run_id))
            yield

    assert works({rules.RUN: stopped})
    run = of_run(run_id)
    assert (run.touched, run.ended_at is not None) == (14, True)
    assert not rules.stop(run)
    db.session.rollback()
    assert deeds(reading)[-1] == ("rule run: held", 14)
    back = begun_back(reading, rule_id, run_id)
    assert works(rule_runs.DOERS)
    assert of_run(back).touched == 14
    assert register.total(reading.id) == 37


def test_one_stopped_before_it_began_touches_nobody(reading: Reading) -> None:
    run_id = begun(reading, written(reading))
    assert rules.stop(of_run(run_id))
    db.session.commit()
    assert works(rule_runs.DOERS)
    assert of_run(run_id).touched == 0
    assert register.total(reading.id) == 37


def test_whether_a_run_goes_on_is_known_also_where_its_worker_gave_up(reading: Reading) -> None:
    run_id = begun(reading, written(reading))
    assert rules.is_going(of_run(run_id))
    db.session.execute(update(Job).where(Job.kind == rules.RUN).values(state=jobs.FAILED))
    db.session.commit()
    assert not rules.is_going(of_run(run_id))


def test_what_was_decided_is_told_by_day_and_kind(reading: Reading) -> None:
    ran(reading, written(reading))
    at = db.now()
    assert decisions.by_day([reading.id, 99], at) == {reading.id: [(at.date(), {"held": 29, "removed": 1})]}
    assert decisions.by_day([reading.id], at + timedelta(days=decisions.TOLD_DAYS)) == {}
    held = db.session.scalar(select(func.count()).select_from(Move).where(Move.kind == "held"))
    assert held == db.session.scalar(select(DecidedDay.n).where(DecidedDay.kind == "held"))


def test_what_waits_is_counted(reading: Reading) -> None:
    assert decisions.waiting(reading.id) == decisions.Waiting(held=2, objections=0, texts=0)
    assert decisions.waiting(reading.id)
    assert not decisions.waiting(reading.id + 1)


def test_a_rule_of_another_campaign_is_none_of_ours(reading: Reading, cast: Cast) -> None:
    other = cast.campaign("other")
    enter(signer(other, "Elsewhere", domain=ODD))
    rule_id = written(reading)
    assert rules.find(other.id, rule_id) is None
    ran(reading, rule_id)
    assert register.total(other.id) == 1


def test_the_worker_knows_all_that_rules_ask_of_it() -> None:
    assert {rules.DRY_RUN, rules.RUN, rules.BACK} <= worker.DOERS.keys()


def test_two_rules_at_once_and_single_people_meanwhile_neither_wait_in_a_circle_nor_cross(
    make_app: Callable[..., Flask],
) -> None:
    """Runs hold and release the same people while others remove and restore them one by one."""
    from tests.web.test_races import at_once

    app = make_app(pool_size=12)
    with app.app_context():
        reading = Cast(app).campaign()
        ids = enter(*(signer(reading, f"Odd {n}", domain=ODD, mailbox=secrets.token_bytes(32)) for n in range(60)))
        made = [rules.write(reading.id, "x", verb, SPIKE, reason="x", tell=True, actor="x", at=db.now()).id
                for verb in ("hold", "release", "remove", "restore")]  # fmt: skip
        db.session.commit()
        while works(rule_runs.DOERS):
            pass

    def many() -> None:
        with app.app_context():
            for _ in range(2):
                for rule_id in made:
                    begun(reading, rule_id)
                    jobs.work(rule_runs.DOERS)
                    db.session.remove()

    def single(verb: str, back: str) -> None:
        with app.app_context():
            for one in ids[:30]:
                for step in (verb, back):
                    decisions.decide(one, step, actor="x", reason="x", at=db.now())
                    db.session.commit()

    at_once([many, many, lambda: single("hold", "release"), lambda: single("remove", "restore")])
    with app.app_context():
        failed = db.session.scalars(select(Job.trouble).where(Job.state == jobs.FAILED)).all()
        assert failed == []
        agrees(campaigns.read("canteen"))  # type: ignore[arg-type]


def test_links_are_locked_in_the_order_that_everybody_keeps(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through `links.take_all`, which holds the order."""
    taken: list[set[bytes]] = []
    real = links.take_all

    def seen(campaign_id: int, mailboxes: Any) -> Any:
        taken.append(set(mailboxes))
        return real(campaign_id, mailboxes)

    monkeypatch.setattr(links, "take_all", seen)
    ran(reading, written(reading))
    assert sum(map(len, taken)) == 27
