"""X4 and X5: a volume of the database is full. Nothing acknowledged is lost, what cannot be stored is said honestly,
and all is well as soon as there is room (S72)."""

import os
import random
import time
from pathlib import Path

import psycopg
import pytest

from tests.chaos import cluster, experiment, ledger
from tests.chaos.cluster import Cluster
from tests.chaos.experiment import Faults
from tests.chaos.house import house
from tests.chaos.people import Crowd, Level, crowd

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(
        not cluster.may_mount() and not os.environ.get("CI"), reason="only root can make a volume of limited size"
    ),
]

#: Pages are read from the database each time: that reading works must not be the page cache's doing.
ROOM = {"WEB_PROCESSES": "1", "POOL_SIZE": "4", "PAGE_CACHE": "0"}
#: Seconds that a volume is full, and between two times.
FULL, ROOMY = 5.0, 3.0
#: Seconds after which everybody must be served again once there is room.
AT_ONCE = 3.0


def stay_full(faults: Faults, seconds: float) -> None:
    """The fault lasts: a letter may be cut off at any moment of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        faults.now()
        time.sleep(0.25)


def fill_now_and_then(at: Path, people: Crowd, faults: Faults) -> list[tuple[float, float]]:
    """Fill a volume and make room again, as long as people come; when it was full."""
    end, spans = time.monotonic() + people.level.seconds - FULL - AT_ONCE, []
    time.sleep(ROOMY)
    while not spans or time.monotonic() < end:
        began = time.time()
        ballast = cluster.fill(at)
        stay_full(faults, FULL)
        ballast.unlink()
        spans.append((began, time.time()))
        time.sleep(ROOMY)
    return spans


def test_a_full_data_volume_is_an_honest_503_while_pages_are_read_and_all_is_well_once_there_is_room(
    tmp_path: Path,
) -> None:
    """X4."""
    faults = Faults()
    level = Level(signs=15, views=20, seconds=experiment.seconds(12), seed=experiment.seed(), linger=2)
    with cluster.volume(120) as volume, cluster.cluster(data=volume) as server:
        with house(tmp_path, server.url, environ=ROOM) as at:
            with crowd(at, level) as people:
                spans = fill_now_and_then(volume, people, faults)
                people.wait()
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, faults, well=spans[-1][1], logs=[server.folder, volume])
        assert "PANIC" not in server.log.read_text()
    assert wrong == []
    entries = list(ledger.read(people.ledger))
    full = [entry for entry in entries if any(began < entry.began and entry.ended < end for began, end in spans)]
    refused = [entry for entry in full if entry.status == 503]
    print(f"refused while full: {len(refused)}")
    assert refused
    assert {entry.status for entry in full if entry.asked == "view"} == {200}
    after = [entry for entry in entries if any(end < entry.began < end + ROOMY - 1 for _, end in spans)]
    assert {entry.status for entry in after} <= {200, 303}
    assert experiment.unanswered(people.ledger) == []


def write_much(server: Cluster) -> None:
    """Somebody else writes, too: what people write fills no log within a minute."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS filling (stuff text)")
        connection.execute("INSERT INTO filling SELECT repeat('x', 1000) FROM generate_series(1, 6000)")
        connection.execute("TRUNCATE filling")


@pytest.mark.long
def test_a_full_volume_of_the_log_ends_the_server_and_after_enlarging_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    """X5. The server gives up; somebody must make room and start it (docs/deploy.md: an alarm, and a ballast)."""
    faults = Faults()
    level = Level(signs=6, views=20, seconds=experiment.seconds(30), seed=experiment.seed(), linger=3)
    chance, size = random.Random(level.seed), 24
    small = {"min_wal_size": "2MB", "max_wal_size": "6MB"}
    with cluster.volume(size) as volume, cluster.cluster(wal=volume, segment=1, **small) as server:
        with house(tmp_path, server.url, environ=ROOM) as at:
            with crowd(at, level) as people:
                end = time.monotonic() + level.seconds - 15
                while not faults.kills or time.monotonic() < end:
                    time.sleep(chance.uniform(4, 8))
                    began = time.monotonic()
                    give_up(server, volume, faults)
                    size += 8
                    cluster.enlarge(volume, size)
                    faults.now()
                    server.start()
                    faults.back.append(time.monotonic() - began)
                    (volume / "ballast").unlink()
                well = time.time()
                people.wait()
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, faults, well=well, logs=[server.folder])
        assert "PANIC" in server.log.read_text()
    assert wrong == []
    assert experiment.unanswered(people.ledger) == []


def give_up(server: Cluster, volume: Path, faults: Faults) -> None:
    """Fill the volume of the log, and write until the server has ended."""
    cluster.fill(volume)
    end = time.monotonic() + 60
    while server.runs() and time.monotonic() < end:
        faults.now()
        try:
            write_much(server)
        except psycopg.Error:
            time.sleep(0.2)
    assert server.wait_for_its_end(5) != 0
