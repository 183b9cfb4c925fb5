"""The loop beside the web: delivers letters, numbers moves, does jobs, publishes figures, counts answers, draws
pictures, reminds, forgets.

Any number of workers may run against one database. Each thread works in an application context of its own for
every round, so that nothing of one round is left to the next.
"""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from petition import (
    answers,
    breakdowns,
    crowding,
    drawing,
    erasures,
    partner_figures,
    register,
    reminders,
    retention,
    rule_runs,
    searching,
    share_pictures,
    sightings,
    signs,
    taking,
)
from petition.base import db, delivery, jobs, maildir, outbox, settings, smtp
from petition.base.jobs import Doer
from petition.base.outbox import Decision, Letter
from petition.erasures import BookRefused
from petition.letters import Letters

_log = logging.getLogger(__name__)

#: Seconds to look away when there was nothing to do. Totals are exact without numbering; it only must keep up.
IDLE = 0.25
NUMBERING = 0.5
#: Seconds to wait when the database is away.
AWAY = 2.0
FORGETTING = 3600.0
REMINDING = 60.0
PICTURES = 5.0
PUBLISHING = 60.0
COUNTING = 60.0
#: All workers together look once a minute; one that has gone is missed no longer than this.
CROWDING = 20.0
#: What was erased stands on two disks so soon.
REMEMBERING = 1.0
UNWRITTEN = 60.0
#: Between two of the many short transactions of a loop: SQLite's lock knows no queue, and others wait for it too.
TURN = 0.02
#: A worker whose clock is off stands still. It looks so often, and at once where the clock jumps by more than this.
LOOKING = 5.0
JUMP = 1.0
#: So many jobs at a time, so that a short one need not wait for a long one.
JOBS = 2
#: What does each kind of job.
DOERS: dict[str, Doer] = {taking.JOB: taking.make, **rule_runs.DOERS, **signs.DOERS, **searching.DOERS}


def transport() -> smtp.Smtp | maildir.Maildir:
    """Where letters of this application go: the mail server, or the folder of the trial without one."""
    read = settings.current()
    return smtp.Smtp(read) if read.smtp_url else maildir.Maildir(read)


class _Outcomes:
    """Decides and settles as `Letters` does, and counts how letters end."""

    def __init__(self) -> None:
        self._letters = Letters()
        self._counted: Counter[str] = Counter()
        self._counting = threading.Lock()

    def decide(self, letters: Sequence[Letter]) -> list[Decision]:
        """What each says now."""
        return self._letters.decide(letters)

    def settle(self, letters: Sequence[Letter], outcome: str) -> None:
        """The letters end."""
        self._letters.settle(letters, outcome)
        with self._counting:
            self._counted[outcome] += len(letters)

    def counted(self) -> dict[str, int]:
        """How many have ended how, since the beginning."""
        with self._counting:
            return dict(self._counted)


