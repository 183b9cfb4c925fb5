"""The whole site as processes: web servers, workers and a mail sink on one database, each of which can be killed.

Nothing here needs pytest. Whoever makes a house gives the database, which must be there; its tables, keys and campaigns
are made by the house where they are not.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import petition.worker  # noqa: F401  # with it come all tables
from petition import campaigns, drafts, migrated, migrating
from petition.app import create_app
from petition.base import crypto, db, settings
from petition.drafts import Draft, Terms, Text
from tests.cast import free_port
from tests.chaos import sink

ROOT = Path(__file__).parents[2]
#: The site's name in every address, wherever its web servers listen.
HOST = "localhost"
#: Two, so that each mailbox's limits of one and of all campaigns differ.
CAMPAIGNS = ("harbour", "quarry")
STARTING = 60.0
#: A worker has twenty seconds for each of its threads; none takes so long here.
ENDING = 40.0


def until(ready: Callable[[], bool], seconds: float = STARTING, what: str = "it never came") -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that have this one as their parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in brackets, may hold anything.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)


def below(pid: int) -> list[int]:
    """A process and all that came from it."""
    return [pid, *(one for child in children(pid) for one in below(child))]


def is_there(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_all(pids: Sequence[int]) -> None:
    """Kill processes at once, and wait until they are gone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(is_there(pid) for pid in pids), 20, "a killed process is still there")


