"""X9: the mail server misbehaves in every way while people sign. Nobody waits for it, and every letter goes out once it
is well again; or twice, where nobody can know."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.chaos import cluster, experiment, ledger, sink
from tests.chaos.experiment import Faults
from tests.chaos.house import House, house
from tests.chaos.lives import Plan
from tests.chaos.people import Level, crowd
from tests.chaos.sink import Mail, Orders

pytestmark = [pytest.mark.chaos, pytest.mark.long]

KINDS = (*sink.AT_RCPT, *sink.AT_DATA, sink.SILENT)
#: Seconds within which a letter is tried again, see `worker`.
SOON = 15.0
#: Nobody who signs waits for the mail server, of which every fault lasts for seconds: half of all take so long at most.
SIGNED = 0.5
#: Letters that are claimed at once by each of the worker's connections: so far one may overtake another.
OVERTAKEN = 4 * 50 + 50


def level(seed: int) -> Level:
    """L1."""
    return Level(signs=6, views=50, seconds=experiment.seconds(60), seed=seed, linger=10)


def during(folder: Path, misbehave: Callable[[House, Level], float], *worker: str, **environ: str) -> House:
    """Let people come to a house whose mail server misbehaves (which says when that has ended), until all is at rest:
    the house, which is shut. All invariants hold."""
    people_of = level(experiment.seed())
    with cluster.cluster() as server:
        with house(folder, server.url, worker_program=worker, environ=environ) as at:
            with crowd(at, people_of) as people:
                well = misbehave(at, people_of)
                people.wait()
            experiment.quiet(server.url, 2 * experiment.QUIET, ahead=SOON)
        wrong = experiment.judge(at, people.ledger, Faults(), well=well, logs=[server.folder])
        with psycopg.connect(server.url) as connection:
            print("letters", dict(connection.execute("SELECT state, count(*) FROM letter GROUP BY state").fetchall()))
    assert wrong == []
    took = sorted(one.ended - one.began for one in ledger.read(people.ledger) if one.asked == "sign")
    print(f"signing took {took[len(took) // 2]:.3f} s, 99 of 100 {took[int(len(took) * 0.99)]:.3f} s")
    assert took[len(took) // 2] < SIGNED
    return at


def test_with_a_share_of_every_fault_of_the_mail_server_each_letter_ends_as_it_must(tmp_path: Path) -> None:
    """X9, S1 of the plan: F3, F4, S70."""
    plan = Plan(str(tmp_path / "plan"), 0, ())
    (tmp_path / "plan").mkdir()
    plan.make_peace()

    def misbehave(at: House, people: Level) -> float:
        share = 0.01 if people.seconds >= 120 else 0.04
        faults = dict.fromkeys(KINDS, share)
        sink.order(at.control, Orders(people.seed, faults))
        time.sleep(people.seconds)
        sink.order(at.control, Orders())
        return time.time()

    at = during(tmp_path / "house", misbehave, "-m", "tests.chaos.worker", **plan.environ())
    tries: dict[str, list[Mail]] = defaultdict(list)
    for mail in sink.mails(at.letters):
        tries[mail.to].append(mail)
    met = Counter(mail.answered for mails in tries.values() for mail in mails)
    print("answered", dict(met))
    assert met.keys() >= {"450", "421", "550", "452", "554", "", "250"}
    asked = Counter(one.who for one in ledger.read(at.folder / "acks-a.jsonl") if one.asked in ("sign", "withdraw"))
    for who, mails in tries.items():
        # Others have had a second letter, which is tried by itself.
        if asked[who] == 1:
            answers = [mail.answered for mail in mails]
            assert "5" not in {one[:1] for one in answers[:-1]}, "who was refused for good was tried again"
            assert answers.count("") <= 2, "a letter without an answer was tried more than once more"


def test_while_the_mail_server_is_down_nobody_waits_and_all_letters_go_in_order_once_it_is_back(
    tmp_path: Path,
) -> None:
    """X9, S2 of the plan: F5, S70."""

    def misbehave(at: House, people: Level) -> float:
        time.sleep(people.seconds / 6)
        sink.order(at.control, Orders(down=True))
        time.sleep(people.seconds / 2)
        sink.order(at.control, Orders())
        return time.time()

    at = during(tmp_path / "house", misbehave)
    waited = in_order_of_waiting(at)
    print(f"overtaken by {max(waited)} at most")
    assert max(waited) <= OVERTAKEN


def in_order_of_waiting(at: House) -> list[int]:
    """By how many places each first letter came later than its turn."""
    asked = {}
    for entry in ledger.read(at.folder / "acks-a.jsonl"):
        if entry.asked == "sign" and entry.status == 303:
            asked.setdefault(entry.who, entry.ended)
    came = list(dict.fromkeys(mail.to for mail in sink.mails(at.letters) if mail.taken and mail.to in asked))
    turn = {who: place for place, who in enumerate(sorted(came, key=asked.__getitem__))}
    return [place - turn[who] for place, who in enumerate(came)]


def test_while_the_mail_server_takes_seconds_for_a_letter_nobody_waits_for_it(tmp_path: Path) -> None:
    """X9, S3 of the plan."""

    def misbehave(at: House, people: Level) -> float:
        slow = Orders(people.seed)
        for most in (0.1, 0.5, 1.0, 2.0, 5.0):
            sink.order(at.control, replace(slow, delay=(0.1, most)))
            time.sleep(people.seconds / 6)
        sink.order(at.control, Orders())
        return time.time()

    during(tmp_path / "house", misbehave)
