"""Buttons pressed at the same time: one commit for all, and each ends as if it had been alone."""

import threading
from collections import Counter
from uuid import uuid4

from flask import Flask
from sqlalchemy import func, select, update

from petition import blocks, campaigns, confirming, running
from petition.base import db, together
from petition.campaigns import Reading
from petition.confirming import Press, Pressed
from petition.register import Move
from petition.signatures import PendingSignature
from tests.cast import Cast, link_in
from tests.web.steps import link_of, path_of, pending, rows_in, stored
from tests.web.test_races import at_once
from tests.web.test_shared_commit import Held, end, wait_until


def a_press(cast: Cast, email: str, slug: str = "canteen") -> Press:
    """Somebody has signed and is about to press the button."""
    before = {row.id for row in pending()}
    cast.sign(email, slug=slug)
    link = link_of(cast, email, slug)
    if link is None:
        cast.deliver()
        link = link_of(cast, email, slug)
    assert link is not None
    (row,) = {row.id for row in pending()} - before
    return Press(link.id, row)


def press_all(cast: Cast, *presses: Press) -> list[str]:
    """Press them in one transaction; the outcomes."""

    def reading_of(campaign_id: int) -> Reading:
        return campaigns.read_id(campaign_id)

    found: list[Pressed] = confirming.press_all(presses, reading_of, db.now())
    db.session.commit()
    db.session.remove()
    return [one.outcome for one in found]


def entered() -> int:
    """How many moves say that somebody came."""
    found = db.session.scalar(select(func.count()).select_from(Move).where(Move.kind == "entered"))
    db.session.remove()
    return found or 0


def test_buttons_of_many_people_and_campaigns_in_one_transaction_end_as_if_each_had_been_alone(cast: Cast) -> None:
    canteen, _, stopped = cast.campaign(), cast.campaign("other"), cast.campaign("stopped")
    ana, twice, again = (a_press(cast, one) for one in ("ana@example.org", "ben@example.org", "ben@example.org"))
    elsewhere = a_press(cast, "ana@example.org", "other")
    paused = a_press(cast, "cem@example.org", "stopped")
    blocked = a_press(cast, "dora@blocked.example")
    counted = a_press(cast, "eva@example.org")
    assert press_all(cast, counted) == ["confirmed"]
    late = a_press(cast, "eva@example.org")
    key = blocks.domain_key(canteen, "blocked.example")
    blocks.add(canteen.id, "domain", key, reason="robots", actor="tests", at=db.now())
    running.pause(campaigns.locked(stopped.id), "tests")
    db.session.commit()
    foreign = Press(ana.link_id, twice.pending_id)
    gone = Press(uuid4(), ana.pending_id)
    outcomes = press_all(cast, foreign, ana, ana, twice, again, elsewhere, paused, blocked, late, gone)
    assert outcomes == [
        "already", "confirmed", "confirmed", "confirmed", "already", "confirmed", "paused", "taken", "already", "gone",
    ]  # fmt: skip
    assert (cast.total(), cast.total("other"), cast.total("stopped")) == (3, 1, 0)
    assert entered() == len(stored()) == 5
    assert {row.campaign_id for row in pending()} == {stopped.id}
    assert press_all(cast, ana, twice, blocked) == ["already", "already", "taken"]


def test_everybody_of_many_who_press_at_once_counts_once(app: Flask, cast: Cast) -> None:
    """Each from two tabs; every answer is the same friendly page."""
    cast.campaign()
    names = [f"p{number}@example.org" for number in range(12)]
    for name in names:
        cast.sign(name)
    paths = [path_of(link_in(letter)) for letter in cast.deliver(rounds=5)]
    rows = [rows_in(cast.browser().get(path).text)[0] for path in paths]
    db.session.remove()
    answers: list[str] = []

    def press(path: str, row: str) -> None:
        answer = cast.browser().post(f"{path}/confirm", data={"row": row})
        answers.append(answer.headers["Location"].split("/")[-2])

    at_once(lambda path=path, row=row: press(path, row) for path, row in [*zip(paths, rows, strict=True)] * 2)
    assert Counter(answers) == {"thanks": 24}
    assert (cast.total(), len(stored()), entered(), pending()) == (12, 12, 12, [])


def test_a_button_that_cannot_be_pressed_costs_its_neighbours_nothing(app: Flask, cast: Cast) -> None:
    """What one has typed is broken in the database: its owner gets an error, the others are counted."""
    cast.campaign()
    for name in ("first", "before", "bad", "after"):
        cast.sign(f"{name}@example.org", appear="full", name=name)
    letters = {letter.to.partition("@")[0]: path_of(link_in(letter)) for letter in cast.deliver()}
    rows = {name: rows_in(cast.browser().get(path).text)[0] for name, path in letters.items()}
    db.session.execute(update(PendingSignature).where(PendingSignature.id == int(rows["bad"])).values(sealed=b"broken"))
    db.session.commit()
    db.session.remove()
    answers: dict[str, int] = {}

    def press(name: str) -> None:
        answers[name] = cast.browser().post(f"{letters[name]}/confirm", data={"row": rows[name]}).status_code

    press("first")
    queue = app.extensions[together._key]["confirm"]
    held = Held(queue._do)
    queue._do = held
    threads = [threading.Thread(target=press, args=("before",))]
    threads[0].start()
    assert held.came.wait(20)
    for number, name in enumerate(("bad", "after"), 1):
        threads.append(threading.Thread(target=press, args=(name,)))
        threads[-1].start()
        wait_until(lambda number=number: len(queue._waiting) == number)
    held.go.set()
    end(threads)
    assert held.batches == [1, 2, 1, 1]
    assert answers == {"first": 303, "before": 303, "bad": 500, "after": 303}
    assert cast.total() == 3
