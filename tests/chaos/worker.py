"""Workers that kill themselves, as programs, with the settings in the environment.

`worker.py hello POINT NUMBER` delivers what is due (always the same letter), dies the NUMBER-th time it comes to POINT,
and has others go on. `worker.py` alone does everything a worker does, and lives again and again by the plan in the
environment (see `lives`). Each life is a fork of this process, so that coming to life takes milliseconds.

Waits that last minutes are seconds here: a worker that died would else hold its letters for longer than an experiment.
"""

import ctypes
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, create_engine, text, update
from sqlalchemy.pool import NullPool

from petition import links, register
from petition.app import create_app
from petition.base import crypto, db, delivery, leases, logs, maildir, outbox, resting, settings, smtp
from petition.base.outbox import Decision, Letter, Message
from petition.worker import Worker
from tests.chaos import lives
from tests.chaos.lives import WHENEVER, Death, Plan

_PARENT_DIES = 1  # PR_SET_PDEATHSIG


def hello(to: str) -> Message:
    """The same to everybody."""
    return Message(to, "Hello", "Hello", "<p>Hello</p>", "en")


class Clerk:
    """Says hello to the sealed address."""

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """Hello, always."""
        return [partial(hello, outbox.unsealed(letter)["to"]) for letter in letters]

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        """Nothing hangs on it."""


def _die_at(point: str, number: int) -> None:
    """Be killed the so-manieth time that any thread comes to a point."""
    passed, counting = 0, threading.Lock()

    def at(reached: str) -> None:
        nonlocal passed
        if reached != point:
            return
        with counting:
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    opened = crypto.unseal

    def unseal(purpose: str, context: str, blob: bytes) -> bytes:
        if purpose in ("signature", "letter"):
            at("in_decrypt")
        return opened(purpose, context, blob)

    delivery.at = register.at = at
    crypto.unseal = unseal


def hand_on(point: str, number: int) -> list[int]:
    """A worker that dies at a point, then twice two at once that go on from there, each time once every lease is over;
    how each of the five ended."""
    found = settings.read()
    app = create_app(found)

    def deliver(point: str = "never", number: int = 0) -> None:
        _die_at(point, number)
        transport = maildir.Maildir(found)
        while delivery.deliver(Clerk(), transport):
            pass

    statuses = [_ended(_forked(app, lambda: deliver(point, number)))]
    for _ in range(2):
        assert _ended(_forked(app, _let_time_pass)) == 0
        statuses += [_ended(one) for one in [_forked(app, deliver), _forked(app, deliver)]]
    return statuses


def _forked(app: Flask, what: Callable[[], None]) -> int:
    """Do something in a process of its own, which has a database of its own, too."""
    child = os.fork()
    if child:
        return child
    try:
        with app.app_context():
            what()
            db.session.remove()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _let_time_pass() -> None:
    """Every lease is over, and whatever waits is due."""
    earlier = db.now() - timedelta(seconds=1)
    held = outbox.table.c.lease.is_not(None)
    db.session.execute(update(outbox.table).where(held).values(lease_until=earlier))
    db.session.execute(update(outbox.table).values(due_at=earlier))
    db.session.commit()


def _hurry() -> None:
    leases.LEASE = timedelta(seconds=5)
    leases.LEASE_ON_THE_WIRE = timedelta(seconds=10)
    delivery.AFTER_SILENCE = timedelta(seconds=1)
    delivery.AFTER_ABSENCE = timedelta(seconds=1)
    delivery.RETRIES = (1 / 60, 5 / 60)
    links.ON_THE_WIRE = timedelta(seconds=0.5)
    resting.LONGEST = 1 / 60
    smtp.FOR_ANSWER, smtp.CONNECT = 3.0, 3.0


def _sent_before_it_is() -> None:
    """A letter is stored as arrived before the mail server has it."""
    put = leases.put_on_the_wire

    def both(connection: Connection, letters: Sequence[Letter], taken: Sequence[Letter]) -> set[int]:
        ours = put(connection, letters, taken)
        put(connection, [], letters)
        return ours

    leases.put_on_the_wire = both


