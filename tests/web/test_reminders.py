"""The one reminder (S17): 48 hours after the first letter, exactly one, and none where there is nothing to say."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from petition import decisions, links, reminders, running, signatures
from petition.base import db, delivery
from petition.base.outbox import Letter, Message
from petition.letters import Letters, signing
from petition.signatures import PendingSignature
from tests.cast import Cast, Sink, link_in
from tests.web.steps import START, path_of, pending, stored

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SUBJECT = "A reminder: please confirm your signature"


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def remind() -> int:
    """What the worker does every minute; how many reminders it posted."""
    db.session.remove()
    posted = 0
    for some in reminders.steps(db.now()):
        db.session.commit()
        posted += some
    db.session.remove()
    return posted


def reminded(cast: Cast) -> list[Message]:
    """Post what is due and deliver it; the reminders that came."""
    remind()
    return [letter for letter in cast.deliver() if letter.subject == SUBJECT]


def test_who_does_not_confirm_is_reminded_once_after_48_hours_with_the_same_link(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    cast.campaign()
    cast.sign(name="Ana María")
    (first,) = cast.deliver()
    clock.shift(48 * HOUR - SECOND)
    assert reminded(cast) == []
    clock.shift(SECOND)
    (letter,) = reminded(cast)
    assert link_in(letter) == link_in(first)
    for words in ("Ana María", "Take the canteen workers back", "only reminder", "Dockside Aid"):
        assert words in letter.text
    for _ in range(12):
        clock.shift(DAY)
        assert (remind(), cast.deliver()) == (0, [])


def test_the_button_of_a_reminder_works_for_seven_days_as_it_says(cast: Cast, clock: time_machine.Traveller) -> None:
    """S05."""
    cast.campaign()
    cast.sign()
    cast.deliver()
    clock.shift(48 * HOUR)
    (letter,) = reminded(cast)
    clock.shift(7 * DAY - SECOND)
    assert cast.press(letter).status_code == 303
    assert len(stored()) == 1


def test_several_typed_for_one_mailbox_are_one_reminder_about_the_newest(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15, S17: 48 hours after the first of their letters, and none for those typed after it."""
    cast.campaign()
    for name in ("One", "Two", "Three"):
        cast.sign("ana@gmail.com", name=name)
        cast.deliver()
        clock.shift(HOUR)
    assert len(cast.sink.letters) == 3
    clock.move_to(START + 48 * HOUR)
    (letter,) = reminded(cast)
    assert "Three" in letter.text
    assert f"row={pending()[-1].id}" in letter.text
    assert all(row.reminded_at for row in pending())
    clock.shift(DAY)
    cast.sign("a.na@gmail.com", name="Four")
    assert len(cast.deliver()) == 1
    for _ in range(5):
        clock.shift(DAY)
        assert reminded(cast) == []


@pytest.mark.parametrize("what", ["confirmed", "withdrawn", "not me", "closed", "campaign withdrawn", "switched off"])
@pytest.mark.parametrize("when", ["before it is posted", "after it is posted"])
def test_nobody_is_reminded_of_what_is_over(make_app: Callable[..., Flask], what: str, when: str) -> None:
    """S17: asked when it is posted, and again when it goes."""
    app, off = make_app(), make_app(reminder=False)
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        cast = Cast(app)
        cast.campaign()
        cast.sign()
        (letter,) = cast.deliver()
        clock.shift(48 * HOUR)
        assert when.startswith("before") or remind() == 1
        _end(cast, what, letter)
    with (off if what == "switched off" else app).app_context(), time_machine.travel(START + 48 * HOUR, tick=False):
        remind()
        delivery.deliver(Letters(), cast.sink)
        db.session.remove()
    assert SUBJECT not in [one.subject for one in cast.sink.letters]


def _end(cast: Cast, what: str, letter: Message) -> None:
    if what == "confirmed":
        cast.press(letter)
    elif what in ("withdrawn", "not me"):
        verb = {"withdrawn": "withdraw", "not me": "not-me"}[what]
        cast.browser().post(f"{path_of(link_in(letter))}/{verb}")
    elif what == "closed":
        running.close(cast.row(), "a test")
    elif what == "campaign withdrawn":
        running.withdraw(cast.row(), "a test")
    db.session.commit()


