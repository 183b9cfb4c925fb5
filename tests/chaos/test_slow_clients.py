"""X16: five hundred clients that send a byte a second, and people beside them, through the documented nginx (D19)."""

import random
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.chaos import cluster, experiment, ledger
from tests.chaos.experiment import Faults
from tests.chaos.front import BEHIND, front, needs_nginx
from tests.chaos.house import house
from tests.chaos.people import Level, crowd

pytestmark = [pytest.mark.chaos, pytest.mark.long, needs_nginx]

SLOW, ADDRESSES = 500, 50
#: Seconds in which a signature is answered all the same (the 99th of a hundred).
SERVED = 1.0
HEAD = b"GET /en/campaigns/harbour HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /en/campaigns/harbour HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname="
)


class Slow:
    """Clients of fifty addresses, half of them slow with their headers, half with a form. One that is hung up on
    comes again at once."""

    def __init__(self, address: tuple[str, int], seed: int) -> None:
        self._address, self._chance = address, random.Random(seed)
        self._watched = selectors.DefaultSelector()
        self._ending = threading.Event()
        self.begun, self.open = 0, 0

    def run(self) -> None:
        """Until told to end: a byte a second from each."""
        while not self._ending.is_set():
            while len(self._watched.get_map()) < SLOW and not self._ending.is_set():
                self._begin()
            began = time.monotonic()
            self._hung_up()
            for key in list(self._watched.get_map().values()):
                with suppress(OSError):
                    key.fileobj.send(b"a")  # type: ignore[union-attr]
            self.open = len(self._watched.get_map())
            self._ending.wait(max(0.0, 1 - (time.monotonic() - began)))
        for key in list(self._watched.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def end(self) -> None:
        """All hang up."""
        self._ending.set()

    def _begin(self) -> None:
        client = socket.socket()
        client.settimeout(5)
        client.bind((f"127.0.1.{1 + self.begun % ADDRESSES}", 0))
        client.connect(self._address)
        client.sendall(self._chance.choice((HEAD, BODY)))
        client.setblocking(False)
        self._watched.register(client, selectors.EVENT_READ)
        self.begun += 1

    def _hung_up(self) -> None:
        for key, _ in self._watched.select(0):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            with suppress(OSError):
                if client.recv(65536):
                    continue
            self._watched.unregister(client)
            client.close()


@contextmanager
def slow_clients(address: tuple[str, int], seed: int) -> Iterator[Slow]:
    """Five hundred of them, all there."""
    made = Slow(address, seed)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while made.open < SLOW and time.monotonic() < end:
        time.sleep(0.1)
    try:
        yield made
    finally:
        made.end()
        thread.join(20)


def test_people_are_served_at_once_beside_five_hundred_clients_that_send_a_byte_a_second(tmp_path: Path) -> None:
    """X16."""
    seconds = experiment.seconds(25)
    level = Level(signs=6, views=50, seconds=seconds, seed=experiment.seed(), linger=5)
    with cluster.cluster() as server:
        with house(tmp_path, server.url, environ={"WEB_PROCESSES": "1", **BEHIND}) as at, front(at) as address:
            with slow_clients(address, level.seed) as slow, crowd(at, level, addresses=[address]) as people:
                time.sleep(seconds / 2)
                assert slow.open > SLOW * 0.9
                people.wait()
                print(f"slow clients: {slow.open} at a time, {slow.begun} in all")
            experiment.quiet(server.url)
        wrong = experiment.judge(at, people.ledger, Faults(), logs=[server.folder])
    assert wrong == []
    entries = list(ledger.read(people.ledger))
    assert {entry.status for entry in entries} == {200, 303}
    took = sorted(entry.ended - entry.began for entry in entries if entry.asked == "sign")
    print(f"signing: p50 {took[len(took) // 2]:.3f} s, p99 {took[int(len(took) * 0.99)]:.3f} s, most {took[-1]:.3f} s")
    assert took[int(len(took) * 0.99)] < SERVED
