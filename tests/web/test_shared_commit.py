"""Signatures of several threads in one commit: each is stored once, and none pays for its neighbour."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from petition import signatures
from petition.base import db, mailbox, outbox, pairs, together
from petition.base.db import NotNow
from petition.base.pairs import Pair
from petition.campaigns import Reading
from petition.details import Choices, Details
from petition.signatures import PendingSignature
from tests.cast import Cast, form_token
from tests.web.test_gate import until
from tests.web.test_outage import TYPED, Outage, holds_what_was_typed, honest, outage
from tests.web.test_races import at_once

__all__ = ["outage"]

PATH = "/en/campaigns/canteen"
#: What signatures wait in.
QUEUE = (PendingSignature.__table__, outbox.table)


class Held:
    """A queue's way to store that a test can hold up, and that counts how many came at once."""

    def __init__(self, write: Callable[..., Sequence[None]]) -> None:
        self._write = write
        self.go, self.came = threading.Event(), threading.Event()
        self.batches: list[int] = []

    def __call__(self, several: list[Pair]) -> Sequence[None]:
        """Store, once it may."""
        self.came.set()
        assert self.go.wait(20)
        self.batches.append(len(several))
        return self._write(several)


@pytest.fixture
def held(app: Flask) -> Held:
    """The queue of the application, held up until `go`."""
    held = Held(together._write)
    app.extensions[together._key] = {QUEUE: together.Queue(held)}
    return held


class Signers:
    """Threads that sign, each from a mailbox of its own, and what came of each."""

    def __init__(self, app: Flask, reading: Reading) -> None:
        self.app, self.reading = app, reading
        self.outcomes: dict[str, str] = {}
        # Else the test itself holds SQLite's lock.
        db.session.remove()

    def sign(self, name: str, wording: int | None = None) -> None:
        """Sign, as a form's view does."""
        box, consent = mailbox.parse(f"{name}@example.org"), self.reading.consent
        assert consent is not None
        with self.app.app_context():
            try:
                signatures.sign(
                    self.reading, wording or self.reading.wording("en").id, consent.version, box,
                    Details(name, box.address), Choices("en", source=name), network=None, at=db.now(),
                    put=together.put,
                )  # fmt: skip
                self.outcomes[name] = "stored"
            except (Exception, SystemExit) as error:
                self.outcomes[name] = type(error).__name__

    def begin(self, name: str, **more: int) -> threading.Thread:
        """Sign in a thread of its own."""
        thread = threading.Thread(target=self.sign, args=(name,), kwargs=more)
        thread.start()
        return thread


def stored() -> Counter[str]:
    """How often each has a pending signature with its letter."""
    both = select(PendingSignature.source).join(outbox.Letter, outbox.Letter.about == PendingSignature.id)
    found = Counter(db.session.scalars(both))
    db.session.remove()
    return found


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def behind_each_other(held: Held, signers: Signers, *people: tuple[str, dict[str, int]]) -> list[threading.Thread]:
    """One leads and is held up; the others come in this order and wait for it together."""
    first = signers.begin("first")
    assert held.came.wait(20)
    queue: together.Queue = signers.app.extensions[together._key][QUEUE]
    threads = [first]
    for number, (name, more) in enumerate(people, 1):
        threads.append(signers.begin(name, **more))
        wait_until(lambda number=number: len(queue._waiting) == number)
    return threads


