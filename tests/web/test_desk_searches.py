"""Searches through what is sealed: asked with a reason, done by the worker, watched, cancelled, gone after a day."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from petition import retention, searching, teams
from petition.base import db, jobs
from petition.base.jobs import Job, Task
from petition.signatures import Signature
from petition.worker import DOERS
from tests.cast import Cast
from tests.organisers import Desk
from tests.signers import enter
from tests.web.test_desk_signatures import LIST, lines, named, names_in

SEARCHES = LIST + "/searches"


@pytest.fixture
def desk(cast: Cast) -> Desk:
    """A moderator of a campaign in which some have signed."""
    campaign = cast.campaign()
    people = [("Ana María López", "Cork"), ("Ana Maria Lopez", "Córdoba"), ("José O’Brien", "Cork"),
              ("Ngũgĩ wa Kamau", "Nairobi"), ("ANA-MARÍA LÓPEZ", "cork"), ("Anna", "Cork")]  # fmt: skip
    enter(*[named(campaign, name, place=place) for name, place in people],
          named(campaign, "Held Person", state="held"), named(campaign, "Erased", sealed=None))  # fmt: skip
    enter(named(cast.campaign("other"), "Ana López of another campaign"))
    return cast.organiser(teams.MODERATOR, "canteen")


def work() -> None:
    """Let the worker do what waits."""
    while jobs.work(DOERS):
        pass
    db.session.remove()


def ask(desk: Desk, what: str = "name", **typed: str) -> str:
    """Ask for a search; where its page is."""
    answer = desk.send(f"{SEARCHES}/{what}", **({"reason": "a call", "why": "a call"} | typed))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"name": "lopez ana"}, ["ANA-MARÍA LÓPEZ", "Ana Maria Lopez", "Ana María López"]),
        ({"name": "ana", "place": "CORK"}, ["ANA-MARÍA LÓPEZ", "Ana María López"]),
        ({"name": "obrien"}, ["José O’Brien"]),
        ({"place": "cordoba"}, ["Ana Maria Lopez"]),
        ({"name": "held"}, ["Held Person"]),
        ({"name": "%"}, []),
        ({"name": "nobody"}, []),
    ],
)
def test_people_are_found_by_any_part_of_name_and_place(
    app: Flask, desk: Desk, typed: dict[str, str], found: list[str]
) -> None:
    """Accents, capitals, hyphens and apostrophes make no difference; wildcards are letters."""
    path = ask(desk, **typed)
    work()
    page = desk.get(path)
    assert sorted(names_in(page.text)) == found
    assert "Refresh" not in page.headers


def test_a_search_is_in_the_journal_when_asked_and_each_look_at_what_it_found(app: Flask, desk: Desk) -> None:
    """S41: the reason, never what was typed."""
    path = ask(desk, name="kamau")
    assert lines("searched") == [("signatures searched", None, 0, "a call")]
    waiting = desk.get(path)
    assert (waiting.headers["Refresh"], names_in(waiting.text)) == ("3", [])
    work()
    assert names_in(desk.get(path).text) == ["Ngũgĩ wa Kamau"]
    assert lines("looked at") == [("signatures looked at", None, 1, "")]
    ask(desk, "equal")
    assert lines("equal names") == [("equal names sought", None, 0, "a call")]
    for row in db.session.scalars(select(Job)):
        assert b"kamau" not in row.parameters + (row.result or b"")
    db.session.rollback()


def test_equal_names_are_told_in_groups_the_largest_first(app: Flask, desk: Desk) -> None:
    """S24: compared as doubles are; another script is another name."""
    path, narrow = ask(desk, "equal"), ask(desk, "equal", with_place="y")
    work()
    page = desk.get(path).text
    assert sorted(names_in(page)) == ["ANA-MARÍA LÓPEZ", "Ana Maria Lopez", "Ana María López"]
    assert "1 name stands here more than once" in page
    assert sorted(names_in(desk.get(narrow).text)) == ["ANA-MARÍA LÓPEZ", "Ana María López"]
    db.session.execute(delete(Signature).where(Signature.campaign_id == 1))
    db.session.commit()
    assert "have been withdrawn since" in desk.get(path).text


@pytest.mark.parametrize("typed", [{"reason": "a call"}, {"name": "Ana"}, {"name": "Ana", "reason": " "}])
def test_a_search_needs_something_to_look_for_and_a_reason(app: Flask, desk: Desk, typed: dict[str, str]) -> None:
    assert desk.send(f"{SEARCHES}/name", **typed).status_code == 422
    assert desk.send(f"{SEARCHES}/equal").status_code == 422
    assert lines("searched") == []


def test_a_search_is_cancelled_half_way_and_says_so(app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "STEP", 1)
    path = ask(desk, name="a")
    job = int(path.rpartition("/")[2])

    def cancelled_on_the_way(task: Task) -> Iterator[None]:
        with closing(searching.by_name(task)) as steps:  # type: ignore[type-var]  # a generator
            for number, _step in enumerate(steps):
                if number == 1:
                    found = searching.find(job, 1)
                    assert found
                    jobs.cancel(found, db.now())
                yield

    jobs.work({searching.BY_NAME: cancelled_on_the_way})
    db.session.remove()
    page = desk.get(path).text
    assert "It was cancelled" in page
    assert 0 < len(names_in(page)) < 7
    second = ask(desk, name="a")
    assert desk.send(second + "/cancel").status_code == 303
    assert "It was cancelled" in desk.get(second).text


def test_a_worker_that_dies_on_the_way_leaves_a_search_that_begins_anew(app: Flask, desk: Desk) -> None:
    """F2, likewise: nothing is told twice."""
    path = ask(desk, name="ana")
    job = int(path.rpartition("/")[2])

    def dies(task: Task) -> Iterator[None]:
        yield from searching.by_name(task)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.work({searching.BY_NAME: dies})
    db.session.remove()
    with time_machine.travel(db.now() + jobs.LEASE + timedelta(seconds=1), tick=False):
        work()
    found = searching.find(job, 1)
    assert found
    assert (found.state, (jobs.result(found) or {})["found"]) == (jobs.DONE, 3)
    db.session.rollback()


def test_what_was_found_is_gone_after_a_day_and_was_another_campaigns_never(app: Flask, cast: Cast, desk: Desk) -> None:
    path = ask(desk, name="ana")
    work()
    other = cast.organiser(teams.OWNER, "other", name="Otto")
    assert other.get(path.replace("canteen", "other")).status_code == 404
    assert "Search by name" in desk.get(SEARCHES).text
    db.session.execute(Job.__table__.update().values(ends_at=db.now()))  # type: ignore[attr-defined]
    db.session.commit()
    assert desk.get(path).status_code == 404
    for _step in retention.steps(db.now()):
        db.session.commit()
    assert db.session.scalars(select(Job)).all() == []
    db.session.rollback()
