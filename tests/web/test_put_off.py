"""A mail server that says “later” to all, for longer than a day: nothing is given up, and operators hear of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from petition import pulse
from petition.base import db, outbox
from petition.base.smtp import Trouble
from petition.cli import findings
from petition.cli.findings import WRONG
from tests.cast import Cast

START = datetime(2030, 5, 1, 9, tzinfo=UTC)
PEOPLE = 21
DAY_AND_MORE = timedelta(hours=26)


def states() -> dict[str, int]:
    """How many letters are in which state."""
    db.session.remove()
    query = select(outbox.table.c.state, func.count()).group_by(outbox.table.c.state)
    return {row.state: row[1] for row in db.session.execute(query)}


def to_the_next_try() -> datetime:
    """The moment at which the next letter is due."""
    db.session.remove()
    found = db.session.scalar(select(func.min(outbox.table.c.due_at)).where(outbox.table.c.state == "waiting"))
    db.session.remove()
    assert found is not None
    return found


def said_to_operators() -> list[str]:
    """What the doctor says is wrong with letters."""
    db.session.remove()
    found = list(findings._of_letters(pulse.read(db.now())))
    db.session.remove()
    return [one.words for one in found if one.level == WRONG]


@pytest.mark.parametrize("code", ["450 4.2.0", "452 4.3.1"])
def test_letters_that_are_put_off_for_26_hours_still_wait_are_told_of_and_go_when_they_may(
    make_app: Callable[..., Flask], code: str
) -> None:
    """X9, S4 of the plan; F5, S70."""
    with time_machine.travel(START, tick=False) as clock, make_app().app_context() as context:
        cast = Cast(context.app)
        cast.campaign()
        for number in range(PEOPLE):
            assert cast.sign(f"a{number}@p{number}.example.org").status_code == 303
        cast.sink.trouble = Trouble("later", code)
        tries = 0
        assert said_to_operators() == []
        while db.now() < START + DAY_AND_MORE:
            cast.deliver(rounds=2)
            tries += 1
            clock.move_to(to_the_next_try())
        assert states() == {"waiting": PEOPLE}
        # After a few minutes, and then every hour.
        assert 28 <= tries <= 32
        (words,) = said_to_operators()
        assert words == f"Mail servers have put off {PEOPLE} letters, the oldest of 26 hours ago."
        cast.sink.trouble = None
        letters = cast.deliver()
        assert states() == {"sent": PEOPLE}
        assert said_to_operators() == []
        assert {cast.press(letter).status_code for letter in letters} == {303}
        assert cast.total() == PEOPLE
