"""The site as a whole: serve it, bring its database up to date, forget what is due.

The web server's processes are forked from `run`: what only the worker needs is not loaded here.
"""

import errno
import gc
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from petition import accounts, campaigns, migrated, migrating, retention
from petition.app import create_app
from petition.base import crypto, db, logs, settings
from petition.base.settings import Settings
from petition.cli.ground import Refused, application, with_app
from petition.web import gate, kept
from petition.web.counters import Shared

#: Raised by each process of the web server's once it has been forked and has made its application.
_made = multiprocessing.Semaphore(0)
#: What they count together.
_counted = Shared()
#: Seconds to wait for that.
STARTING = 30


class _Server(MPServer):
    """Goes on however often a process dies that had been up.

    Granian takes a process that dies twice within some seconds for one that cannot start, and ends altogether: the
    others with it, in the middle of what they were answering. Only one that dies before it is up is such a process.
    """

    def _respawn_workers(self, workers: list[int], *given: Any, **named: Any) -> None:
        super()._respawn_workers(workers, *given, **named)
        threading.Thread(target=self._forget_once_up, args=(workers,), daemon=True).start()

    def _forget_once_up(self, workers: list[int]) -> None:
        for worker in workers:
            if _made.acquire(timeout=STARTING):
                self.respawned_wrks.pop(worker, None)


@click.command()
@click.option("--prepare", is_flag=True, help="First make keys, migrate, and load the demo where nothing is yet.")
@click.option("--web-only", is_flag=True, help="Without a worker beside it: one runs elsewhere.")
def run(prepare: bool, web_only: bool) -> None:
    """Serve the site, with a worker beside it, until Ctrl-C.

    \b
    Example: PORT=8080 petition run --prepare
    """
    read = settings.read()
    _refuse_taken_port(read)
    if prepare:
        _prepare(read)
    with application():
        if not migrated.is_at_head():
            raise Refused("The database is not up to date; run `petition migrate` first.")
        # Without the right keys nobody could sign: better to hear of it now than from the first who tries.
        campaigns.try_keys()
        addresses = _addresses(read)
    server = _Server(
        "petition.cli.site:served", address=read.host, port=read.port, interface=Interfaces.WSGI, factory=True,
        workers=read.web_processes, blocking_threads=gate.threads(read.web_threads), respawn_failed_workers=True,
        log_access=False, log_level=LogLevels.warning,
    )  # fmt: skip
    # After the server has set up its own.
    logs.begin(read.log_format)
    threading.Thread(target=_tell_when_up, args=(read, addresses), daemon=True).start()
    if web_only:
        server.serve()
        return
    with _worker_beside():
        server.serve()


def served() -> Flask:
    """The application in a process of the web server's.

    Ctrl-C must reach it from its parent alone: a terminal sends the signal to a whole group, and when it came from
    both sides at the same moment the process locked itself up.
    """
    os.setpgid(0, 0)
    app = create_app(counting=_counted.claim())
    logs.begin(settings.read().log_format)
    # What is there now stays: nobody need look through it again for garbage.
    gc.freeze()
    _made.release()
    return app


def _refuse_taken_port(read: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in read.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((read.host, read.port))
        except OSError as error:
            raise Refused(_why_not_bound(read, error)) from None


def _why_not_bound(read: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = f"PORT={read.port + 1}" if read.port < 65535 else "PORT=8080"
        return f"Port {read.port} on {read.host} is taken; stop what uses it, or choose another: {other}"
    if error.errno == errno.EACCES:
        return f"Port {read.port} is not for this account; choose one above 1023: PORT=8000"
    return f"HOST must be an address of this machine, such as 127.0.0.1; {read.host} is none."


def _prepare(read: Settings) -> None:
    """What a first start needs: keys, tables, and something to look at."""
    if not read.keys_file.exists() and settings.keeps_letters(read):
        # On the trial alone: elsewhere a ring that vanished must be missed, not silently replaced.
        crypto.write(read.keys_file, crypto.with_new_key(None))
        click.echo(f"Made a key ring: {read.keys_file} – back it up, apart from the database.")
    if read.database_url.startswith("sqlite:///"):
        Path(read.database_url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    with create_app(read).app_context():
        migrating.migrate()
        db.reading()
        empty = not campaigns.exist()
    if empty:
        # In a process of its own: it needs a library for names that serving never loads.
        subprocess.run([sys.executable, "-m", "petition", "demo"], check=True)


def _addresses(read: Settings) -> list[str]:
    lines = [f"  The site:        {read.base_url}/", f"  The desk:        {read.base_url}/desk/"]
    if not accounts.exist():
        lines.append("                   nobody has an account yet: petition account invite ADDRESS --admin")
    page = kept.address()
    if page:
        lines.append(f"  Letters kept:    {read.base_url}{page}")
    return lines


def _tell_when_up(read: Settings, lines: list[str]) -> None:
    # Nothing may be loaded beside a fork: the child would inherit a lock that nobody in it can open, and wait for it
    # at its first request.
    for _ in range(read.web_processes):
        _made.acquire(timeout=STARTING)
    host = f"[{read.host}]" if ":" in read.host else read.host
    request = urllib.request.Request(f"http://{host}:{read.port}/healthz", headers={"Host": _host(read)})
    for _ in range(300):
        try:
            with urllib.request.urlopen(request, timeout=2):  # noqa: S310  # our own address, http in front
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    click.echo("\nOpen:\n" + "\n".join(lines) + "\nStop with Ctrl-C.\n")


def _host(read: Settings) -> str:
    return read.base_url.partition("://")[2]


@contextmanager
def _worker_beside() -> Iterator[None]:
    """A worker as a child, started again should it die."""
    ending = threading.Event()
    child: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while not ending.is_set():
            # A group of its own, for the same reason as in `served`.
            child[:] = [subprocess.Popen([sys.executable, "-m", "petition", "worker"], process_group=0)]
            if ending.is_set():
                child[0].terminate()
            if child[0].wait() and not ending.is_set():
                click.echo("The worker ended and is started again.", err=True)
            ending.wait(1)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        for one in child:
            one.terminate()
        keeper.join(timeout=25)


@click.command()
@click.option("--to", "target", default="head", show_default=True, help="The step to go up to.")
@click.option("--down-to", default=None, help="Go back to a step instead (“base”: an empty database).")
@with_app
def migrate(target: str, down_to: str | None) -> None:
    """Bring the database up to date.

    \b
    Example: petition migrate
    """
    if down_to is not None:
        migrating.go_back(down_to)
    else:
        migrating.migrate(target)


@click.command()
@with_app
def purge() -> None:
    """Forget now what is due to be forgotten; the worker does it every hour.

    \b
    Example: petition purge
    """
    forgotten: dict[str, int] = {}
    for what, count in retention.steps(db.now()):
        db.session.commit()
        forgotten[what] = forgotten.get(what, 0) + count
    for what, count in sorted(forgotten.items()):
        click.echo(f"{count:>8}  {what}")
    if not forgotten:
        click.echo("Nothing was due.")


commands = [run, migrate, purge]
