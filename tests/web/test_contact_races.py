"""Contacts at the same time: one contact, one letter, no circle of waiting, whoever does what (issue 8)."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from petition import campaigns, contacts, links, retention, signatures
from petition.base import db, delivery, mailbox
from petition.base.outbox import Letter
from petition.contacts import JOIN, MEETINGS, NEWS, Contact, ContactDetails, ContactLink, PendingContact, Wish
from petition.details import Choices, Details
from petition.letters import Letters
from petition.signatures import PendingSignature
from tests.cast import Cast, Sink
from tests.signers import press
from tests.web.asking import FORMS, ask, contacts_now, page_in, root, rows_in, waiting_now

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def crowd(make_app: Callable[..., Flask]) -> Iterator[Cast]:
    """A campaign on an application with room for many at once."""
    app = make_app(pool_size=16, soft_limit=100_000, hard_limit=100_000)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        # On SQLite the session would hold the write lock.
        db.session.remove()
        yield cast


def at_once(deeds: list[Callable[[], Any]]) -> list[Any]:
    """Do all of these at the same instant, a thread each."""
    start = threading.Barrier(len(deeds))

    def wait_and_do(deed: Callable[[], Any]) -> Any:
        start.wait(20)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(wait_and_do, deeds))


def presses(cast: Cast, path: str, row: str) -> Callable[[], Any]:
    """Press a button of a page, from a thread that knows no application."""
    return lambda: cast.browser().post(path, data={"row": row})


def work(app: Flask, sink: Sink) -> None:
    """A worker until there is nothing to do."""
    with app.app_context():
        while delivery.deliver(Letters(), sink):
            pass


@pytest.mark.parametrize("wish", FORMS)
def test_whoever_asks_and_presses_how_often_at_once_gets_one_letter_and_is_one_contact(crowd: Cast, wish: str) -> None:
    """S03, S13."""
    emails = ["ana.maria@gmail.com", "anamaria+x@gmail.com", "A.N.A.Maria@googlemail.com"] * 4
    answers = at_once([lambda email=email: ask(crowd, wish, email) for email in emails])
    assert [answer.status_code for answer in answers] == [303] * 12
    at_once([lambda: work(crowd.app, crowd.sink)] * 4)
    (letter,) = crowd.sink.letters
    rows = [str(row.id) for row in waiting_now()]
    assert len(rows) == 12
    pressed = at_once([presses(crowd, root(letter) + "/confirm", row) for row in rows])
    assert {answer.status_code for answer in pressed} == {303}
    assert len(contacts_now()) == 1
    assert waiting_now() == []
    assert sum(answer.location.endswith("confirmed") for answer in pressed) == 1


def test_confirming_and_leaving_at_once_end_in_one_of_both(crowd: Cast) -> None:
    for number in range(8):
        ask(crowd, "join", f"p{number}@example.org")
    crowd.deliver()
    for letter in crowd.sink.letters:
        (row,) = rows_in(crowd.browser().get(page_in(letter)).text)
        verbs = ("/confirm", "/confirm", "", "/not-me")
        answers = at_once([presses(crowd, root(letter) + verb, row) for verb in verbs])
        codes = [answer.status_code for answer in answers]
        assert set(codes) <= {200, 303}
    assert waiting_now() == []
    assert len(contacts_now()) <= 8
    silent = db.session.scalars(select(ContactLink).where(ContactLink.quiet_until.is_not(None))).all()
    assert len(silent) == 8


class Race:
    """Threads doing to a few mailboxes whatever can be done with wishes and with signatures that touch them."""

    def __init__(self, app: Flask, reading: campaigns.Reading, seed: int) -> None:
        self.app, self.reading, self.seed = app, reading, seed
        self.sink = Sink()
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.steps = [self.ask] * 6 + [self.deliver] * 5 + [self.press] * 5 + [self.stop, self.disown, self.forget,
                      self.sign, self.sign, self.confirm, self.confirm, self.leave]  # fmt: skip

    def run(self, seconds: float) -> None:
        """Race for so long."""
        self.end = time.monotonic() + seconds
        event.listen(db.database().engine, "handle_error", self._note)
        at_once([lambda number=number: self._thread(number) for number in range(10)])
        event.remove(db.database().engine, "handle_error", self._note)

    def _note(self, context: Any) -> None:
        self.wrong.append(type(context.original_exception).__name__)

    def _thread(self, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        with self.app.app_context():
            while time.monotonic() < self.end:
                step = chance.choice(self.steps)
                try:
                    step(chance)
                    db.session.commit()
                    self.done[step.__name__] += 1
                except Exception as error:
                    self.wrong.append(f"{step.__name__}: {type(error).__name__} {error}"[:300])
                finally:
                    db.session.remove()

    def _wish(self, chance: random.Random) -> tuple[Wish, str]:
        address = f"box{chance.randrange(4)}@example.org"
        kind = chance.choice([JOIN, MEETINGS, NEWS])
        if kind == NEWS:
            return Wish(self.reading.id, NEWS, signatures.mailbox_key(self.reading, address)), address
        return Wish(None, kind, links.site_mailbox(address)), address

    def _locked(self, chance: random.Random) -> tuple[ContactLink | None, list[int]]:
        wish, _ = self._wish(chance)
        query = select(ContactLink.id).where(ContactLink.wish == wish.wish, ContactLink.mailbox == wish.mailbox)
        link_id = db.session.scalar(query)
        rows = list(db.session.scalars(select(PendingContact.id).where(PendingContact.mailbox == wish.mailbox)))
        db.session.rollback()
        return (contacts.lock(link_id) if link_id else None), rows

    def ask(self, chance: random.Random) -> None:
        """Type an address."""
        wish, address = self._wish(chance)
        contacts.ask(wish, ContactDetails(address, name=str(chance.random())), language="en", consent_version=1,
                     network=None, at=db.now())  # fmt: skip

    def deliver(self, chance: random.Random) -> None:
        """A worker's round."""
        delivery.deliver(Letters(), self.sink, most=6)

    def press(self, chance: random.Random) -> None:
        """Press a button."""
        link, rows = self._locked(chance)
        if link is not None and rows:
            contacts.press(link, chance.choice(rows), db.now())

    def stop(self, chance: random.Random) -> None:
        """Leave."""
        link, _ = self._locked(chance)
        if link is not None:
            contacts.stop(link, db.now())

    def disown(self, chance: random.Random) -> None:
        """Refuse, and allow again."""
        link, _ = self._locked(chance)
        if link is not None:
            contacts.disown(link, db.now())
            links.allow(link, db.now())

    def _signing(self, chance: random.Random) -> links.Link:
        address = f"box{chance.randrange(4)}@example.org"
        return links.take(self.reading.id, signatures.mailbox_key(self.reading, address))

    def forget(self, chance: random.Random) -> None:
        """Stop a campaign's news on the own page of a signature."""
        link = self._signing(chance)
        contacts.forget(link.campaign_id, link.mailbox, db.now())

    def sign(self, chance: random.Random) -> None:
        """Sign with the tick."""
        address = mailbox.parse(f"box{chance.randrange(4)}@example.org")
        signatures.sign(
            self.reading, self.reading.wording("en").id, 1, address, Details("Ana", address.address),
            Choices("en", news=True), network=None, at=db.now(),
        )  # fmt: skip

    def confirm(self, chance: random.Random) -> None:
        """Press the button of a signature."""
        link = self._signing(chance)
        for row in signatures.pending_of(link, most=1):
            press(self.reading, link, row.id)

    def leave(self, chance: random.Random) -> None:
        """Withdraw a signature, now and then with the news."""
        signatures.withdraw(self.reading, self._signing(chance), db.now(), contacts_too=chance.random() < 0.5)


