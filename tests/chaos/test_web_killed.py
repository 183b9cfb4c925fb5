"""X6: web processes killed at random, one a second: nothing acknowledged is lost, and others answer
through the documented nginx (S71)."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment
from tests.chaos.experiment import Faults
from tests.chaos.front import BEHIND, front, needs_nginx
from tests.chaos.house import House, house, until
from tests.chaos.people import Crowd, Level, crowd

pytestmark = [pytest.mark.chaos, needs_nginx]

ROOM = {"WEB_PROCESSES": "2", "POOL_SIZE": "3", **BEHIND}
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
            with front(at) as address, crowd(at, level, addresses=[address]) as people:
                restarts = kill_one_a_second(at, people, random.Random(level.seed), faults)
                well = time.time()
                people.wait()
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, faults, well=well, logs=[server.folder])
    print(f"servers started again: {restarts}; no answer: {len(experiment.unanswered(people.ledger))}")
    assert wrong == []
    assert max(experiment.served_after(people.ledger, faults)) < SOMEBODY


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[House]:
    """One web server with one process, on an embedded database."""
    with house(tmp_path, f"sqlite:///{tmp_path}/petition.db", workers=0, environ={"WEB_PROCESSES": "1"}) as at:
        yield at


def kill_process(at: House) -> None:
    """Kill the process that answers, and wait until another answers in its place."""
    (pid,) = at.pids("web-0")
    os.kill(pid, signal.SIGKILL)
    until(lambda: at.pids("web-0") not in ([], [pid]) and at.answers("web-0"), 20, "nobody took its place")


def test_a_server_whose_process_dies_again_and_again_goes_on_with_a_fresh_one_each_time(alone: House) -> None:
    for _ in range(4):
        kill_process(alone)
    assert alone.running["web-0"].poll() is None
    assert "crash loop" not in alone.log("web-0")


def test_a_server_whose_processes_cannot_start_ends_and_says_so(alone: House) -> None:
    """Whoever starts it again does so with a pause."""
    Path(alone.environ["KEYS_FILE"]).unlink()
    os.kill(alone.pids("web-0")[0], signal.SIGKILL)
    assert alone.running["web-0"].wait(30) != 0
    assert "crash loop" in alone.log("web-0")
