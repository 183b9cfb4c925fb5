"""What experiments share: how long they last, what they are drawn from, and how they end."""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.chaos import checker, ledger
from tests.chaos.house import House, until
from tests.chaos.ledger import Entry

#: Seconds in which all letters must be out once everything is well again.
QUIET = 60.0


def seconds(short: float) -> float:
    """How long people come: the short form's seconds, or what `make chaos` was told."""
    return float(os.environ.get("CHAOS_SECONDS") or short)


def seed() -> int:
    """What the experiment's chances are drawn from: CHAOS_SEED, or a fresh one. Printed, so that it can be given again:
    the same people come and the same things break at the same moments, as far as two runs of a machine are alike."""
    found = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nCHAOS_SEED={found}")
    return found


@dataclass
class Faults:
    """What was broken when, and how long it took until the site answered again."""

    kills: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)

    def now(self) -> None:
        """Something breaks now."""
        self.kills.append(time.time())


def quiet(url: str, limit: float = QUIET) -> None:
    """Wait until no letter is on its way or due, and every move has its number. What does not come to rest is left to
    the checker, which says it in a sentence."""
    waiting = """SELECT (SELECT count(*) FROM letter WHERE state IN ('claimed', 'sending')
        OR (state = 'waiting' AND due_at < %s)) + (SELECT count(*) FROM move WHERE number IS NULL)"""
    with psycopg.connect(url, autocommit=True) as connection:

        def rests() -> bool:
            return connection.execute(waiting, [datetime.now(UTC)]).fetchone() == (0,)

        try:
            until(rests, limit)
        except AssertionError:
            print(f"not at rest after {limit:.0f} s")


def judge(
    at: House, acks: Path, faults: Faults, *, well: float | None = None, logs: Sequence[Path] = (),
) -> list[str]:  # fmt: skip
    """What is wrong after a run whose house nobody writes to any more; prints the figures.

    `well` is when the last fault had ended, `logs` are more files and folders in which nobody may be named."""
    wrong = checker.check(acks, at.letters, at.environ, [*at.logs, *logs], kills=faults.kills, well=well)
    entries = [entry for entry in ledger.read(acks) if entry.asked != "view"]
    told = Counter((entry.asked, entry.status) for entry in entries)
    taken = {asked: told[asked, 303] + told[asked, 200] for asked in ("sign", "confirm", "withdraw")}
    beside, flying = checker.unacknowledged(acks, at.environ), _in_flight(entries, faults.kills)
    print(f"acknowledged {taken}; lost {lost(wrong)}; unacknowledged but there {beside} of {flying} on their way")
    print("answers", {f"{asked} {status}": count for (asked, status), count in sorted(told.items())})
    if faults.kills:
        print(f"faults {len(faults.kills)}; database back in {_range(faults.back)}; next one acknowledged after"
              f" {_range(_next(entries, faults.kills))}")  # fmt: skip
    for sentence in wrong:
        print(sentence)
    return wrong


def lost(wrong: Sequence[str]) -> int:
    """How many acknowledgements the checker misses, or finds another number of."""
    found = 0
    for sentence in wrong:
        if sentence.startswith(("I1:", "I2:")):
            more = re.search(r"… and (\d+) more", sentence)
            found += int(more[1]) if more else 1
    return found


def unanswered(acks: Path) -> list[Entry]:
    """Those whose connection ended without an answer: nobody's, where it is not a web server that dies."""
    return [entry for entry in ledger.read(acks) if not entry.status]


def served_after(acks: Path, faults: Faults) -> list[float]:
    """For each fault, how long after it the next signature or button that was asked for since was acknowledged."""
    return _next([entry for entry in ledger.read(acks) if entry.asked != "view"], faults.kills)


def _in_flight(entries: Sequence[Entry], kills: Sequence[float]) -> int:
    return sum(entry.began < kill < entry.ended for entry in entries for kill in kills)


def _next(entries: Sequence[Entry], kills: Sequence[float]) -> list[float]:
    good = [entry for entry in entries if entry.status in (200, 303)]
    after = [[entry.ended - kill for entry in good if entry.began > kill] for kill in kills]
    return [min(one) for one in after if one]


def _range(found: Sequence[float]) -> str:
    return f"{min(found):.2f} to {max(found):.2f} s" if found else "–"