@only_postgresql
def test_whatever_is_done_to_wishes_and_signatures_of_one_mailbox_at_once_nothing_crosses(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S73: no deadlock, no error, one contact for a mailbox and wish, no letter twice."""
    for name, value in (("BETWEEN_LETTERS", timedelta(0)), ("A_DAY_HERE", 10**6), ("A_DAY_EVERYWHERE", 10**6),
                        ("ON_THE_WIRE", timedelta(milliseconds=20))):  # fmt: skip
        monkeypatch.setattr(links, name, value)
    app = make_app(pool_size=16)
    with app.app_context():
        reading = Cast(app).campaign()
        race = Race(app, reading, 1)
        race.run(6)
        assert race.wrong == []
        assert min(race.done[step.__name__] for step in race.steps) > 5, race.done
        assert len(race.sink.ids) == len(set(race.sink.ids))
        grouped = select(func.count()).select_from(Contact).group_by(Contact.campaign_id, Contact.wish, Contact.mailbox)
        assert set(db.session.scalars(grouped)) <= {1}
        for contact in db.session.scalars(select(Contact)):
            link = contacts.find(contact.link_id)
            assert link is not None
            assert (link.campaign_id, link.wish, link.mailbox) == (contact.campaign_id, contact.wish, contact.mailbox)


@only_postgresql
def test_two_workers_that_decide_wishes_and_signatures_in_opposite_orders_wait_in_no_circle(
    make_app: Callable[..., Flask],
) -> None:
    """Each worker's batch holds both kinds for the same mailboxes; the days' counts are the rows they share."""
    app = make_app(pool_size=16)
    wrong: list[str] = []
    with app.app_context():
        cast = Cast(app)
        reading = cast.campaign()
        consent = reading.consent
        assert consent is not None
        for number in range(60):
            address = mailbox.parse(f"a{number}@example.org")
            signatures.sign(reading, reading.wording("en").id, consent.version, address, Details("A", address.address),
                            Choices("en"), network=None, at=db.now())  # fmt: skip
        for number in reversed(range(60)):
            wish = Wish(None, JOIN, links.site_mailbox(f"a{number}@example.org"))
            contacts.ask(wish, ContactDetails(f"a{number}@example.org"), language="en", consent_version=1,
                         network=None, at=db.now())  # fmt: skip
        db.session.execute(Letter.__table__.update().values(due_at=func.now() - func.random() * timedelta(seconds=9)))
        db.session.commit()
        event.listen(db.database().engine, "handle_error", lambda context: wrong.append(str(context)))
        at_once([lambda: work(app, cast.sink)] * 6)
        assert wrong == []
        assert len(cast.sink.letters) == 120
        assert (
            len(db.session.scalars(select(PendingSignature.id).where(PendingSignature.asked_at.is_(None))).all()) == 0
        )


def test_forgetting_and_asking_at_once_leave_nothing_half(crowd: Cast) -> None:
    """S54: retention runs while people ask and leave."""
    for number in range(6):
        ask(crowd, "join", f"p{number}@example.org")
    crowd.deliver()

    def forget() -> None:
        with crowd.app.app_context():
            for _rule in retention.steps(db.now() + timedelta(days=20)):
                db.session.commit()

    letters = list(crowd.sink.letters)
    rows = {letter.to: rows_in(crowd.browser().get(page_in(letter)).text)[0] for letter in letters}
    deeds: list[Callable[[], Any]] = [forget, forget]
    deeds += [presses(crowd, root(letter) + "/confirm", rows[letter.to]) for letter in letters]
    answers = at_once(deeds)
    assert {answer.status_code for answer in answers[2:]} == {303}
    for contact in contacts_now():
        link = contacts.find(contact.link_id)
        assert link is not None
        db.session.remove()
    assert waiting_now() == []
