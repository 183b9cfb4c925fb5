"""X1: a database that is killed again and again under load loses nothing that anybody was told (S71, S72).

kill -9 does not test fsync: what the killed server had written to files stays in the machine's memory. What it does
test is that nobody is told before the log of the database is written, that half a transaction leaves nothing, and that
everybody finds their way back. With `synchronous_commit = off` the same experiment must see that something is lost.
"""

import random
import time
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment
from tests.chaos.cluster import Cluster
from tests.chaos.experiment import Faults
from tests.chaos.house import house, until
from tests.chaos.people import Crowd, Level, crowd

pytestmark = pytest.mark.chaos

#: Seconds between two kills, at least and at most.
PAUSE = (1.5, 3.0)
ROOM = {"WEB_PROCESSES": "1", "POOL_SIZE": "4"}


def kill_in_turn(server: Cluster, people: Crowd, chance: random.Random, faults: Faults) -> None:
    """Kill a backend, then the whole cluster, and so on, as long as people come."""
    end = time.monotonic() + people.level.seconds - 1
    whole = False
    while time.monotonic() < end:
        time.sleep(chance.uniform(*PAUSE))
        faults.now()
        began = time.monotonic()
        if whole:
            server.kill()
            server.start()
        elif server.kill_backend(chance):
            time.sleep(0.05)
            until(server.is_up)
        faults.back.append(time.monotonic() - began)
        whole = not whole


def killed_under_load(folder: Path, level: Level, rest: float = experiment.QUIET, **changes: str) -> list[str]:
    """The experiment: what is wrong at its end, `rest` seconds later at most. Web servers live on and answer all."""
    faults = Faults()
    with cluster.cluster(**changes) as server:
        with house(folder, server.url, environ=ROOM) as at:
            with crowd(at, level) as people:
                kill_in_turn(server, people, random.Random(level.seed), faults)
                well = time.time()
                people.wait()
            experiment.quiet(server.url, rest)
        assert experiment.unanswered(people.ledger) == []
        return experiment.judge(at, people.ledger, faults, well=well, logs=[server.folder])


def test_nothing_acknowledged_is_lost_when_backends_and_the_whole_database_are_killed_in_turn(tmp_path: Path) -> None:
    """X1."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(12), seed=experiment.seed(), linger=3)
    assert killed_under_load(tmp_path, level) == []


def test_a_database_that_answers_before_its_log_is_written_is_seen_to_lose_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    """X1′."""
    level = Level(signs=20, views=0, seconds=experiment.seconds(10), seed=experiment.seed(), linger=1)
    wrong = killed_under_load(tmp_path, level, rest=2, synchronous_commit="off")
    assert experiment.lost(wrong) > 0
