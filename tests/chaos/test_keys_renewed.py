"""X14: a new key is made known, made active, and everything is sealed with it again, while people sign at a site of two
web servers and two workers, each restarted in turn. Nobody sees an error (S74, E4)."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment, ledger
from tests.chaos.experiment import Faults
from tests.chaos.front import BEHIND, front, needs_nginx
from tests.chaos.house import ROOT, House, house
from tests.chaos.people import Level, crowd

pytestmark = [pytest.mark.chaos, pytest.mark.long, needs_nginx]


def keys(at: House, *words: str) -> tuple[int, str]:
    """Type `petition keys`, as an operator does; its status and what it says."""
    command = [sys.executable, "-m", "petition", "keys", *words]
    done = subprocess.run(command, env=at.environ, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def restart_all(at: House) -> None:
    """Restart every process in turn, as docs/upgrade.md says."""
    for name in (*at.webs, *at.workers):
        assert at.stop(name) == 0, name
        at.start(name)
        if name in at.webs:
            at.wait_for(name)


def renew(at: House) -> None:
    """The second key takes the place of the first, which stays known."""
    assert keys(at, "new")[0] == 0
    restart_all(at)
    assert keys(at, "activate", "2")[0] == 0
    restart_all(at)
    status, words = keys(at, "remove", "1", "--yes")
    assert (status, "still seals" in words) == (2, True), words
    status, words = keys(at, "rekey")
    assert status == 0, words
    print(words.strip())


def answers(acks: Path) -> Counter[tuple[str, int]]:
    """How often what was asked was answered how."""
    return Counter((entry.asked, entry.status) for entry in ledger.read(acks))


def test_keys_are_renewed_under_load_without_an_error_and_the_old_one_goes_once_nothing_needs_it(
    tmp_path: Path,
) -> None:
    """X14, S74, E4."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(240), seed=experiment.seed(), linger=10)
    with (
        cluster.cluster() as server,
        house(tmp_path, server.url, webs=2, workers=2, environ=BEHIND) as at,
        front(at) as address,
    ):
        with crowd(at, level, addresses=[address]) as people:
            end = experiment.lasting(people)
            renew(at)
            assert time.monotonic() < end, "people had gone before all was done: give it more CHAOS_SECONDS"
            people.wait()
        experiment.quiet(server.url)
        assert experiment.judge(at, people.ledger, Faults(), logs=[server.folder]) == []
        told = answers(people.ledger)
        assert {status for _, status in told} == {200, 303}, told
        # What the first key has sealed is gone, so it may go; links that it has signed go with it.
        status, words = keys(at, "remove", "1", "--yes")
        assert status == 0, words
        restart_all(at)
        later = Level(signs=6, views=20, seconds=5, seed=level.seed + 1, linger=5)
        with crowd(at, later, "b", [address]) as others:
            others.wait()
        experiment.quiet(server.url)
        assert experiment.judge(at, others.ledger, Faults(), logs=[server.folder]) == []
        assert {status for _, status in answers(others.ledger)} == {200, 303}
