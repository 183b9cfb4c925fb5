"""Turns: so many work at a time, the others in the order in which they came."""

import threading
import time
from collections.abc import Callable

from petition.base import turns
from petition.base.turns import Turn, Turns

LONG = 20.0


def taken(of: Turns, patience: float = LONG) -> Turn:
    found = of.take(patience)
    assert found is not None
    return found


def begun(work: Callable[[], object], of: Turns, waiting: int) -> threading.Thread:
    """A thread that works, once so many wait."""
    thread = threading.Thread(target=work)
    thread.start()
    end = time.monotonic() + 10
    while len(of._waiting) < waiting:
        assert time.monotonic() < end
        time.sleep(0.001)
    return thread


def test_whoever_came_first_is_next_and_no_newcomer_passes() -> None:
    of, order = Turns(1), []
    turn = taken(of)

    def work(number: int) -> None:
        mine = taken(of)
        order.append(number)
        mine.end()

    threads = [begun(lambda number=number: work(number), of, number + 1) for number in range(8)]  # type: ignore[misc]
    turn.end()
    taken(of).end()
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def test_no_more_than_may_work_at_once() -> None:
    of = Turns(2)
    taken(of), taken(of)
    assert of.take(0.01) is None
    assert of.take(0) is None


def test_who_gave_up_is_not_handed_a_turn() -> None:
    of = Turns(1)
    turn = taken(of)
    assert of.take(0.01) is None
    turn.end()
    assert of.take(0) is not None


def test_a_turn_ends_once() -> None:
    of = Turns(1)
    turn = taken(of)
    turn.end()
    turn.end()
    taken(of)
    assert of.take(0) is None


def test_a_thread_lets_go_of_its_own_turns_and_of_nobody_elses() -> None:
    of, other = Turns(2), Turns(1)
    held = threading.Event()

    def hold() -> None:
        taken(of)
        held.set()

    threading.Thread(target=hold).start()
    assert held.wait(10)
    mine = taken(of), taken(other)
    turns.let_go()
    assert all(turn.ended for turn in mine)
    assert other.take(0) is not None
    assert of.take(0) is not None
    assert of.take(0) is None
    # To end what was let go gives nobody a second one.
    mine[0].end()
    assert of.take(0) is None
