"""Two web servers behind the documented nginx, restarted one after the other as an operator does: nobody notices."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment, ledger
from tests.chaos.experiment import Faults
from tests.chaos.front import BEHIND, front, needs_nginx
from tests.chaos.house import House, house
from tests.chaos.people import Crowd, Level, crowd

pytestmark = [pytest.mark.chaos, pytest.mark.long, needs_nginx]

ROOM = {"WEB_PROCESSES": "2", **BEHIND}


def restart_in_turn(at: House, people: Crowd, chance: random.Random) -> int:
    """Restart one after the other, each once the one before answers, as long as people come; how often."""
    restarts, end = 0, time.monotonic() + people.level.seconds - 5
    while time.monotonic() < end:
        name = at.webs[restarts % len(at.webs)]
        assert at.stop(name) == 0, at.log(name)[-2000:]
        at.start(name)
        at.wait_for(name)
        restarts += 1
        time.sleep(chance.random())
    return restarts


def test_while_web_servers_are_restarted_in_turn_everybody_is_answered(tmp_path: Path) -> None:
    """X15 without an upgrade: SIGTERM, by which systemd stops them."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(120), seed=experiment.seed(), linger=3)
    with cluster.cluster() as server:
        with house(tmp_path, server.url, webs=2, environ=ROOM) as at:
            with front(at) as address, crowd(at, level, addresses=[address]) as people:
                restarts = restart_in_turn(at, people, random.Random(level.seed))
                people.wait()
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, Faults(), logs=[server.folder])
    statuses = Counter((entry.asked, entry.status) for entry in ledger.read(people.ledger))
    print(f"restarts {restarts}; answers {dict(statuses)}")
    assert wrong == []
    assert {status for _asked, status in statuses} <= {200, 303, 429}
