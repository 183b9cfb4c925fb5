"""Letters wait, are worked in order, by one worker each, and end."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from petition.base import crypto, db, delivery, leases, outbox
from petition.base.outbox import Decision, Letter, Message, Nothing, Wait
from petition.base.smtp import Trouble

START = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


class Post:
    """A transport whose answers the test writes: for an address, what offering and handing over raise."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, str]] = []
        self.refuses: dict[str, Trouble] = {}
        self.loses: dict[str, Trouble] = {}
        self.works = True
        self.while_offering: Callable[[], None] = lambda: None

    def ready(self) -> bool:
        return self.works

    def offer(self, message: Message, message_id: str) -> Callable[[], None]:
        self.while_offering()
        if message.to in self.refuses:
            raise self.refuses[message.to]

        def finish() -> None:
            self.arrived.append((message.to, message_id))
            if message.to in self.loses:
                raise self.loses[message.to]

        return finish

    def to(self) -> list[str]:
        return [address for address, _ in self.arrived]


class Clerk:
    """A doer that says what the letter's kind asks for, and remembers what was settled."""

    def __init__(self) -> None:
        self.settled: list[tuple[str, str]] = []
        self.decided: list[int] = []

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        return [self.decide_one(letter) for letter in letters]

    def decide_one(self, letter: Letter) -> Decision:
        self.decided.append(letter.id)
        details = outbox.unsealed(letter)
        if letter.kind == "nothing":
            return Nothing()
        if letter.kind == "wait":
            return Wait(db.now() + timedelta(minutes=10))
        if letter.kind == "broken":
            raise LookupError(details["to"])
        if letter.kind == "unspeakable":
            return lambda: 1 / 0  # type: ignore[return-value]
        return lambda: Message(details["to"], "Please confirm", "text", "<p>text</p>", letter.language)

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        for letter in letters:
            self.settled.append((outbox.unsealed(letter).get("to", ""), outcome))
            if letter.kind == "unsettled":
                raise LookupError


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def write(to: str, kind: str = "hello", **details: object) -> int:
    letter_id = outbox.post(kind, language="en", sealed={"to": to}, **details)  # type: ignore[arg-type]
    db.session.commit()
    return letter_id


def facts(letter_id: int) -> Letter:
    """The row as it is, outside any transaction."""
    row = db.session.execute(select(*outbox.table.c).where(outbox.table.c.id == letter_id)).one()
    db.session.rollback()
    return Letter(**row._mapping)


def test_a_posted_letter_names_nobody_in_the_clear(app: Flask) -> None:
    letter_id = write("ana@example.org")
    letter = facts(letter_id)
    assert letter.sealed is not None
    assert b"ana" not in letter.sealed
    assert outbox.unsealed(letter) == {"to": "ana@example.org"}
    assert letter.message_id.endswith("@localhost>")


def test_what_was_sealed_with_one_letter_does_not_open_with_another(app: Flask) -> None:
    first, second = facts(write("ana@example.org")), facts(write("bo@example.org"))
    second.sealed = first.sealed
    with pytest.raises(crypto.Unsealable):
        outbox.unsealed(second)


def test_a_letter_is_posted_with_its_cause_or_not_at_all(app: Flask, post: Post, clerk: Clerk) -> None:
    outbox.post("hello", language="en", sealed={"to": "ana@example.org"})
    db.session.rollback()
    assert delivery.deliver(clerk, post) == 0
    assert post.to() == []


def test_a_letter_that_was_sent_is_settled_and_forgets_its_address(app: Flask, post: Post, clerk: Clerk) -> None:
    letter_id = write("ana@example.org")
    assert delivery.deliver(clerk, post) == 1
    letter = facts(letter_id)
    assert (letter.state, letter.sealed, letter.lease, letter.trouble) == ("sent", None, None, None)
    assert letter.settled_at is not None
    assert post.arrived == [("ana@example.org", letter.message_id)]
    assert clerk.settled == [("ana@example.org", "sent")]
    assert delivery.deliver(clerk, post) == 0