def _sent_again_and_again() -> None:
    """Nothing at all is stored once the mail server has a letter, and it is tried for ever."""
    mark = delivery._Round._mark

    def forget(self: delivery._Round) -> None:
        self.arrived, self.taken = None, []

    def mark_alone(self: delivery._Round, letter: Letter) -> None:
        forget(self)
        mark(self, letter)

    delivery._Round._mark, delivery._Round._settle = mark_alone, forget
    delivery.MOST_DOUBTS = 10**6
    delivery.AFTER_SILENCE = timedelta(0)
    leases.LEASE_ON_THE_WIRE = timedelta(seconds=1)


def _folded_apart() -> None:
    """The tallies are stored by themselves, before the numbers are."""
    fold = register._fold

    def apart(campaign_id: int, amounts: Any) -> None:
        app: Flask = current_app._get_current_object()
        with app.app_context():
            fold(campaign_id, amounts)
            db.session.commit()

    register._fold = apart


def _numbered_apart() -> None:
    """The numbers are stored by themselves, before the tallies are."""
    killing = register.at

    def at(point: str) -> None:
        if point == "after_numbers":
            db.session.commit()
        killing(point)

    register.at = at


#: What breaks a guarantee, and must be seen: the letter that is lost or goes out for ever, the number counted twice or
#: not at all.
BREAKS: dict[str, Callable[[], None]] = {
    "sent before it is": _sent_before_it_is,
    "sent again and again": _sent_again_and_again,
    "folded apart": _folded_apart,
    "numbered apart": _numbered_apart,
}


def _live(app: Flask, plan: Plan, point: str, number: int) -> None:
    ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)
    _hurry()
    _die_at(point, number)
    for name in plan.broken:
        BREAKS[name]()
    working = Worker(app)
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: working.stop())
    working.run()


class _Lives:
    """One life after the other, until this process is told to end."""

    def __init__(self, plan: Plan) -> None:
        found = settings.read()
        self._plan, self._app = plan, create_app(found)
        self._chance = random.Random(plan.seed)
        self._points: list[str] = []
        url = found.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = create_engine(url, poolclass=NullPool)
        self._ending = False
        for which in (signal.SIGINT, signal.SIGTERM):
            signal.signal(which, self._end)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def run(self) -> None:
        """Live."""
        while not self._ending:
            if self._plan.is_peace():
                self._one("never", 0, float("inf"))
            else:
                plan = self._plan
                self._points = self._points or self._chance.sample(plan.points, len(plan.points))
                point = self._points.pop()
                # Numbering comes round twice a second.
                number = self._chance.randint(1, 2 if point in lives.NUMBERING else plan.most)
                longest = self._chance.uniform(0, 1.5) if point == WHENEVER else plan.longest
                if self._one(point, number, longest) != point:
                    self._points.insert(0, point)

    def _one(self, point: str, number: int, seconds: float) -> str:
        """Live once, so long at most; the point at which it ended."""
        child = os.fork()
        if child == 0:
            try:
                _live(self._app, self._plan, point, number)
            finally:
                os._exit(0)
        end, told = time.monotonic() + seconds, False
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if self._ending and not told:
                os.kill(child, signal.SIGTERM)
                told = True
            if not told and (time.monotonic() > end or (seconds < float("inf") and self._plan.is_peace())):
                os.kill(child, signal.SIGKILL)
                point, told = WHENEVER, True
            time.sleep(0.01)
        if not self._ending:
            self._mourn(point)
        return point

    def _mourn(self, point: str) -> None:
        """Write down what was on the wire; once nobody is killed any more, let the time of the dead be over."""
        at = time.time()
        with self._engine.begin() as connection:
            sending = connection.scalars(
                text("SELECT message_id FROM letter WHERE state = 'sending' AND settled_at IS NULL")
            ).all()
            if self._plan.is_peace() and self._plan.alone:
                over = {"now": "1970-01-01 00:00:00+00"}
                connection.execute(text("UPDATE letter SET lease_until = :now WHERE lease IS NOT NULL"), over)
        lives.write(self._plan, Death(at, point, tuple(sending)))


def main() -> None:
    """What the arguments say."""
    if sys.argv[1:2] == ["hello"]:
        print(json.dumps(hand_on(sys.argv[2], int(sys.argv[3]))))
        return
    logs.begin("text")
    plan = Plan.given()
    Path(plan.folder).mkdir(parents=True, exist_ok=True)
    _Lives(plan).run()


if __name__ == "__main__":
    main()