class _Watch:
    """Whether this machine's clock may be trusted with leases and the moments of letters: two workers that differ by a
    day would take each other's letters, and send them twice."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._looking = threading.Lock()
        self._looked_at = self._began = -math.inf
        self._is_off = False

    def is_off(self) -> bool:
        """Asks the database now and then; in an application context whose session is not in use yet."""
        with self._looking:
            # The moment at which the monotonic clock began changes when the other is set.
            began = time.time() - time.monotonic()
            if time.monotonic() - self._looked_at > LOOKING or abs(began - self._began) > JUMP:
                db.reading()
                was = self._is_off
                self._is_off = sightings.is_outvoted(self._worker_id, db.now(), before=was)
                db.session.remove()
                self._looked_at, self._began = time.monotonic(), began
                if was != self._is_off:
                    _log.error("this machine's clock is %s", "off: nothing is done" if self._is_off else "right again")
            return self._is_off


class Worker:
    """The threads of one worker process. `stop` ends them after the letter at hand."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.stopping = threading.Event()
        with app.app_context():
            connections = settings.current().mail_connections
            self._transport = transport()
            self._book = erasures.Book(settings.current().erasures_file)
        self._doer = _Outcomes()
        self._id, self._began_at = sightings.new_id(), db.now()
        self._watch = _Watch(self._id)
        doing = [self._deliver] * connections + [self._work] * JOBS
        doing += [self._number, self._publish, self._count, self._draw, self._remind, self._remember, self._forget]
        doing += [self._crowd, self._see]
        self._threads = [threading.Thread(target=self._loop, args=(one,), daemon=True) for one in doing]

    def run(self) -> None:
        """Work until `stop` is called, from a signal or another thread."""
        for thread in self._threads:
            thread.start()
        self.stopping.wait()
        for thread in self._threads:
            thread.join(timeout=20)
        self._leave()

    def stop(self) -> None:
        """Stop soon: no new letter is begun."""
        self.stopping.set()

    def _leave(self) -> None:
        try:
            with self._app.app_context():
                sightings.leave(self._id, db.now(), self._doer.counted())
                db.session.commit()
        except SQLAlchemyError:
            # It is missed in two minutes instead.
            pass

    def _loop(self, do: Callable[[], float]) -> None:
        while not self.stopping.is_set():
            try:
                with self._app.app_context():
                    pause = LOOKING if do != self._see and self._watch.is_off() else do()
            except SQLAlchemyError as error:
                # Its text may repeat what is stored; its class says enough.
                _log.error("the database is away or busy: %s", type(error).__name__)
                pause = AWAY
            self.stopping.wait(pause)
        # Each thread has a connection of its own.
        self._transport.close()

    def _deliver(self) -> float:
        return 0.0 if delivery.deliver(self._doer, self._transport, stopping=self.stopping) else IDLE

    def _work(self) -> float:
        return 0.0 if jobs.work(DOERS, self.stopping) else IDLE

    def _number(self) -> float:
        more = False
        for campaign_id in register.waiting_campaigns():
            more |= register.number(campaign_id) == register.BATCH
            db.session.commit()
        return 0.0 if more else NUMBERING

    def _publish(self) -> float:
        for campaign_id in breakdowns.due(db.now()):
            breakdowns.publish(campaign_id, db.now())
            db.session.commit()
        for partner_id in partner_figures.due(db.now()):
            partner_figures.publish(partner_id, db.now())
            db.session.commit()
        return PUBLISHING

    def _count(self) -> float:
        for campaign_id in answers.due(db.now()):
            more = True
            while more and not self.stopping.wait(TURN):
                more = answers.count(campaign_id, db.now())
                db.session.commit()
        return COUNTING

    def _crowd(self) -> float:
        if crowding.is_due(db.now()):
            crowding.count(db.now())
            db.session.commit()
        return CROWDING

    def _draw(self) -> float:
        return 0.0 if draw(self.stopping) else PICTURES

    def _remind(self) -> float:
        for _posted in reminders.steps(db.now()):
            db.session.commit()
            if self.stopping.is_set():
                break
        return REMINDING

    def _remember(self) -> float:
        db.reading()
        try:
            self._book.keep_up()
        except (OSError, BookRefused) as error:
            _log.error("what is erased cannot be written down beside the database: %s", type(error).__name__)
            return UNWRITTEN
        return REMEMBERING

    def _forget(self) -> float:
        for _step in retention.steps(db.now()):
            db.session.commit()
            if self.stopping.is_set():
                break
        try:
            self._book.forget(db.now())
        except (OSError, BookRefused):
            # `_remember` says so once a minute.
            pass
        return FORGETTING

    def _see(self) -> float:
        now = db.now()
        figures = self._doer.counted()
        sightings.see(self._id, sightings.WORKER, now, began_at=self._began_at, figures=figures)
        sightings.forget(now)
        outbox.hasten(now)
        db.session.commit()
        return sightings.EVERY.total_seconds()


def draw(stopping: threading.Event | None = None) -> int:
    """Make the pictures that are due, one at a time, each in transactions of its own; how many were made. Drawing
    holds no lock. What goes wrong with one is told, tried again ten minutes later, and stops no other."""
    due = share_pictures.due(db.now(), drawing.HOW)
    db.session.rollback()
    made = 0
    for one in due:
        if stopping is not None and stopping.is_set():
            break
        at = db.now()
        ours = share_pictures.take_on(one, at)
        db.session.commit()
        if not ours:
            continue
        try:
            png = drawing.draw(one.facts)
        except Exception as error:
            kind = type(error).__name__
            _log.error("the picture of campaign %d in %s failed: %s", one.campaign_id, one.language, kind)
            continue
        made += share_pictures.keep(one, png, at)
        db.session.commit()
    return made