def test_what_somebody_waits_for_goes_before_news_and_otherwise_what_is_due_first(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    write("news@example.org", news=True, due_at=START - timedelta(days=2))
    write("late@example.org", due_at=START - timedelta(minutes=1))
    write("early@example.org", due_at=START - timedelta(minutes=9))
    write("future@example.org", due_at=START + timedelta(minutes=1))
    while delivery.deliver(clerk, post):
        pass
    assert post.to() == ["early@example.org", "late@example.org", "news@example.org"]


def test_a_letter_with_nothing_to_say_ends_needless(app: Flask, post: Post, clerk: Clerk) -> None:
    letter_id = write("ana@example.org", "nothing")
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.sealed) == ("needless", None)
    assert clerk.settled == [("ana@example.org", "needless")]
    assert post.to() == []


def test_a_letter_told_to_wait_is_decided_again_then_and_has_made_no_attempt(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org", "wait")
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.due_at, letter.attempts) == ("waiting", START + timedelta(minutes=10), 0)
    assert delivery.deliver(clerk, post) == 0
    clock.shift(601)
    assert delivery.deliver(clerk, post) == 1


def test_a_letter_that_may_come_later_waits_longer_each_time_and_never_gives_up(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    post.refuses["ana@example.org"] = Trouble("later", "450 4.2.0")
    waits = []
    for _ in range(30):
        assert delivery.deliver(clerk, post) == 1
        letter = facts(letter_id)
        waits.append(round((letter.due_at - db.now()).total_seconds() / 60))
        clock.move_to(letter.due_at)
    assert waits == [1, 5, 15, 30] + [60] * 26
    assert (letter.state, letter.trouble) == ("waiting", "450 4.2.0")
    post.refuses.clear()
    delivery.deliver(clerk, post)
    assert post.arrived == [("ana@example.org", letter.message_id)]
    assert len(clerk.decided) == 31


def test_a_dead_address_is_not_tried_again(app: Flask, post: Post, clerk: Clerk) -> None:
    letter_id = write("ana@example.org")
    post.refuses["ana@example.org"] = Trouble("refused", "550 5.1.1")
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.sealed, letter.trouble) == ("failed", None, "550 5.1.1")
    assert clerk.settled == [("ana@example.org", "failed")]


def test_an_unanswered_letter_goes_out_once_more_with_the_same_message_id_and_is_then_uncertain(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    post.loses["ana@example.org"] = Trouble("unanswered", "TimeoutError")
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.due_at, letter.doubts) == ("waiting", START + timedelta(minutes=15), 1)
    clock.shift(900)
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.sealed) == ("uncertain", None)
    assert post.arrived == [("ana@example.org", letter.message_id)] * 2
    assert clerk.settled == [("ana@example.org", "uncertain")]
    clock.shift(86400)
    assert delivery.deliver(clerk, post) == 0


def test_trouble_with_the_mail_server_itself_costs_no_letter_its_place(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    post.refuses["ana@example.org"] = Trouble("relay", "ConnectionRefusedError")
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.attempts, letter.due_at) == ("waiting", 0, START)
    assert letter.trouble == "ConnectionRefusedError"


def test_while_the_mail_server_rests_nothing_is_claimed(app: Flask, post: Post, clerk: Clerk) -> None:
    letter_id = write("ana@example.org")
    post.works = False
    assert delivery.deliver(clerk, post) == 0
    assert facts(letter_id).state == "waiting"
    assert clerk.decided == []


def test_a_rest_that_begins_in_the_middle_gives_the_others_back(app: Flask, post: Post, clerk: Clerk) -> None:
    ids = [write(f"a{number}@example.org") for number in range(3)]
    post.refuses = {f"a{number}@example.org": Trouble("relay", "421") for number in range(3)}
    post.while_offering = lambda: setattr(post, "works", False)
    assert delivery.deliver(clerk, post) == 1
    letters = [facts(letter_id) for letter_id in ids]
    assert [(letter.state, letter.lease, letter.attempts) for letter in letters] == [("waiting", None, 0)] * 3
    assert post.arrived == []


