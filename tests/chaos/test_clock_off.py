"""X11: a clock that is a day off, on one of two web servers or on the database (docs/watch.md: ClocksDiffer).

Nothing acknowledged is lost, nothing is stored twice and no letter is late; `/readyz` of whoever disagrees with the
database is red, so that a front that asks it sends nobody there. The database's clock is that of libfaketime (Debian:
faketime), a web server's that of `skewed`; the monotonic clock is left alone, as when somebody sets a clock.
"""

import http.client
import sys
import time
from pathlib import Path

import pytest

from petition import sightings
from tests.chaos import cluster, experiment, ledger
from tests.chaos.experiment import Faults
from tests.chaos.house import House, house, until
from tests.chaos.people import Level, crowd

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
pytestmark = [pytest.mark.chaos, pytest.mark.long]
needs_faketime = pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian: faketime)")
ROOM = {"WEB_PROCESSES": "1", "POOL_SIZE": "4"}


def off(by: str) -> dict[str, str]:
    """The environment of a process whose clock is off: +1d, -1d."""
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def sees_it(at: House, name: str) -> bool:
    """Whether a web server is not ready because of the clocks."""
    line = http.client.HTTPConnection("127.0.0.1", at.ports[name], timeout=5)
    line.request("GET", "/readyz", headers={"Host": at.host})
    answer = line.getresponse()
    said = answer.read()
    line.close()
    return answer.status == 503 and b"clock: NOT WELL" in said


@pytest.mark.parametrize("by", [86400, -86400])
def test_nothing_is_lost_or_stored_twice_when_the_clock_of_one_web_server_is_a_day_off(tmp_path: Path, by: int) -> None:
    """X11, web."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(20), seed=experiment.seed(), linger=5)
    with cluster.cluster() as server:
        with house(tmp_path, server.url, webs=2, environ=ROOM) as at:
            at.stop("web-1")
            at.commands["web-1"] = [sys.executable, "-m", "tests.chaos.skewed", str(by), *at.commands["web-0"][-2:]]
            at.start("web-1")
            at.wait_for("web-1")
            until(lambda: sees_it(at, "web-1"), 20, "it says that it is ready")
            with crowd(at, level) as people:
                people.wait()
            # So often a worker looks for letters that a clock which is ahead has put off.
            time.sleep(sightings.EVERY.total_seconds() + 1)
            experiment.quiet(server.url, ahead=experiment.PUT_OFF)
        wrong = experiment.judge(at, people.ledger, Faults(), logs=[server.folder])
    assert wrong == []
    assert experiment.unanswered(people.ledger) == []


@needs_faketime
@pytest.mark.parametrize("by", ["+1d", "-1d"])
def test_nothing_is_lost_or_late_when_the_clock_of_the_database_is_a_day_off(tmp_path: Path, by: str) -> None:
    """X11, database: every moment that is stored is that of whoever stores it."""
    level = Level(signs=6, views=20, seconds=experiment.seconds(20), seed=experiment.seed(), linger=5)
    faults = Faults()
    with cluster.cluster() as server:
        with house(tmp_path, server.url, environ=ROOM) as at:
            with crowd(at, level) as people:
                time.sleep(level.seconds / 4)
                faults.now()
                server.stop()
                faults.back.append(server.start(**off(by)))
                shown = float(server.ask("SELECT extract(epoch FROM now())")) - time.time()
                assert abs(abs(shown) - 86400) < 60
                until(lambda: sees_it(at, "web-0"), 20, "it says that it is ready")
                people.wait()
            experiment.quiet(server.url, ahead=experiment.PUT_OFF)
        wrong = experiment.judge(at, people.ledger, faults, logs=[server.folder])
    assert wrong == []
    statuses = {entry.status for entry in ledger.read(people.ledger) if entry.began > faults.kills[0] + 5}
    assert statuses == {200, 303}
