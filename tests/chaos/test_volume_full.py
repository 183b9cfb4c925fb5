"""X4 and X5: a volume of the database is full. Nothing acknowledged is lost, what cannot be stored is said honestly,
and all is well as soon as there is room (S72)."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from tests.chaos import cluster, experiment, ledger
from tests.chaos.cluster import Cluster
from tests.chaos.experiment import Faults
from tests.chaos.house import house
from tests.chaos.ledger import Entry
from tests.chaos.people import Crowd, Level, crowd

pytestmark = [pytest.mark.chaos, *cluster.needs_mount]

#: Pages are read from the database each time: that reading works must not be the page cache's doing.
ROOM = {"WEB_PROCESSES": "1", "POOL_SIZE": "4", "PAGE_CACHE": "0"}
#: Seconds that a volume is full, and between two times.
FULL, ROOMY = 5.0, 3.0
#: Not all: on a busy machine somebody may wait two seconds for a connection in vain.
MOST_OF_THEM = 0.8


def share(entries: Sequence[Entry]) -> float:
    """How many of a hundred were answered well."""
    return sum(entry.status in (200, 303) for entry in entries) / len(entries)


def stay_full(at: Path, faults: Faults, seconds: float) -> Path:
    """Fill a volume, and again what is given back; a letter may be cut off at any moment of it."""
    ballast, end = cluster.fill(at), time.monotonic() + seconds
    while time.monotonic() < end:
        faults.now()
        time.sleep(0.25)
        cluster.fill(at)
    return ballast


def fill_now_and_then(at: Path, people: Crowd, faults: Faults) -> list[tuple[float, float]]:
    """Fill a volume and make room again, as long as people come; when it was full."""
    end, spans = experiment.lasting(people, FULL + ROOMY), []
    time.sleep(ROOMY)
    while not spans or time.monotonic() < end:
        began = time.time()
        stay_full(at, faults, FULL).unlink()
        spans.append((began, time.time()))
        time.sleep(ROOMY)
    return spans


def test_a_volume_is_full_until_the_ballast_is_gone_or_it_is_enlarged() -> None:
    with cluster.volume(4) as at:
        ballast = cluster.fill(at)
        with pytest.raises(OSError, match="No space"):
            (at / "more").write_bytes(b"x" * 20000)
        cluster.enlarge(at, 5)
        (at / "more").write_bytes(b"x" * 20000)
        cluster.fill(at)
        ballast.unlink()
        (at / "again").write_bytes(b"x" * 2_000_000)
    assert not at.exists()


def test_a_full_data_volume_is_an_honest_503_while_pages_are_read_and_all_is_well_once_there_is_room(
    tmp_path: Path,
) -> None:
    """X4."""
    faults = Faults()
    level = Level(signs=12, views=10, seconds=experiment.seconds(12), seed=experiment.seed(), linger=2)
    with cluster.volume(120) as volume, cluster.cluster(data=volume) as server:
        with house(tmp_path, server.url, environ=ROOM) as at:
            with crowd(at, level) as people:
                spans = fill_now_and_then(volume, people, faults)
                people.wait()
            experiment.quiet(server.url, ahead=experiment.PUT_OFF)
        wrong = experiment.judge(at, people.ledger, faults, well=spans[-1][1], logs=[server.folder, volume])
        assert "PANIC" not in server.log.read_text()
    assert wrong == []
    entries = list(ledger.read(people.ledger))
    full = [entry for entry in entries if any(began < entry.began and entry.ended < end for began, end in spans)]
    refused = [entry for entry in full if entry.status == 503 and entry.asked != "view"]
    after = [entry for entry in entries if any(end < entry.began < end + ROOMY - 1 for _, end in spans)]
    served, well_after = share([e for e in full if e.asked == "view"]), share(after)
    print(f"full: {len(refused)} refused, {served:.0%} of pages read; afterwards {well_after:.0%} answered well")
    assert refused
    assert served > MOST_OF_THEM
    assert well_after > MOST_OF_THEM
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
                end = experiment.lasting(people, 15)
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
            experiment.quiet(server.url, ahead=experiment.PUT_OFF)
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
