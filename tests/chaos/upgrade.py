"""X15: an upgrade under load and the way back, between this version and an older one beside it (F16).

`git worktree add ../older COMMIT`, then `python -m tests.chaos.upgrade ../older [SECONDS]`: the older program serves
behind the documented nginx while people sign; `petition upgrade` runs beside it; everything is restarted to this
version, then back to the older one, each web server once the other answers; the steps are taken back. In the end one
program compares what people were told with what is stored. Ends with 1 where anything is wrong.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import cluster, experiment, ledger
from tests.chaos.experiment import Faults
from tests.chaos.front import BEHIND, front
from tests.chaos.house import ROOT, House, house
from tests.chaos.people import Level, crowd

#: Seconds in which nothing is done, before and between.
CALM = 8.0


def command(version: Path, *words: str) -> list[str]:
    """A command of one of the two versions, whichever is installed."""
    return ["sh", "-c", 'cd "$0" && PYTHONPATH="$0" exec "$@"', str(version), sys.executable, "-m", "petition", *words]


def typed(at: House, version: Path, *words: str) -> None:
    """Type a command, and show what it says where it fails."""
    done = subprocess.run(
        command(version, *words), env=at.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run_from(at: House, version: Path) -> None:
    """Restart everything to a version, one process after the other."""
    for name in (*at.webs, *at.workers):
        at.commands[name] = command(version, *(["run", "--web-only"] if name in at.webs else ["worker"]))
        at.stop(name)
        at.start(name)
        if name in at.webs:
            at.wait_for(name)


def newest_step(version: Path) -> str:
    """The newest step of the database that a version knows."""
    return max(one.name[:4] for one in (version / "migrations" / "versions").glob("[0-9]*.py"))


@contextmanager
def phase(name: str, phases: dict[str, tuple[float, float]]) -> Iterator[None]:
    """What is done, and how long it takes."""
    began = time.time()
    yield
    phases[name] = began, time.time()
    print(f"{name}: {phases[name][1] - began:.1f} s", flush=True)


def course(at: House, older: Path) -> dict[str, tuple[float, float]]:
    """There and back again."""
    done: dict[str, tuple[float, float]] = {}
    steps: list[tuple[str, Callable[[], None]]] = [
        ("before", lambda: time.sleep(CALM)),
        ("upgrade beside the older program", lambda: typed(at, ROOT, "upgrade")),
        ("the older program on the newer database", lambda: time.sleep(CALM)),
        ("restart to the newer program", lambda: run_from(at, ROOT)),
        ("the newer program", lambda: time.sleep(CALM)),
        ("restart to the older program", lambda: run_from(at, older)),
        ("the steps taken back beside it", lambda: typed(at, ROOT, "migrate", "--down-to", newest_step(older))),
        ("after", lambda: time.sleep(CALM)),
    ]
    for name, doing in steps:
        with phase(name, done):
            doing()
    return done


def main(older: Path, seconds: float) -> int:
    """Try it; 1 where anything is wrong."""
    level = Level(signs=20, views=40, seconds=seconds, seed=experiment.seed(), linger=5)
    folder = Path(tempfile.mkdtemp(prefix="upgrade"))
    with cluster.cluster() as server:
        with house(folder, server.url, webs=2, environ={**BEHIND, "WEB_PROCESSES": "2"}) as at:
            for name in (*at.webs, *at.workers):
                at.stop(name)
            typed(at, ROOT, "migrate", "--down-to", newest_step(older))
            run_from(at, older)
            with front(at) as address, crowd(at, level, addresses=[address]) as people:
                phases = course(at, older)
                people.wait()
            experiment.quiet(server.url)
            typed(at, ROOT, "migrate")
        wrong = experiment.judge(at, people.ledger, Faults(), logs=[server.folder])
    for name, (began, ended) in phases.items():
        seen = [one for one in ledger.read(people.ledger) if began <= one.began < ended]
        told = Counter(f"{one.asked} {one.status}" for one in seen)
        slow = sorted(one.ended - one.began for one in seen if one.asked == "sign")
        print(f"{name}: {dict(sorted(told.items()))}, p99 {1000 * slow[int(len(slow) * 0.99)]:.0f} ms")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), float(sys.argv[2] if len(sys.argv) > 2 else 120)))