@dataclass
class House:
    """What runs. A process has a name: sink, web-0, web-1 …, worker-0, worker-1 …"""

    folder: Path
    #: What each process has in its environment; `checker.check` reads it, too.
    environ: dict[str, str]
    ports: dict[str, int]
    commands: dict[str, list[str]]
    campaigns: Sequence[str] = CAMPAIGNS
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def letters(self) -> Path:
        """The letter ledger."""
        return self.folder / "letters.jsonl"

    @property
    def control(self) -> Path:
        """What the sink is told: see `sink.order`."""
        return self.folder / "sink.json"

    @property
    def host(self) -> str:
        """What every request must name as its host."""
        return self.environ["BASE_URL"].partition("://")[2]

    @property
    def webs(self) -> list[str]:
        """The names of the web servers."""
        return [name for name in self.ports if name.startswith("web-")]

    @property
    def workers(self) -> list[str]:
        """The names of the workers."""
        return [name for name in self.commands if name.startswith("worker-")]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the web servers listen."""
        return [("127.0.0.1", self.ports[name]) for name in self.webs]

    @property
    def logs(self) -> list[Path]:
        """Where everybody's words and temporary files are: what may hold nobody's name."""
        return [self.folder / "logs", self.folder / "tmp", self.folder / "erasures"]

    def start(self, name: str, **environ: str) -> None:
        """Start a process; `environ` changes its settings. Wait for it with `wait_for`."""
        assert name not in self.running or self.running[name].poll() is not None, f"{name} runs already"
        port = {"PORT": str(self.ports[name])} if name in self.ports else {}
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environ | port | environ, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_for(self, name: str, seconds: float = STARTING) -> None:
        """Wait until a web server or the sink answers."""
        until(lambda: self.answers(name) or self._died(name), seconds, f"{name} does not answer")

    def _died(self, name: str) -> bool:
        status = self.running[name].poll()
        assert status is None, f"{name} ended with {status}: {self.log(name)[-2000:]}"
        return False

    def answers(self, name: str) -> bool:
        """Whether a web server says that it is alive, or the sink listens."""
        line = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=5)
        try:
            if name == "sink":
                line.connect()
                return True
            line.request("GET", "/healthz", headers={"Host": self.host})
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def pids(self, name: str) -> list[int]:
        """The processes below a running one: of a web server those that answer, which it starts again when they die."""
        found = []
        for pid in children(self.running[name].pid):
            # One may be gone by now.
            with suppress(OSError):
                if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    def kill(self, name: str) -> None:
        """Kill a process and all below it, as when a machine loses its power; waits until they are gone."""
        process = self.running[name]
        pids = below(process.pid)
        process.kill()
        process.wait(20)
        kill_all(pids[1:])

    def stop(self, name: str) -> int:
        """End a process as an operator does, and return its status; kill it where it does not."""
        process = self.running[name]
        if process.poll() is None:
            pids = below(process.pid)
            process.terminate()
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                self.kill(name)
            kill_all(pids[1:])
        return process.returncode

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")


@contextmanager
def house(
    folder: Path, database_url: str, *, webs: int = 1, workers: int = 1, environ: Mapping[str, str] | None = None,
    worker_program: Sequence[str] | None = None, names: Sequence[str] = CAMPAIGNS,
) -> Iterator[House]:  # fmt: skip
    """A site whose processes all run; ended, whatever became of them, at the end.

    `environ` changes settings of all. `worker_program` is what a worker is instead of `petition worker`, as arguments
    for Python: ["-m", "tests.chaos.something"]. `names` are the slugs of its campaigns. The folder stays: it holds the
    ledger of letters, the logs and the temporary files of every process.
    """
    made = _furnished(folder, database_url, dict(environ or {}), webs, workers, list(worker_program or []), names)
    try:
        for name in made.commands:
            made.start(name)
        for name in made.ports:
            made.wait_for(name)
        yield made
    finally:
        for name in reversed(made.running):
            made.stop(name)


def _furnished(
    folder: Path, database_url: str, more: dict[str, str], webs: int, workers: int, program: list[str],
    names: Sequence[str],
) -> House:  # fmt: skip
    for one in ("logs", "tmp"):
        (folder / one).mkdir(parents=True, exist_ok=True)
    ports = {name: free_port() for name in ("sink", *(f"web-{number}" for number in range(webs)))}
    given = {
        **os.environ, "DATABASE_URL": database_url, "KEYS_FILE": str(folder / "keys.json"),
        "ERASURES_FILE": str(folder / "erasures"), "LETTERS_DIR": str(folder / "kept"), "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(ROOT), "BASE_URL": f"http://{HOST}", "SMTP_URL": f"smtp+plain://127.0.0.1:{ports['sink']}",
        "MAIL_FROM": "post@petition.example", "SOFT_LIMIT": "1000000", "HARD_LIMIT": "10000000",
        "API_LIMIT": "10000000", **more,
    }  # fmt: skip
    made = House(folder, given, ports, {}, names)
    made.commands["sink"] = [
        sys.executable, "-m", "tests.chaos.sink", str(ports["sink"]), str(made.letters), str(made.control),
    ]  # fmt: skip
    made.commands |= {name: [sys.executable, "-m", "petition", "run", "--web-only"] for name in made.webs}
    working = [sys.executable, *(program or ["-m", "petition", "worker"])]
    made.commands |= {f"worker-{number}": working for number in range(workers)}
    sink.order(made.control, sink.Orders())
    _prepare(made)
    return made


def _prepare(made: House) -> None:
    """Keys, tables and campaigns, where they are not there yet."""
    found = settings.read(made.environ)
    if not found.keys_file.exists():
        crypto.write(found.keys_file, crypto.with_new_key(None))
    with create_app(found).app_context():
        if not migrated.is_at_head():
            migrating.migrate()
        for name in made.campaigns:
            if campaigns.read(name) is None:
                _publish(name)
        db.session.remove()
        db.database().dispose()


def _publish(slug: str) -> None:
    terms = Terms("Dockside Aid", "list@dockside.example", {"en": "the Port"}, ["name", "country"], 6, "consent")
    # The sink knows a letter's campaign by this title.
    said = Text(f"Campaign {slug}", "the Port Authority", "Forty were dismissed.", "Take *them* back.\n\n" * 20)
    asks = {"country": "required", "place": "optional", "role": "optional", "organisation": "optional"}
    draft = Draft(slug=slug, first_language="en", texts={"en": said}, terms=terms, asks=asks, goals=(100_000,))
    drafts.publish(drafts.save(draft, "chaos"), "chaos", db.now() - timedelta(days=60))
    db.session.commit()
