"""X11: the clock of one of two workers is a day off. It stands still, says so, and the other does the work: nothing is
lost, no letter goes out twice for a lease that seemed to be over, and no moment of another day is stored (F10)."""

from pathlib import Path

import pytest

from tests.chaos import cluster, experiment
from tests.chaos.experiment import Faults
from tests.chaos.house import house, until
from tests.chaos.people import Level, crowd
from tests.chaos.test_clock_off import LIBRARY, off, sees_it

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.long,
    pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian: faketime)"),
]
#: What is stored of another day.
ELSEWHEN = """SELECT (SELECT count(*) FROM letter WHERE abs(extract(epoch FROM settled_at - now())) > 20000)
    + (SELECT count(*) FROM link WHERE abs(extract(epoch FROM sent_at - now())) > 20000)"""


@pytest.mark.parametrize("by", ["+1d", "-1d"])
def test_a_worker_whose_clock_is_a_day_off_does_no_harm_and_works_again_when_it_is_right(
    tmp_path: Path, by: str
) -> None:
    """X11, worker."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(30), seed=experiment.seed(), linger=5)
    with cluster.cluster() as server:
        with house(tmp_path, server.url, workers=2) as at:
            until(lambda: server.ask("SELECT count(*) FROM sighting WHERE kind = 'worker'") == 2)
            at.stop("worker-1")
            at.start("worker-1", **off(by))
            with crowd(at, level) as people:
                until(lambda: "clock is off" in at.log("worker-1"), 40, "it does not know")
                if by == "+1d":
                    # One that is behind looks like one that is gone.
                    until(lambda: sees_it(at, "web-0"), 40, "the site says that it is ready")
                people.wait()
            experiment.quiet(server.url)
            assert server.ask(ELSEWHEN) == 0
            at.stop("worker-1")
            at.start("worker-1")
            until(lambda: not sees_it(at, "web-0"), 60, "it is still not ready")
        wrong = experiment.judge(at, people.ledger, Faults(), logs=[server.folder])
    assert wrong == []
