"""X7 and X8: a worker that does everything is killed again and again while people sign, between any two steps of a
letter and of numbering. What it was about is lost by nobody, comes twice to nobody who was not just being written to,
and is counted once."""

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment, lives, sink
from tests.chaos.experiment import Faults
from tests.chaos.house import House, house, until
from tests.chaos.lives import Plan
from tests.chaos.people import Level, crowd

pytestmark = pytest.mark.chaos

SHORT = 8.0
#: Letters that the worker has on the wire at a time.
CONNECTIONS = 4
#: Seconds within which a letter is tried again here, see `worker`.
SOON = 15.0
#: Seconds for which a worker goes on dying at what it has left to do once all people have come.
WORK_LEFT = 10.0
#: In the short form so many points are reached at least, however busy the machine is.
REACHED = 4


def level(seed: int, seconds: float) -> Level:
    """L1 in the long form; more letters and fewer readers in the short one."""
    if seconds > SHORT:
        return Level(signs=6, views=50, seconds=seconds, seed=seed, linger=10)
    return Level(signs=10, views=5, seconds=seconds, seed=seed, linger=2, thinking=0.5)


def judged(
    folder: Path, plan: Plan, seconds: float, wanted: set[str], limit: float = experiment.QUIET
) -> tuple[House, list[str]]:
    """Let people come while a worker dies by a plan, at the points wanted at least, then let it do what is left in
    peace. The house, which is shut then, and what does not hold."""
    environ = plan.environ() | {"MAIL_CONNECTIONS": str(CONNECTIONS)}
    program = ["-m", "tests.chaos.worker"]
    with cluster.cluster() as server:
        with house(folder, server.url, environ=environ, worker_program=program) as at:
            with crowd(at, level(plan.seed, seconds)) as people:
                people.wait()
            # On a busy machine the worker has work left.
            with suppress(AssertionError):
                until(lambda: lives.reached(plan) >= wanted, WORK_LEFT)
            plan.make_peace()
            until(lambda: lives.are_over(plan), 20)
            experiment.quiet(server.url, limit, ahead=SOON)
        deaths = lives.read(plan)
        print("deaths", dict(Counter(death.point for death in deaths)), "letters that came again", len(repeated(at)))
        kills = [death.at for death in deaths]
        wrong = experiment.judge(at, people.ledger, Faults(kills), well=max(kills), logs=[server.folder])
    return at, wrong


def repeated(at: House) -> set[str]:
    """The letters that came more than once."""
    came = Counter(mail.message_id for mail in sink.mails(at.letters) if mail.taken)
    return {message_id for message_id, times in came.items() if times > 1}


def test_a_worker_killed_between_any_two_steps_loses_nothing_and_repeats_only_what_was_on_the_wire(
    tmp_path: Path,
) -> None:
    """X7, X8, F2, S70: I1 to I12 hold after kills at every point. At each at most one letter of each connection was on
    the wire, and no other came twice."""
    seconds = experiment.seconds(SHORT)
    plan = Plan(str(tmp_path / "plan"), experiment.seed(), (*lives.LETTER, *lives.NUMBERING, lives.WHENEVER))
    at, wrong = judged(tmp_path / "house", plan, seconds, set())
    deaths = lives.read(plan)
    assert wrong == []
    reached = lives.reached(plan)
    assert len(reached) >= (len(plan.points) if seconds > SHORT else REACHED), reached
    on_the_wire = lives.newly_sending(deaths)
    assert max(map(len, on_the_wire)) <= CONNECTIONS
    assert repeated(at) <= set().union(*on_the_wire)


@pytest.mark.parametrize(
    ("broken", "points", "seen", "rest"),
    [
        (("sent before it is", "folded apart"), ("before_data", "after_fold"), ("I6:", "I3:"), experiment.QUIET),
        # This one never rests.
        (("sent again and again", "numbered apart"), ("after_numbers",), ("I7:", "I3:"), 2),
    ],
    ids=["lost and counted twice", "repeated and not counted"],
)
def test_a_worker_that_breaks_a_promise_is_seen(
    tmp_path: Path, broken: tuple[str, ...], points: tuple[str, ...], seen: tuple[str, ...], rest: float
) -> None:
    """The switches that must turn the experiment red: else it would prove nothing."""
    plan = Plan(str(tmp_path / "plan"), experiment.seed(), points, broken=broken)
    _, wrong = judged(tmp_path / "house", plan, SHORT, {*points}, rest)
    for which in seen:
        assert [one for one in wrong if one.startswith(which)], which
