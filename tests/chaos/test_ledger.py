"""A ledger that loses nothing of what its writer relied on, however that one ends."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.chaos import ledger
from tests.chaos.house import ROOT
from tests.chaos.ledger import Entry, Ledger

pytestmark = pytest.mark.chaos

WRITER = """
import os, sys, threading
from pathlib import Path
from tests.chaos.ledger import Entry, Ledger
ledger = Ledger(Path(sys.argv[1]))
def write(which):
    for number in range(100_000):
        ledger.write(Entry(1.5, 2.5, f"{which}.{number}", "sign", 303))
        os.write(1, f"{which}.{number}\\n".encode())
for which in range(4):
    threading.Thread(target=write, args=(which,)).start()
"""


def test_what_a_killed_writer_was_told_is_written_is_there(tmp_path: Path) -> None:
    path = tmp_path / "acks.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(400)]
        writer.kill()
        told += [line for line in writer.stdout if line.endswith(b"\n")]
    assert writer.returncode == -signal.SIGKILL
    there = {entry.who for entry in ledger.read(path)}
    assert {line.decode().strip() for line in told} <= there


def test_those_who_write_at_the_same_time_wait_for_one_disk_write(tmp_path: Path) -> None:
    path = tmp_path / "acks.jsonl"
    written = Ledger(path, pause=0.2)
    together = [written.enter(Entry(1, 2, str(number), "view", 200)) for number in range(50)]
    for one in together:
        one.result(5)
    assert len(set(map(id, together))) <= 3
    threads = [threading.Thread(target=written.write, args=(Entry(1, 2, "x", "view", 200),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    written.close()
    assert len(list(ledger.read(path))) == 55


def test_a_last_line_that_was_torn_is_left_out_and_any_other_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "acks.jsonl"
    entry = Entry(1, 2, "ana", "sign", 303, campaign="harbour")
    written = Ledger(path)
    written.write(entry)
    written.close()
    path.write_bytes(path.read_bytes() + b'{"began": 1')
    assert list(ledger.read(path)) == [entry]
    path.write_bytes(b'{"began": 1\n' + path.read_bytes())
    with pytest.raises(ValueError, match="delimiter"):
        list(ledger.read(path))
