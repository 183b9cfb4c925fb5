"""What was asked and what was answered, written down so that a kill of whoever writes loses nothing it relied on.

Files of JSON lines. A line is on disk before anybody acts on what it says; whoever writes at the same time shares one
fsync.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of the load. `began` is when it was due, `ended` when its answer was read or given up, both in
    seconds since the epoch; `asked` is sign, confirm, withdraw or view; `status` 0 means that no answer came."""

    began: float
    ended: float
    who: str
    asked: str
    status: int
    retry_after: bool = False
    campaign: str = ""
    note: str = ""


class Lines:
    """Appends JSON lines to a file; a thread syncs for all that wait, `pause` seconds apart at least."""

    def __init__(self, path: Path, pause: float = 0.0) -> None:
        self._file = path.open("ab", buffering=0)
        self._pause = pause
        self._new = threading.Condition()
        self._lines: list[bytes] = []
        self._synced: Future[None] = Future()
        self._open = True
        self._thread = threading.Thread(target=self._sync, daemon=True)
        self._thread.start()

    def put(self, line: dict[str, Any]) -> "Future[None]":
        """Append a line; done once it is on disk. Others that wait share what is given back."""
        data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._new:
            self._lines.append(data)
            self._new.notify()
            return self._synced

    def close(self) -> None:
        """Sync what waits, and end."""
        with self._new:
            self._open = False
            self._new.notify()
        self._thread.join()
        self._file.close()

    def _sync(self) -> None:
        while True:
            with self._new:
                while not self._lines and self._open:
                    self._new.wait()
                lines, self._lines = self._lines, []
                done, self._synced = self._synced, Future()
            if not lines:
                return
            try:
                self._file.write(b"".join(lines))
                os.fdatasync(self._file.fileno())
            except OSError as error:
                done.set_exception(error)
                raise
            done.set_result(None)
            time.sleep(self._pause)


class Ledger(Lines):
    """The ack ledger: entries of the load."""

    def enter(self, entry: Entry) -> "Future[None]":
        """Append an entry; done once it is on disk."""
        return self.put(asdict(entry))

    def write(self, entry: Entry) -> None:
        """Append an entry, and wait until it is on disk."""
        self.enter(entry).result()


class Tail:
    """Reads a file of lines that somebody else is writing, from its beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def new(self) -> Iterator[dict[str, Any]]:
        """The whole lines that were added since the last look. A line without an end is left for the next."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            yield json.loads(line)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file. Only the last one may be torn, by a kill in the middle of a write: nobody relied on it."""
    return Tail(path).new()


def read(path: Path) -> Iterator[Entry]:
    """The entries of an ack ledger."""
    for line in lines(path):
        yield Entry(**line)