def test_during_a_pause_nobody_is_reminded_and_the_48_hours_stand_still(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S09."""
    cast.campaign()
    cast.sign()
    cast.deliver()
    clock.shift(24 * HOUR)
    running.pause(cast.row(), "a test")
    db.session.commit()
    clock.shift(3 * DAY)
    assert reminded(cast) == []
    running.resume(cast.row(), "a test")
    db.session.commit()
    assert reminded(cast) == []
    clock.shift(24 * HOUR - SECOND)
    assert reminded(cast) == []
    clock.shift(SECOND)
    assert len(reminded(cast)) == 1


def test_a_reminder_that_a_pause_catches_in_the_outbox_goes_after_it(cast: Cast, clock: time_machine.Traveller) -> None:
    """S09: nothing is lost."""
    cast.campaign()
    cast.sign()
    cast.deliver()
    clock.shift(48 * HOUR)
    assert remind() == 1
    running.pause(cast.row(), "a test")
    db.session.commit()
    clock.shift(2 * DAY)
    assert cast.deliver() == []
    running.resume(cast.row(), "a test")
    db.session.commit()
    clock.shift(signing.PAUSED)
    assert [letter.subject for letter in cast.deliver()] == [SUBJECT]


def test_a_mailbox_that_has_signed_is_not_reminded_of_what_somebody_typed_again(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S15, S26."""
    cast.campaign()
    cast.signed()
    cast.signed("held@example.org")
    decisions.decide(stored()[-1].id, "hold", actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    clock.shift(DAY)
    for email in ("ana@example.org", "held@example.org"):
        cast.sign(email, name="Somebody else")
    assert len(cast.deliver()) == 2
    clock.shift(48 * HOUR)
    assert (remind(), cast.deliver()) == (0, [])
    assert all(row.reminded_at for row in pending())


def test_a_letter_sent_since_has_said_the_same_and_the_reminder_is_not_needed(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10."""
    cast.campaign()
    cast.sign()
    cast.deliver()
    clock.shift(48 * HOUR)
    assert remind() == 1
    db.session.execute(update(Letter).where(Letter.kind == "reminder").values(due_at=db.now() + HOUR))
    db.session.commit()
    clock.shift(SECOND)
    cast.sign()
    assert [letter.subject for letter in cast.deliver()] == ["Please confirm your signature"]
    clock.shift(HOUR)
    assert cast.deliver() == []


def test_a_reminder_is_counted_in_the_limits_and_waits_for_the_next_day(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S10, S17."""
    cast.campaign()
    for number in range(links.A_DAY_EVERYWHERE):
        cast.campaign(f"other{number}")
    cast.sign()
    cast.deliver()
    clock.shift(48 * HOUR)
    for number in range(links.A_DAY_EVERYWHERE):
        cast.sign(slug=f"other{number}")
    assert len(cast.deliver()) == 5
    assert reminded(cast) == []
    clock.shift(DAY)
    assert [letter.subject for letter in cast.deliver()] == [SUBJECT]


def test_a_reminder_goes_after_every_letter_that_somebody_waits_for(cast: Cast, clock: time_machine.Traveller) -> None:
    """S70."""
    cast.campaign()
    for number in range(5):
        cast.sign(f"a{number}@example.org")
    cast.deliver()
    clock.shift(48 * HOUR)
    assert remind() == 5
    clock.shift(SECOND)
    cast.sign("new@example.org")
    assert [letter.to for letter in cast.deliver(1)] == ["new@example.org"]
    assert len(cast.deliver()) == 5


def test_whoever_refused_letters_is_not_reminded(cast: Cast, clock: time_machine.Traveller) -> None:
    """S15: refused by the link of another campaign."""
    cast.campaign()
    cast.campaign("other")
    cast.sign()
    cast.sign(slug="other")
    letters = cast.deliver()
    assert len(letters) == 2
    own = letters[0]
    cast.browser().post(f"{path_of(link_in(own))}/no-letters")
    clock.shift(48 * HOUR)
    assert reminded(cast) == []


def test_after_a_week_without_a_worker_nobody_is_reminded_of_a_button_that_is_old(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    cast.campaign()
    cast.sign()
    cast.deliver()
    clock.shift(signatures.BUTTON_LIFE)
    assert reminded(cast) == []
    assert all(row.reminded_at for row in pending())


def test_more_than_a_batch_are_reminded_each_once(
    cast: Cast, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "BATCH", 3)
    for slug in ("canteen", "other"):
        cast.campaign(slug)
        for number in range(7):
            cast.sign(f"a{number}@example.org", slug=slug)
    cast.deliver(5)
    clock.shift(48 * HOUR)
    assert remind() == 14
    assert remind() == 0
    letters = cast.deliver(20)
    assert sorted(letter.to for letter in letters) == sorted(2 * [f"a{number}@example.org" for number in range(7)])


def test_two_workers_at_once_remind_each_mailbox_once(make_app: Callable[..., Flask]) -> None:
    """S73."""
    app = make_app(pool_size=16)
    with app.app_context():
        cast = Cast(app)
        with time_machine.travel(START, tick=True):
            cast.campaign()
            for number in range(30):
                cast.sign(f"a{number}@example.org")
            cast.deliver(5)
        with time_machine.travel(START + 49 * HOUR, tick=True):
            start = threading.Barrier(4)
            _at_once(app, start, cast.sink)
        posted = db.session.scalars(select(Letter.mailbox).where(Letter.kind == "reminder")).all()
        assert len(posted) == len(set(posted)) == 30
        sent = [letter.to for letter in cast.sink.letters if letter.subject == SUBJECT]
        assert len(sent) == len(set(sent)) == 30
        assert len(db.session.scalars(select(PendingSignature.id)).all()) == 30


def _at_once(app: Flask, start: threading.Barrier, sink: Sink) -> None:
    failed: list[Exception] = []

    def work() -> None:
        start.wait(20)
        try:
            with app.app_context():
                remind()
                while delivery.deliver(Letters(), sink):
                    pass
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
