"""X7 and X8: a worker that does everything is killed again and again while people sign, between any two steps of a letter
and of numbering. What it was about is lost by nobody, comes to nobody twice who was not just being written to, and is
counted once."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from tests.chaos import checker, lives, sink
from tests.chaos.house import House, house, until
from tests.chaos.lives import Death, Plan
from tests.chaos.people import Level, crowd

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
SEED = int(os.environ.get("CHAOS_SEED", "12"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "8"))
#: Letters that one worker has on the wire at a time.
CONNECTIONS = 4


def level(seed: int, seconds: float = SECONDS) -> Level:
    """L1 in the long form; as many letters in the short one, and fewer readers."""
    short = seconds < 60
    return Level(signs=10 if short else 6, views=5 if short else 50, seconds=seconds, seed=seed,
                 linger=2 if short else 10, thinking=0.5 if short else 2)  # fmt: skip


def is_done(database_url: str) -> bool:
    """Whether no letter is due or held, and no move waits for its number."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    held = text(
        "SELECT (SELECT count(*) FROM letter WHERE state IN ('claimed', 'sending')"
        " OR (state = 'waiting' AND due_at < now() + interval '30 seconds')) + (SELECT count(*) FROM move"
        " WHERE number IS NULL)"
    )
    with engine.connect() as connection:
        left = connection.execute(held).scalar_one()
    engine.dispose()
    return left == 0


def killed(folder: Path, database_url: str, plan: Plan, seconds: float = SECONDS, quiet: float = 40) -> House:
    """Let people come while a worker dies by a plan, then let it do what is left in peace; the house, which is shut."""
    print(f"seed {plan.seed}")
    environ = plan.environ() | {"MAIL_CONNECTIONS": str(CONNECTIONS)}
    program = ["-m", "tests.chaos.worker"]
    with house(folder, database_url, environ=environ, worker_program=program) as at:
        with crowd(at, level(plan.seed, seconds)) as people:
            people.wait()
        plan.make_peace()
        if quiet:
            until(lambda: is_done(database_url), quiet, "letters or moves are left")
        else:
            until(lambda: lives.is_over(plan), 10)
    return at


def wrong(at: House, plan: Plan) -> list[str]:
    """What does not hold, one sentence each."""
    kills = [death.at for death in lives.read(plan)]
    return checker.check(at.folder / "acks-a.jsonl", at.letters, at.environ, at.logs, kills=kills)


def repeated(letters: Path) -> set[str]:
    """The letters that came more than once."""
    came = Counter(mail.message_id for mail in sink.mails(letters) if mail.taken)
    return {message_id for message_id, times in came.items() if times > 1}


def test_a_worker_killed_between_any_two_steps_under_load_loses_nothing_and_repeats_only_what_was_on_the_wire(
    database_url: str, tmp_path: Path
) -> None:
    """X7, X8, F2, S70: I1 to I12 hold after kills at every point; at each kill at most one letter of each connection was
    on the wire, and no other came twice."""
    plan = Plan(str(tmp_path / "plan"), SEED, (*lives.LETTER, *lives.NUMBERING))
    at = killed(tmp_path / "house", database_url, plan)
    deaths = lives.read(plan)
    print(
        Counter(death.point for death in deaths),
        [len(x) for x in lives.newly_sending(deaths)],
        len(repeated(at.letters)),
    )
    assert wrong(at, plan) == []
    reached = {death.point for death in deaths} - {lives.WHENEVER}
    assert len(reached) >= (len(plan.points) if SECONDS >= 60 else 6), reached
    sending = lives.newly_sending(deaths)
    assert max(map(len, sending)) <= CONNECTIONS
    assert repeated(at.letters) <= set().union(*sending)


@pytest.mark.parametrize(
    ("broken", "seen"),
    [
        (("sent before it is", "folded apart"), ("I6: ", "I3: ")),
        (("sent again and again", "numbered apart"), ("I7: ", "I3: ")),
    ],
)
def test_a_worker_that_breaks_a_guarantee_is_seen_by_the_same_experiment(
    database_url: str, tmp_path: Path, broken: tuple[str, ...], seen: tuple[str, ...]
) -> None:
    """The switches: else the experiment would prove nothing."""
    plan = Plan(str(tmp_path / "plan"), SEED, ("before_data", "after_fold", "after_numbers"), broken=broken)
    at = killed(tmp_path / "house", database_url, plan, min(SECONDS, 8), quiet=0)
    found = wrong(at, plan)
    for which in seen:
        assert [one for one in found if one.startswith(which)], (which, found)
