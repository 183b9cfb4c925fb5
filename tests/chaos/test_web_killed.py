"""X6: web processes killed at random, one a second: nothing acknowledged is lost, and others answer (S71)."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment
from tests.chaos.experiment import Faults
from tests.chaos.house import House, house
from tests.chaos.people import Crowd, Level, crowd

pytestmark = pytest.mark.chaos

ROOM = {"WEB_PROCESSES": "2", "POOL_SIZE": "3"}
#: As the units in deploy/ have it: a server that has ended is started again so many seconds later. It ends by itself
#: where one of its processes dies twice within six seconds.
RESTART = 2.0
#: Seconds in which somebody must be served after any of the kills.
SOMEBODY = 10.0


class Units:
    """What systemd does for the web servers."""

    def __init__(self, at: House) -> None:
        self._at = at
        self._ended: dict[str, float] = {}
        self.restarts = 0

    def look(self) -> None:
        """Start again what ended long enough ago."""
        for name in self._at.webs:
            if self._at.running[name].poll() is None:
                continue
            if time.monotonic() - self._ended.setdefault(name, time.monotonic()) >= RESTART:
                del self._ended[name]
                self._at.start(name)
                self.restarts += 1


def kill_one_a_second(at: House, people: Crowd, chance: random.Random, faults: Faults) -> int:
    """Kill as long as people come; how often a whole server had to be started again."""
    units, end = Units(at), time.monotonic() + people.level.seconds - 1
    while time.monotonic() < end:
        time.sleep(1)
        units.look()
        alive = [pid for name in at.webs for pid in at.pids(name)]
        if alive:
            faults.now()
            with suppress(ProcessLookupError):
                os.kill(chance.choice(alive), signal.SIGKILL)
    return units.restarts


def test_nothing_acknowledged_is_lost_when_web_processes_are_killed_one_a_second_and_others_answer(
    tmp_path: Path,
) -> None:
    """X6."""
    faults = Faults()
    level = Level(signs=6, views=20, seconds=experiment.seconds(12), seed=experiment.seed(), linger=3)
    with cluster.cluster() as server:
        with house(tmp_path, server.url, webs=2, environ=ROOM) as at:
            with crowd(at, level) as people:
                restarts = kill_one_a_second(at, people, random.Random(level.seed), faults)
                well = time.time()
                people.wait()
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, faults, well=well, logs=[server.folder])
    print(f"servers started again: {restarts}; no answer: {len(experiment.unanswered(people.ledger))}")
    assert wrong == []
    assert max(experiment.served_after(people.ledger, faults)) < SOMEBODY
