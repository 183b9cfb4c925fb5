"""What the processes of a run cost while it runs: CPU, memory, open files, letters that wait; from /proc and SQL."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from petition.base import db
from tests.chaos import checker
from tests.chaos.house import below

_TICKS = os.sysconf("SC_CLK_TCK")
_WAITING = text(
    "SELECT count(*) FROM letter WHERE state IN ('waiting', 'claimed', 'sending') AND due_at <= CURRENT_TIMESTAMP"
)


def cpu(root: int) -> float:
    """Seconds of CPU of a process and all below it, the dead among them once somebody has waited for them."""
    return sum(_cpu(pid) for pid in below(root))


def _cpu(pid: int) -> float:
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, found[11:15])) / _TICKS


def memory(pid: int, kind: str = "Pss") -> float:
    """Megabytes of a process: what it shares with others divided among them, or with all of that ("Rss")."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def files(pid: int) -> int:
    """How many files a process has open."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. Memory in megabytes, without and with what is others' too, and open files by process: a name and a
    number."""

    at: float
    cpu: dict[str, float]
    memory: dict[str, float]
    resident: dict[str, float]
    files: dict[str, int]
    waiting: int


@dataclass
class Watch:
    """Looks every so many seconds, in a thread. `roots` are processes by name; `app` reads the database."""

    roots: Mapping[str, int]
    app: Flask
    every: float
    samples: list[Sample] = field(default_factory=list)
    #: Breaches of I3, which must hold at every moment.
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._ending.wait(self.every):
            self.look()

    def look(self) -> None:
        """Take a sample."""
        pids = {name: below(root) for name, root in self.roots.items()}
        mine = {f"{name} {place}" if place else name: pid for name, found in pids.items()
                for place, pid in enumerate(found) if name != "postgres"}  # fmt: skip
        held = {name: memory(pid) for name, pid in mine.items()}
        held["postgres"] = sum(memory(pid) for pid in pids.get("postgres", []))
        resident = {name: memory(pid, "Rss") for name, pid in mine.items()}
        spent = {name: cpu(root) for name, root in self.roots.items()}
        opened = {name: files(pid) for name, pid in mine.items()}
        self.samples.append(Sample(time.time(), spent, held, resident, opened, self._asked()))

    def _asked(self) -> int:
        """How many letters are due, and whether what counts adds up at this moment."""
        with self.app.app_context():
            try:
                with db.snapshot() as connection:
                    self.wrong += checker.consistent(connection)
                    return int(connection.execute(_WAITING).scalar_one())
            except SQLAlchemyError:
                return -1

    def fewest_files(self, name: str, since: float, until: float) -> int:
        """The fewest files a process had open between two moments: visitors' lines come and go, what leaks stays."""
        return min((one.files.get(name, 0) for one in self.samples if since <= one.at <= until), default=0)

    def after(self, seconds: float) -> Sample:
        """The first sample so many seconds after the first, or the last one."""
        first = self.samples[0].at
        return next((one for one in self.samples if one.at >= first + seconds), self.samples[-1])


def eventually(holds: Callable[[], bool], seconds: float) -> float | None:
    """How many seconds it took until something held; None where it did not."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.5)
    return time.monotonic() - began
