"""The site under the loads that it must bear: `make load LEVEL=L2 [SECONDS=60]`; see docs/load.md.

Everything runs on this machine: a durable PostgreSQL from its wheel, web server, worker, mail sink, the load itself,
and for L5 nginx with the documented file. Prints what was reached and what must hold; ends with 1 where it does not.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from bench import ground
from bench.ground import Ground
from petition.app import create_app
from petition.base import db, settings
from tests.chaos import checker, ledger, sink
from tests.chaos.house import House, house
from tests.chaos.ledger import Entry
from tests.chaos.measuring import Sample, Watch, eventually
from tests.chaos.people import Level, crowd

GOOD = (200, 303)
HONEST = (200, 303, 429, 503)
WARM = Level(10, 40, 5, linger=2, seed=7)
#: Who comes when a flood is over; from `Must.recovers` seconds after it they must notice nothing any more.
AFTER = Level(1, 10, 25, linger=2, seed=8)
NORMAL = 0.25
#: By then, in seconds, a process's memory holds what it keeps for later; from then on it should hold no more.
FILLED = 600
EMBEDS = ("/embed/en/campaigns/harbour", "/embed/en/campaigns/harbour/badge.svg", "/api/v1/campaigns/harbour/totals",
          "/api/v1/campaigns/quarry/totals")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Must:
    """A level, and what must hold: seconds for the slowest but one in a hundred of each kind, for letters, until the
    letters that wait are gone; answers that may be given; and what is said beside each."""

    level: Level
    p99: float | None = None
    mail: float | None = None
    #: What is asked so fast; None: everything.
    kinds: Collection[str] | None = None
    #: Whether the letters that wait may not become more and more.
    steady: bool = False
    drains: float = 60.0
    answers: Collection[int] = GOOD
    #: Seconds after a flood from which all is as always.
    recovers: float | None = None
    #: Requests a second that reach the site behind nginx at most.
    origin: float | None = None
    #: Growth of memory from `FILLED` on to the end.
    growth: float | None = None


LEVELS = {
    "L0": Must(Level(1, 10, 600), p99=0.15),
    "L1": Must(Level(6, 50, 1800), p99=0.25, mail=10),
    "L2": Must(Level(35, 300, 1800), p99=0.5, steady=True),
    "L3": Must(Level(100, 0, 300), p99=1.5, drains=600),
    "L4": Must(Level(500, 0, 60, linger=8), answers=HONEST, recovers=10, drains=900),
    "L5": Must(Level(1, 2000, 300, paths=EMBEDS), p99=0.1, kinds=("view",), origin=20),
    "L6": Must(Level(6, 50, 7200), p99=0.25, mail=10, growth=0.05),
}  # fmt: skip


@dataclass
class Told:
    """What is printed, and whether all of it is as it must be."""

    wrong: list[str] = field(default_factory=list)

    def row(self, what: str, reached: str, must: str = "", holds: bool = True) -> None:
        """A line of the table."""
        mark = "   " if not must else "ok " if holds else "BAD"
        print(f"{mark} {what:<44} {reached:>24}  {must}", flush=True)
        if not holds:
            self.wrong.append(what)


@dataclass
class Seen:
    """A run that is over."""

    entries: list[Entry]
    watch: Watch
    began: float
    ended: float
    cost: dict[str, float]
    before: tuple[int, int, int]
    after: tuple[int, int, int]
    drained: float | None
    calm: list[Entry] = field(default_factory=list)
    origin: float = 0.0


@contextmanager
def site(needs_front: bool) -> Iterator[tuple[Ground, House, Sequence[tuple[str, int]], dict[str, int]]]:
    """A house on a durable PostgreSQL; where its people go, and the processes whose cost is looked at."""
    with ExitStack() as stack:
        place = stack.enter_context(ground.ground())
        more = {"WEB_PROCESSES": "2"}
        if needs_front:
            more |= {"BASE_URL": f"http://localhost:{ground.FRONT_PORT}", "PROXIES": "1"}
        at = stack.enter_context(house(place.folder / "house", place.database("load"), environ=more))
        roots = {name: at.running[name].pid for name in at.commands}
        roots["postgres"] = int((place.folder / "pg" / "postmaster.pid").read_text().split()[0])
        where: Sequence[tuple[str, int]] = at.addresses
        if needs_front:
            stack.enter_context(ground.front(place, at.ports["web-0"]))
            roots["nginx"] = int((place.folder / "front" / "nginx.pid").read_text())
            where = [("127.0.0.1", ground.FRONT_PORT)]
        yield place, at, where, roots


def run(must: Must, place: Ground, at: House, where: Sequence[tuple[str, int]], roots: dict[str, int]) -> Seen:
    """Let people come, and watch."""
    app = create_app(settings.read(at.environ))
    with crowd(at, WARM, "w", where) as warm:
        warm.wait()
    level = must.level
    every = max(1.0, min(10.0, level.seconds / 20))
    with Watch(roots, app, every) as watch:
        before, began = _sizes(at), time.time()
        with crowd(at, level, "a", where) as people:
            time.sleep(level.seconds)
            ended = time.time()
            watch.look()
            calm = _afterwards(at, where, ended + must.recovers) if must.recovers is not None else []
            cost = people.wait()
        with app.app_context():
            drained = eventually(lambda: watch.look() or watch.samples[-1].waiting == 0, must.drains)
            db.session.remove()
        after = _sizes(at)
    with app.app_context():
        db.database().dispose()
    origin = _origin(place, began, ended) if must.origin is not None else 0.0
    entries = list(ledger.read(people.ledger))
    return Seen(entries, watch, began, ended, cost, before, after, drained, calm, origin)


def _afterwards(at: House, where: Sequence[tuple[str, int]], since: float) -> list[Entry]:
    """What people hear who come when it is over."""
    with crowd(at, AFTER, "z", where) as people:
        people.wait()
        return [entry for entry in ledger.read(people.ledger) if entry.began >= since]


_SIZES = """SELECT pg_database_size(current_database()), (SELECT count(*) FROM signature),
    (SELECT count(*) FROM pending_signature)"""


def _sizes(at: House) -> tuple[int, int, int]:
    """Bytes of the database, signatures, pending signatures."""
    app = create_app(settings.read(at.environ))
    with app.app_context():
        found = db.session.execute(text(_SIZES)).one()
        db.session.remove()
        db.database().dispose()
    return found[0], found[1], found[2]


def _origin(place: Ground, began: float, ended: float) -> float:
    """Requests a second that nginx handed on."""
    log = next(path for path in (place.folder / "front").glob("*access.log"))
    passed = 0
    for line in log.read_text().splitlines():
        during = began <= datetime.fromisoformat(line.split()[0]).timestamp() < ended
        passed += during and not re.search(r" (HIT|STALE|UPDATING)$", line)
    return passed / (ended - began)


# --- The table -------------------------------------------------------------------------------------------------------


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of all does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def tell(name: str, must: Must, seen: Seen, at: House, wrong: Sequence[str]) -> Told:
    """Print the table."""
    told, seconds = Told(), must.level.seconds
    print(
        f"\n{name}: {must.level.signs:g} signs/s, {must.level.views:g} views/s, {seconds:g} s, seed {must.level.seed}"
    )
    _answers(told, must, seen)
    _mail(told, must, seen, at)
    _costs(told, must, seen)
    for line in [*seen.watch.wrong, *wrong]:
        print("    " + line)
    breaches = len(seen.watch.wrong) + len(wrong)
    told.row("the checker: breaches", f"{breaches}", "none", not breaches)
    return told


def _answers(told: Told, must: Must, seen: Seen) -> None:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for entry in seen.entries:
        # Whoever opens the page behind their link asks for what no cache has.
        by_kind["open" if entry.asked == "view" and entry.who else entry.asked].append(entry.ended - entry.began)
    for kind, times in sorted(by_kind.items()):
        late = percentile(times, 0.99)
        reached = f"{percentile(times, 0.5) * 1000:.0f} / {late * 1000:.0f} / {max(times) * 1000:.0f} ms"
        asks = must.p99 if must.kinds is None or kind in must.kinds else None
        limit = f"p99 < {asks * 1000:g} ms" if asks else ""
        rate = len(times) / must.level.seconds
        told.row(f"{kind}: {rate:.1f}/s; p50, p99, longest", reached, limit, not asks or late < asks)
    statuses = Counter(entry.status for entry in seen.entries)
    other = sum(count for status, count in statuses.items() if status not in must.answers)
    told.row("answers", ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    told.row("answers that are errors", f"{other}", f"0 besides {', '.join(map(str, must.answers))}", not other)
    if must.recovers is not None:
        bad = sum(entry.status not in GOOD for entry in seen.calm)
        late = percentile([entry.ended - entry.began for entry in seen.calm], 0.99)
        told.row(f"from {must.recovers:g} s after: refused, p99", f"{bad} of {len(seen.calm)}, {late * 1000:.0f} ms",
                 f"0, < {NORMAL * 1000:g} ms", bool(seen.calm) and not bad and late < NORMAL)  # fmt: skip
    if must.origin is not None:
        told.row("requests that nginx hands on, a second", f"{seen.origin:.1f}", f"< {must.origin:g}",
                 seen.origin < must.origin)  # fmt: skip


def _mail(told: Told, must: Must, seen: Seen, at: House) -> None:
    came: dict[str, float] = {}
    for mail in sink.mails(at.letters):
        if mail.taken:
            came.setdefault(mail.to, mail.at)
    delays = [
        came[entry.who] - entry.ended
        for entry in seen.entries
        if entry.asked == "sign" and entry.status == 303 and entry.who in came
    ]
    late = percentile(delays, 0.99)
    told.row("letters after: p50, p99", f"{percentile(delays, 0.5):.1f} / {late:.1f} s",
             f"p99 < {must.mail:g} s" if must.mail else "", not must.mail or late < must.mail)  # fmt: skip
    during = [one for one in seen.watch.samples if one.at <= seen.ended + 1]
    third = max(len(during) // 3, 1)
    first, last = (sum(one.waiting for one in part) / third for part in (during[:third], during[-third:]))
    holds = not must.steady or last <= first + 5 * must.level.signs
    told.row("letters due: first third, last third, end", f"{first:.0f}, {last:.0f}, {during[-1].waiting}",
             "does not grow" if must.steady else "", holds)  # fmt: skip
    drained = "never" if seen.drained is None else f"{seen.drained:.0f} s"
    told.row("until no letter is due any more", drained, f"< {must.drains:g} s", seen.drained is not None)


def _costs(told: Told, must: Must, seen: Seen) -> None:
    first = seen.watch.samples[0]
    last = next(one for one in seen.watch.samples if one.at >= seen.ended - 0.5)
    seconds = last.at - first.at
    for name, spent in last.cpu.items():
        told.row(f"CPU: {name}", f"{(spent - first.cpu[name]) / seconds:.0%} of a core")
    told.row("CPU: the load itself; how late it was, p99", f"{seen.cost['cpu'] / seconds:.0%}, "
             f"{seen.cost['lag_p99'] * 1000:.0f} ms", "late < 250 ms", seen.cost["lag_p99"] < 0.25)  # fmt: skip
    _memory(told, must, seen.watch, (seen.watch.after(FILLED), seen.watch.after(seconds / 2), last))
    _per_piece(told, seen)


def _memory(told: Told, must: Must, watch: Watch, looks: tuple[Sample, Sample, Sample]) -> None:
    early, _, last = looks
    begin = early.at if early.at < last.at else watch.samples[0].at
    middle = (begin + last.at) / 2
    for name in last.memory:
        shares, resident = ([getattr(look, kind).get(name, 0.0) for look in looks] for kind in ("memory", "resident"))
        opened = watch.fewest_files(name, begin, middle), watch.fewest_files(name, middle, last.at)
        # The database's shared memory fills up to what it was given, and the mail server is the run's own. A process
        # that was forked begins with pages it shares and makes them its own one by one: its share grows, it does not.
        most = must.growth if name.startswith(("web", "worker")) else None
        grew = most is not None and (resident[2] > resident[0] * (1 + most) or opened[1] > opened[0] + 8)
        told.row(f"memory: {name}; RSS; files open", f"{_grown(shares)} MB; {_grown(resident)}; {_grown(opened)}",
                 f"RSS +{most:.0%} at most" if most is not None else "", not grew)  # fmt: skip


def _grown(looks: Sequence[float]) -> str:
    return " → ".join(f"{one:.0f}" for one in looks)


def _per_piece(told: Told, seen: Seen) -> None:
    grown, signed, waiting = (now - then for now, then in zip(seen.after, seen.before, strict=True))
    told.row("the database grew by", f"{grown / 1e6:.1f} MB")
    told.row("for each signature and pending one", f"{grown / max(signed + waiting, 1):.0f} bytes")
    end = seen.watch.samples[-1]
    first = seen.watch.samples[0]
    letters = sum(entry.asked == "sign" and entry.status == 303 for entry in seen.entries)
    spent = end.cpu["worker-0"] - first.cpu["worker-0"]
    told.row("forms for each CPU second of the worker", f"{letters / max(spent, 0.01):.0f}")


def main() -> None:
    """Bear a level."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.load")
    parser.add_argument("level", choices=list(LEVELS))
    parser.add_argument("seconds", nargs="?", type=float, help="instead of the level's own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="copy ledgers and logs to this folder")
    chosen = parser.parse_args()
    must = LEVELS[chosen.level]
    must = replace(must, level=replace(must.level, seed=chosen.seed, seconds=chosen.seconds or must.level.seconds))
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    # So that whoever ends this ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if must.origin is not None:
        ground.need("nginx")
    with site(must.origin is not None) as (place, at, where, roots):
        seen = run(must, place, at, where, roots)
        acks = sorted(at.folder.glob("acks-*.jsonl"))
        logs = [*at.logs, *(place.folder / name for name in ("pg", "front") if (place.folder / name).exists())]
        wrong = checker.check(acks, at.letters, at.environ, logs, well=seen.ended, soon=max(checker.SOON, must.drains))
        told = tell(chosen.level, must, seen, at, wrong)
        if chosen.keep:
            shutil.copytree(at.folder, chosen.keep, dirs_exist_ok=True)
    sys.exit(f"{chosen.level} does not hold: {'; '.join(told.wrong)}" if told.wrong else None)


if __name__ == "__main__":
    main()
