"""What the experiments with the database stand on: a server that can be killed and started, full volumes."""

import os
import random
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from tests.chaos import cluster
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import MARK, marked
from tests.chaos.house import is_there, until

pytestmark = pytest.mark.chaos


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A running server."""
    with cluster.cluster() as made:
        yield made


def test_a_killed_server_is_gone_with_all_its_processes_and_starts_again_with_what_was_committed(
    server: Cluster,
) -> None:
    assert server.process
    server.ask("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    pids = [server.process.pid, *server.children()]
    assert len(pids) > 3
    server.kill()
    assert not any(is_there(pid) for pid in pids)
    assert not server.is_up()
    server.start()
    assert server.ask("SELECT n FROM kept") == 7


def test_a_killed_backend_takes_all_connections_with_it_and_the_server_recovers(server: Cluster) -> None:
    chance = random.Random(1)
    assert not server.kill_backend(chance)
    with psycopg.connect(server.url) as one:
        assert server.backends() == [one.info.backend_pid]
        assert server.kill_backend(chance)
        with pytest.raises(psycopg.OperationalError):
            one.execute("SELECT 1")
    assert server.runs()
    until(server.is_up)


def test_a_server_ends_although_somebody_is_connected_and_leaves_nothing_running() -> None:
    with cluster.cluster() as made:
        assert made.process
        pids = [made.process.pid, *made.children()]
        left = psycopg.connect(made.url)
    assert not any(is_there(pid) for pid in pids)
    assert not made.folder.exists()
    left.close()


def test_a_process_that_a_test_leaves_behind_is_found() -> None:
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        assert [one.startswith(f"{left.pid} ") for one in marked(os.environ[MARK])] == [True]
    finally:
        left.kill()
        left.wait()
    assert marked(os.environ[MARK]) == []