def end(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_everybody_of_many_who_sign_at_once_is_stored_exactly_once(app: Flask, cast: Cast) -> None:
    """Through the form, each with one letter; an answer means it is stored."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    answers: dict[str, int] = {}

    def sign(name: str) -> None:
        data = TYPED | {"email": f"{name}@example.org", "token": token}
        answers[name] = cast.browser().post(f"{PATH}?source={name}", data=data).status_code

    names = [f"p{number}" for number in range(40)]
    at_once(lambda name=name: sign(name) for name in names)
    assert Counter(answers.values()) == {303: len(names)}
    assert stored() == Counter(names)
    assert len(cast.deliver(rounds=10)) == len(names)


def test_those_who_come_while_one_is_stored_share_the_next_commit(app: Flask, cast: Cast, held: Held) -> None:
    signers = Signers(app, cast.campaign())
    threads = behind_each_other(held, signers, *((f"p{number}", {}) for number in range(5)))
    assert signers.outcomes == {}
    held.go.set()
    end(threads)
    assert held.batches == [1, 5]
    assert set(signers.outcomes.values()) == {"stored"}
    assert stored() == Counter(["first", "p0", "p1", "p2", "p3", "p4"])


def test_a_row_that_is_refused_costs_its_neighbours_nothing(app: Flask, cast: Cast, held: Held) -> None:
    """A wording that is gone: its own signer hears of it, the others are stored once."""
    signers = Signers(app, cast.campaign())
    threads = behind_each_other(held, signers, ("before", {}), ("bad", {"wording": 999_999}), ("after", {}))
    held.go.set()
    end(threads)
    assert signers.outcomes == {
        "first": "stored", "before": "stored", "bad": IntegrityError.__name__, "after": "stored",
    }  # fmt: skip
    assert stored() == Counter(["first", "before", "after"])


def test_when_the_database_goes_away_nobody_is_told_that_it_was_stored(
    app: Flask, cast: Cast, held: Held, outage: Outage
) -> None:
    """S72: neither who led nor who waited."""
    signers = Signers(app, cast.campaign())
    threads = behind_each_other(held, signers, ("second", {}), ("third", {}))
    db.session.remove()
    outage.begin()
    try:
        held.go.set()
        end(threads)
    finally:
        outage.end()
        # Idle connections of the test's own died with it.
        db.database().dispose()
    assert "stored" not in signers.outcomes.values()
    assert signers.outcomes["second"] == signers.outcomes["third"] == NotNow.__name__
    assert stored() == Counter()
    signers.sign("later")
    assert stored() == Counter(["later"])


def test_while_the_database_is_away_everybody_of_many_gets_the_form_back(cast: Cast, outage: Outage) -> None:
    """S72: with what each has typed."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    answers = []
    outage.begin()
    try:
        at_once(
            lambda: answers.append(cast.browser().post(PATH, data=TYPED | {"token": token})) for _number in range(6)
        )
    finally:
        outage.end()
    assert len(answers) == 6
    assert all(honest(answer) and holds_what_was_typed(answer.text) for answer in answers)


def test_whoever_waits_for_the_commit_lets_the_next_ones_work(make_app: Callable[..., Flask]) -> None:
    """Though only one may work at a time, those who come while it waits for the disk share the next commit."""
    app = make_app(web_threads=1)
    held = Held(together._write)
    queue: together.Queue[Pair, None] = together.Queue(held)
    app.extensions[together._key] = {QUEUE: queue}
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        token = form_token(cast.browser().get(PATH).text)
    answers = []

    def sign(number: int) -> None:
        typed = TYPED | {"token": token, "email": f"p{number}@example.org"}
        answers.append(app.test_client().post(PATH, data=typed).status_code)

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(4)]
    threads[0].start()
    assert held.came.wait(10)
    for thread in threads[1:]:
        thread.start()
    until(lambda: len(queue._waiting) == 3)
    held.go.set()
    end(threads)
    assert (answers, held.batches) == ([303] * 4, [1, 3])


def test_who_cannot_be_prepared_in_time_is_prepared_all_the_same(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of them waits for, such as a database that does not answer, must not keep the others."""
    cast.campaign()
    token = form_token(cast.browser().get(PATH).text)
    monkeypatch.setattr(together, "_COURTESY", 0.01)
    with together.preparing(), together.preparing():
        assert cast.browser().post(PATH, data=TYPED | {"token": token}).status_code == 303


def test_whoever_waits_for_a_leader_that_is_stopped_hears_that_nobody_knows(app: Flask, cast: Cast) -> None:
    """And the next one leads."""
    signers = Signers(app, cast.campaign())

    def stop(several: list[Pair]) -> Sequence[None]:
        if len(several) == 2:
            raise SystemExit
        return together._write(several)

    held = Held(stop)
    app.extensions[together._key] = {QUEUE: together.Queue(held)}
    threads = behind_each_other(held, signers, ("second", {}), ("third", {}))
    held.go.set()
    end(threads)
    assert signers.outcomes == {"first": "stored", "second": "SystemExit", "third": NotNow.__name__}
    signers.sign("later")
    assert stored() == Counter(["first", "later"])


def test_what_a_context_has_written_before_is_committed_with_it(app: Flask, cast: Cast) -> None:
    """As a commit does; and its connection is free while it waits, for the pool is small."""
    reading = cast.campaign()
    db.session.execute(text("UPDATE campaign SET slug = slug"))
    Signers(app, reading).sign("one")
    assert stored() == Counter(["one"])


def test_a_statement_is_the_same_however_many_share_it() -> None:
    """So that the database keeps it prepared."""
    table = outbox.table
    statement = pairs._both(table, ("id", "kind"), table, ("id",))
    assert len(re.findall("%s", statement)) == 2