def test_too_fast_slows_the_letters_to_that_provider_and_no_others(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    first = write("a@slow.example", due_at=START - timedelta(minutes=3))
    second = write("b@slow.example", due_at=START - timedelta(minutes=2))
    write("c@other.example", due_at=START - timedelta(minutes=1))
    post.refuses["a@slow.example"] = Trouble("slow", "421 4.7.0")
    delivery.deliver(clerk, post)
    assert post.to() == ["c@other.example"]
    assert facts(first).attempts == 1
    assert (facts(second).attempts, facts(second).due_at) == (0, START + timedelta(minutes=1))


def test_a_provider_that_stays_slow_is_left_alone_for_up_to_a_quarter_of_an_hour(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    pauses = []
    for number in range(6):
        post.refuses[f"a{number}@slow.example"] = Trouble("slow", "451 4.7.1")
        write(f"a{number}@slow.example")
        delivery.deliver(clerk, post)
        waiting = write("z@slow.example")
        delivery.deliver(clerk, post)
        pauses.append((facts(waiting).due_at - db.now()).total_seconds() / 60)
        db.session.execute(update(outbox.table).values(due_at=START + timedelta(days=9)))
        db.session.commit()
        clock.shift(pauses[-1] * 60)
    assert pauses == [1, 2, 4, 8, 15, 15]
    write("good@slow.example")
    delivery.deliver(clerk, post)
    post.refuses["again@slow.example"] = Trouble("slow", "451 4.7.1")
    again = write("again@slow.example")
    delivery.deliver(clerk, post)
    assert facts(again).due_at == db.now() + timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["broken", "unspeakable"])
def test_a_poisoned_letter_is_parked_after_five_errors_and_the_others_go_out(
    clock: time_machine.Traveller, post: Post, clerk: Clerk, kind: str
) -> None:
    poisoned = write("poison@example.org", kind)
    for number in range(20):
        write(f"a{number}@example.org")
    for _ in range(6):
        while delivery.deliver(clerk, post):
            pass
        clock.shift(3600)
    assert len(post.to()) == 20
    letter = facts(poisoned)
    assert (letter.state, letter.errors) == ("parked", 5)
    assert letter.trouble == ("LookupError" if kind == "broken" else "ZeroDivisionError")
    assert clerk.settled.count(("poison@example.org", "parked")) == 1


def test_a_letter_that_should_go_at_once_does_not_wait_for_the_clock_of_who_posted_it(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    """Posted by a web server whose clock is a day ahead; what is to come later still comes later."""
    later = write("later@example.org", due_at=START + timedelta(hours=3))
    clock.shift(timedelta(seconds=60))
    write("near@example.org")
    clock.shift(timedelta(days=1))
    write("ana@example.org")
    clock.move_to(START)
    assert delivery.deliver(clerk, post) == 0
    assert outbox.hasten(db.now()) == 1
    assert outbox.hasten(db.now()) == 0
    db.session.commit()
    assert delivery.deliver(clerk, post) == 1
    assert post.to() == ["ana@example.org"]
    assert facts(later).due_at == START + timedelta(hours=3)


def test_a_parked_letter_can_be_tried_again(clock: time_machine.Traveller, post: Post, clerk: Clerk) -> None:
    letter_id = write("ana@example.org")
    db.session.execute(update(outbox.table).values(state="parked", errors=5))
    db.session.commit()
    assert delivery.deliver(clerk, post) == 0
    assert outbox.unpark() == 1
    db.session.commit()
    delivery.deliver(clerk, post)
    assert facts(letter_id).state == "sent"


def test_an_error_is_told_without_the_address_in_it(
    app: Flask, post: Post, clerk: Clerk, caplog: pytest.LogCaptureFixture
) -> None:
    letter_id = write("canary@example.org", "broken")
    delivery.deliver(clerk, post)
    assert facts(letter_id).trouble == "LookupError"
    assert "LookupError in decide_one" in caplog.text
    assert "canary" not in caplog.text


def test_a_doer_that_cannot_settle_does_not_send_a_letter_twice(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org", "unsettled")
    delivery.deliver(clerk, post)
    assert facts(letter_id).state == "sent"
    clock.shift(86400)
    assert delivery.deliver(clerk, post) == 0
    assert len(post.arrived) == 1


def test_the_last_letter_is_tried_for_a_day_and_then_forgets_its_address(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org", gives_up_at=START + timedelta(hours=24))
    post.refuses["ana@example.org"] = Trouble("later", "450")
    while db.now() < START + timedelta(hours=23, minutes=30):
        delivery.deliver(clerk, post)
        assert facts(letter_id).state == "waiting"
        clock.move_to(facts(letter_id).due_at)
    clock.move_to(START + timedelta(hours=24))
    post.works = False
    delivery.deliver(clerk, post)
    letter = facts(letter_id)
    assert (letter.state, letter.sealed, letter.trouble) == ("failed", None, "450")
    assert clerk.settled == [("ana@example.org", "failed")]


def hold(letter_id: int, state: str, until: datetime) -> None:
    changes = {"state": state, "lease": 7, "lease_until": until}
    db.session.execute(update(outbox.table).where(outbox.table.c.id == letter_id).values(changes))
    db.session.commit()


def test_a_letter_somebody_else_holds_is_left_alone_until_the_lease_runs_out(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    hold(letter_id, "claimed", START + timedelta(minutes=5))
    clock.shift(299)
    assert delivery.deliver(clerk, post) == 0
    clock.shift(2)
    assert delivery.deliver(clerk, post) == 1
    assert post.to() == ["ana@example.org"]


def test_a_lease_that_ran_out_on_the_wire_counts_as_no_answer(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    hold(letter_id, "sending", START)
    clock.shift(1)
    assert delivery.deliver(clerk, post) == 0
    letter = facts(letter_id)
    assert (letter.state, letter.doubts, letter.due_at) == ("waiting", 1, db.now() + timedelta(minutes=15))
    hold(letter_id, "sending", db.now())
    clock.shift(1)
    delivery.deliver(clerk, post)
    assert facts(letter_id).state == "uncertain"
    assert clerk.settled == [("ana@example.org", "uncertain")]


@pytest.mark.parametrize(("kind", "tries"), [("refused", 1), ("later", 2)])
def test_a_letter_without_an_answer_that_is_refused_or_given_up_later_may_have_arrived_all_the_same(
    clock: time_machine.Traveller, post: Post, clerk: Clerk, kind: Literal["refused", "later"], tries: int
) -> None:
    """Its doer starts the clocks, so that no other letter follows at once."""
    letter_id = write("ana@example.org", gives_up_at=START + timedelta(minutes=16))
    post.loses["ana@example.org"] = Trouble("unanswered", "SMTPServerDisconnected")
    delivery.deliver(clerk, post)
    post.refuses["ana@example.org"] = Trouble(kind, "554 5.6.0")
    for _ in range(tries):
        assert facts(letter_id).state == "waiting"
        clock.shift(901)
        delivery.deliver(clerk, post)
    assert (facts(letter_id).state, facts(letter_id).trouble) == ("uncertain", "554 5.6.0")
    assert clerk.settled == [("ana@example.org", "uncertain")]


def test_a_letter_that_had_arrived_when_its_worker_died_is_settled_and_not_sent_again(
    clock: time_machine.Traveller, post: Post, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only of the last one nobody knows."""

    def die(point: str) -> None:
        if point == "before_settle":
            raise SystemExit

    ids = [write(f"a{number}@example.org", due_at=START + timedelta(microseconds=number)) for number in range(3)]
    clock.shift(1)
    monkeypatch.setattr(delivery, "at", die)
    with pytest.raises(SystemExit):
        delivery.deliver(clerk, post)
    monkeypatch.undo()
    found = [(facts(one).state, facts(one).sealed is None) for one in ids]
    assert found == [("sending", True), ("sending", True), ("sending", False)]
    clerk.settled.clear()
    clock.shift(501)
    assert delivery.deliver(clerk, post) == 0
    assert [facts(one).state for one in ids] == ["sent", "sent", "waiting"]
    assert [outcome for _, outcome in clerk.settled] == ["sent", "sent"]
    assert len(post.arrived) == 3


def test_letters_lost_among_others_that_are_marked_at_once_are_not_handed_over(app: Flask, post: Post) -> None:
    """Four threads share commits while every other letter is taken back as it is offered."""
    for number in range(40):
        outbox.post("hello", language="en", sealed={"to": f"a{number}@example.org"}, about=number)
    db.session.commit()
    meeting = threading.Barrier(4, timeout=1)
    taken_back = threading.Event()

    def withdraw() -> None:
        with suppress(threading.BrokenBarrierError):
            meeting.wait()
        if not taken_back.is_set():
            taken_back.set()
            with app.app_context():
                odd = outbox.table.c.about % 2 == 1
                db.session.execute(outbox.table.delete().where(odd, outbox.table.c.state.in_(("claimed", "waiting"))))
                db.session.commit()

    post.while_offering = withdraw

    def work() -> None:
        with app.app_context():
            while delivery.deliver(Clerk(), post, most=10):
                pass

    with ThreadPoolExecutor(4) as threads:
        assert [one.result() for one in [threads.submit(work) for _ in range(4)]] == [None] * 4
    gone = {f"a{number}@example.org" for number in range(1, 40, 2)}
    assert len(gone & set(post.to())) <= 3
    assert sorted(set(post.to()) - gone) == sorted(f"a{number}@example.org" for number in range(0, 40, 2))
    assert len(post.to()) == len(set(post.to()))
    assert set(db.session.scalars(select(outbox.table.c.state))) == {"sent"}


def test_a_worker_whose_lease_was_taken_over_does_not_hand_the_letter_over(
    app: Flask, post: Post, clerk: Clerk
) -> None:
    letter_id = write("ana@example.org")
    post.while_offering = lambda: hold(letter_id, "claimed", db.now() + timedelta(minutes=5))
    delivery.deliver(clerk, post)
    assert post.to() == []
    letter = facts(letter_id)
    assert (letter.state, letter.lease) == ("claimed", 7)


def test_a_letter_taken_over_by_a_thread_that_marks_another_at_the_same_time_is_nobodys(
    clock: time_machine.Traveller, post: Post, clerk: Clerk
) -> None:
    """One statement marks for both: what it changes for neither goes out later, and once."""
    taken_over, other = write("ana@example.org"), write("bo@example.org")
    for letter_id in (taken_over, other):
        hold(letter_id, "claimed", START + timedelta(minutes=5))
    stale = facts(taken_over)
    stale.lease = 6
    held = facts(other)
    with db.one_commit() as connection:
        assert leases.put_on_the_wire(connection, [stale, held], []) == {other}
    with db.one_commit() as connection:
        assert leases.put_on_the_wire(connection, [], [held]) == {other}
    assert (facts(other).sealed, facts(other).settled_at) == (None, START)
    for _ in range(2):
        clock.shift(901)
        delivery.deliver(clerk, post)
    assert post.to() == ["ana@example.org"]


def test_a_letter_taken_back_while_it_is_offered_is_not_handed_over(app: Flask, post: Post, clerk: Clerk) -> None:
    write("ana@example.org")
    bo = write("bo@example.org", due_at=db.now() + timedelta(microseconds=1))

    def withdraw() -> None:
        db.session.execute(outbox.table.delete().where(outbox.table.c.id != bo))
        db.session.commit()

    post.while_offering = withdraw
    delivery.deliver(clerk, post)
    assert post.to() == ["bo@example.org"]


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun(app: Flask, post: Post, clerk: Clerk) -> None:
    ids = [write(f"a{number}@example.org") for number in range(3)]
    stopping = threading.Event()
    post.while_offering = stopping.set
    assert delivery.deliver(clerk, post, stopping=stopping) == 1
    assert sorted(facts(letter_id).state for letter_id in ids) == ["sent", "waiting", "waiting"]


def test_nobody_waits_behind_a_slow_round(
    app: Flask, post: Post, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [write(f"a{number}@example.org") for number in range(3)]
    monkeypatch.setattr(delivery, "ROUND", 0.0)
    assert delivery.deliver(clerk, post) == 1
    assert sorted(facts(letter_id).state for letter_id in ids) == ["sent", "waiting", "waiting"]


def test_news_goes_once_to_a_mailbox_for_each_mailing(app: Flask) -> None:
    write("ana@example.org", news=True, mailing="may", mailbox=b"ana")
    write("ana@example.org", news=True, mailing="june", mailbox=b"ana")
    outbox_insert = db.insert(outbox.table).on_conflict_do_nothing()
    again = outbox.values("hello", language="en", news=True, mailing="may", mailbox=b"ana")
    db.session.execute(outbox_insert, again)
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 2


def test_several_workers_at_once_send_every_letter_once(app: Flask, post: Post) -> None:
    for number in range(120):
        outbox.post("hello", language="en", sealed={"to": f"a{number}@example.org"})
    db.session.commit()
    clerks = [Clerk() for _ in range(4)]
    broken: list[BaseException] = []

    def work(clerk: Clerk) -> None:
        try:
            with app.app_context():
                while delivery.deliver(clerk, post, most=7):
                    pass
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(clerk,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert broken == []
    assert sorted(post.to()) == sorted(f"a{number}@example.org" for number in range(120))
    assert sum(len(clerk.settled) for clerk in clerks) == 120


def test_a_letter_that_arrived_while_the_database_went_away_is_marked_when_it_is_back(
    app: Flask, post: Post, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter_id = write("ana@example.org")
    broken = iter([True, True, False])

    def away(point: str) -> None:
        if point == "before_settle" and next(broken):
            raise OperationalError("COMMIT", {}, Exception("gone"))

    monkeypatch.setattr(delivery, "at", away)
    delivery.deliver(clerk, post)
    assert facts(letter_id).state == "sent"
    assert len(post.arrived) == 1


def test_a_letter_and_the_next_one_both_end_when_the_database_goes_away_between_them(
    app: Flask, post: Post, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [write(f"a{number}@example.org") for number in range(3)]
    broken = iter([True, False, False, False])

    def away(point: str) -> None:
        if point == "before_settle" and next(broken):
            raise OperationalError("COMMIT", {}, Exception("gone"))

    monkeypatch.setattr(delivery, "at", away)
    assert delivery.deliver(clerk, post) == 3
    assert [facts(letter_id).state for letter_id in ids] == ["sent"] * 3
    assert sorted(post.to()) == [f"a{number}@example.org" for number in range(3)]


def test_a_letter_that_its_doer_cannot_settle_does_not_hold_up_the_next(app: Flask, post: Post, clerk: Clerk) -> None:
    first = write("ana@example.org", "unsettled")
    second = write("bo@example.org")
    assert delivery.deliver(clerk, post) == 2
    assert post.to() == ["ana@example.org", "bo@example.org"]
    assert [facts(first).state, facts(second).state] == ["sent", "sent"]


def test_a_letter_taken_back_while_it_is_offered_leaves_the_one_before_it_sent(
    app: Flask, post: Post, clerk: Clerk
) -> None:
    first = write("ana@example.org")
    second = write("bo@example.org", due_at=db.now() + timedelta(microseconds=1))

    def withdraw() -> None:
        db.session.execute(outbox.table.delete().where(outbox.table.c.id == second))
        db.session.commit()

    post.while_offering = withdraw
    delivery.deliver(clerk, post)
    assert post.to() == ["ana@example.org"]
    assert facts(first).state == "sent"


@pytest.mark.parametrize(("quick", "state"), [(0.0, "sent"), (60.0, "sending")])
def test_behind_a_slow_answer_a_letter_ends_at_once_and_else_with_the_next(
    app: Flask, post: Post, clerk: Clerk, monkeypatch: pytest.MonkeyPatch, quick: float, state: str
) -> None:
    monkeypatch.setattr(delivery, "QUICK", quick)
    first = write("ana@example.org")
    second = write("bo@example.org", due_at=db.now() + timedelta(microseconds=1))
    seen: list[str] = []
    post.while_offering = lambda: seen.append(facts(first).state)
    delivery.deliver(clerk, post)
    assert seen == ["claimed", state]
    assert [facts(first).state, facts(second).state] == ["sent", "sent"]


def test_trouble_with_a_letter_ends_the_one_before_it_first(app: Flask, post: Post, clerk: Clerk) -> None:
    first = write("ana@example.org")
    write("bo@example.org", due_at=db.now() + timedelta(microseconds=1))
    post.refuses["bo@example.org"] = Trouble("refused", "550 5.1.1")
    delivery.deliver(clerk, post)
    assert clerk.settled == [("ana@example.org", "sent"), ("bo@example.org", "failed")]
    assert facts(first).state == "sent"


def test_a_second_letter_to_a_mailbox_is_decided_once_the_first_has_ended(app: Flask, post: Post, clerk: Clerk) -> None:
    first = write("ana@example.org", mailbox=b"ana")
    second = write("ana@example.org", mailbox=b"ana", due_at=db.now() + timedelta(microseconds=1))
    assert delivery.deliver(clerk, post) == 1
    assert (clerk.decided, facts(second).state) == ([first], "waiting")
    assert delivery.deliver(clerk, post) == 1
    assert clerk.decided == [first, second]
